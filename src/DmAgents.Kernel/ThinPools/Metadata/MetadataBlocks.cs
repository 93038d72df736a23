using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.BlockDevices;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.ThinPools.Metadata;

/// <summary>Reads checked 4 KiB blocks of a pool's metadata device, while the kernel uses it.</summary>
internal interface IMetadataBlocks
{
    /// <summary>
    /// Block <paramref name="number"/>, its checksum and its own number verified. The span is good until the next
    /// read. Failed where the block is beyond the device, damaged, or cannot be read.
    /// </summary>
    KernelError? Read(ulong number, uint checksumKind, out ReadOnlySpan<byte> block);

    /// <summary>How many blocks the device has.</summary>
    ulong Count { get; }
}

/// <summary>
/// The metadata device, read with O_DIRECT: the kernel writes it through dm-bufio, past the page cache, which may
/// therefore hold what was true long ago.
/// </summary>
/// <remarks>Reads come in runs of blocks around the wanted one: walks in ascending order find most of theirs in the
/// run that is there.</remarks>
internal sealed unsafe class MetadataBlocks : IMetadataBlocks, IDisposable
{
    private const int BlocksPerRun = 32;
    private const int BlockNumberOffset = 8;

    private readonly FileDescriptor _file;
    private readonly string _subject;

    /// <summary>Where on the device they begin, in bytes.</summary>
    private readonly ulong _first;
    private readonly byte* _run;
    private ulong _runStart;
    private int _runLength;
    private bool _disposed;

    private MetadataBlocks(FileDescriptor file, string subject, ulong first, ulong count)
    {
        _file = file;
        _first = first;
        _subject = subject;
        Count = count;
        _run = (byte*)NativeMemory.AlignedAlloc(BlocksPerRun * BtreeNode.BlockSize, BtreeNode.BlockSize);
    }

    public ulong Count { get; }

    /// <param name="start">Where on the device they begin; a multiple of 4 KiB.</param>
    public static KernelResult<MetadataBlocks> Open(DevicePath device, SectorCount start = default)
    {
        var file = BlockNodes.Open(device, OpenFlags.ReadOnly | OpenFlags.Direct);
        if (!file.Succeeded)
            return file.Error;
        var size = BlockControl.Size(file.Value, device.Value);
        if (size.Succeeded)
        {
            var first = start.Bytes.Bytes;
            var length = size.Value.Bytes > first ? size.Value.Bytes - first : 0;
            return new MetadataBlocks(file.Value, device.Value, first, length / BtreeNode.BlockSize);
        }
        file.Value.Dispose();
        return size.Error;
    }

    public KernelError? Read(ulong number, uint checksumKind, out ReadOnlySpan<byte> block)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        block = default;
        if (number >= Count)
            return Damaged(number, $"beyond the device's {Count} blocks");
        if (number < _runStart || number >= _runStart + (ulong)_runLength)
        {
            if (Load(number) is { } error)
                return error;
        }
        block = new ReadOnlySpan<byte>(
            _run + (long)(number - _runStart) * BtreeNode.BlockSize, BtreeNode.BlockSize);
        if (!BlockChecksum.IsRight(block, checksumKind))
            return Damaged(number, $"its checksum is wrong");
        var own = BinaryPrimitives.ReadUInt64LittleEndian(block[BlockNumberOffset..]);
        return own == number ? null : Damaged(number, $"it says that it is block {own}");
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        NativeMemory.AlignedFree(_run);
        _file.Dispose();
    }

    private KernelError? Load(ulong number)
    {
        var start = number - number % BlocksPerRun;
        var wanted = (nuint)Math.Min(BlocksPerRun, Count - start) * BtreeNode.BlockSize;
        var read = DeviceCalls.ReadAt(_file, _run, wanted, (long)(_first + start * BtreeNode.BlockSize));
        var errno = Marshal.GetLastPInvokeError();
        _runStart = start;
        _runLength = (int)Math.Max(0, read / BtreeNode.BlockSize);
        if (read < 0)
            return KernelErrors.From(errno, "read metadata", _subject);
        return number < start + (ulong)_runLength ? null : Damaged(number, $"the device ends before it");
    }

    private KernelError Damaged(ulong number, FormattableString why) =>
        new(KernelFault.Failed, 0, "read metadata", _subject,
            $"block {number.ToString(CultureInfo.InvariantCulture)}: {why.ToString(CultureInfo.InvariantCulture)}");
}
