using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.BlockDevices;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.ThinPools.Metadata;

/// <summary>Reads and checks 4 KiB blocks of a pool's metadata device, while the kernel uses it.</summary>
internal interface IMetadataBlocks
{
    /// <summary>
    /// Reads block <paramref name="number"/> and verifies its checksum and its own number. The span is valid until the
    /// next read. Failed if the block is beyond the device, damaged, or unreadable.
    /// </summary>
    KernelError? Read(ulong number, uint checksumKind, out ReadOnlySpan<byte> block);

    /// <summary>The number of blocks on the device.</summary>
    ulong Count { get; }
}

/// <summary>
/// The metadata device, read with O_DIRECT: the kernel writes it through dm-bufio, past the page cache, which may
/// therefore hold stale blocks.
/// </summary>
/// <remarks>Reads runs of blocks around the wanted one, and keeps the latest runs. Walks in ascending order find most
/// of their blocks there, even if they read two trees side by side.</remarks>
internal sealed unsafe class MetadataBlocks : IMetadataBlocks, IDisposable
{
    private const int BlocksPerRun = 32;

    /// <summary>Runs for the inner nodes and leaves of two trees, and one more.</summary>
    private const int Runs = 5;
    private const int BlockNumberOffset = 8;

    private readonly FileDescriptor _file;
    private readonly string _subject;

    /// <summary>The offset of the metadata on the device, in bytes.</summary>
    private readonly ulong _first;
    private readonly byte* _buffer;

    /// <summary>The runs in the buffer, the most recently used first.</summary>
    private readonly List<Run> _runs = [.. Enumerable.Range(0, Runs).Select(slot => new Run(slot, 0, 0))];
    private bool _disposed;

    private MetadataBlocks(FileDescriptor file, string subject, ulong first, ulong count)
    {
        _file = file;
        _first = first;
        _subject = subject;
        Count = count;
        _buffer = (byte*)NativeMemory.AlignedAlloc(Runs * BlocksPerRun * BtreeNode.BlockSize, BtreeNode.BlockSize);
    }

    public ulong Count { get; }

    /// <param name="start">The offset of the metadata on the device; a multiple of 4 KiB.</param>
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
        if (!Use(number) && Load(number) is { } error)
            return error;
        var run = _runs[0];
        block = new ReadOnlySpan<byte>(
            BufferOf(run.Slot) + (long)(number - run.Start) * BtreeNode.BlockSize, BtreeNode.BlockSize);
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
        NativeMemory.AlignedFree(_buffer);
        _file.Dispose();
    }

    private byte* BufferOf(int slot) => _buffer + (long)slot * BlocksPerRun * BtreeNode.BlockSize;

    /// <summary>Moves the run with the block to the front, if it is in the buffer.</summary>
    private bool Use(ulong number)
    {
        var found = _runs.FindIndex(run => run.Has(number));
        if (found < 0)
            return false;
        var used = _runs[found];
        _runs.RemoveAt(found);
        _runs.Insert(0, used);
        return true;
    }

    /// <summary>Reads the block's run over the least recently used one.</summary>
    private KernelError? Load(ulong number)
    {
        var start = number - number % BlocksPerRun;
        var wanted = (nuint)Math.Min(BlocksPerRun, Count - start) * BtreeNode.BlockSize;
        var slot = _runs[^1].Slot;
        var read = DeviceCalls.ReadAt(_file, BufferOf(slot), wanted, (long)(_first + start * BtreeNode.BlockSize));
        var errno = Marshal.GetLastPInvokeError();
        _runs.RemoveAt(_runs.Count - 1);
        _runs.Insert(0, new Run(slot, start, (int)Math.Max(0, read / BtreeNode.BlockSize)));
        if (read < 0)
            return KernelErrors.From(errno, "read metadata", _subject);
        return _runs[0].Has(number) ? null : Damaged(number, $"the device ends before it");
    }

    private KernelError Damaged(ulong number, FormattableString why) =>
        new(KernelFault.Failed, 0, "read metadata", _subject,
            $"block {number.ToString(CultureInfo.InvariantCulture)}: {why.ToString(CultureInfo.InvariantCulture)}");

    private readonly record struct Run(int Slot, ulong Start, int Length)
    {
        public bool Has(ulong block) => block >= Start && block - Start < (ulong)Length;
    }
}
