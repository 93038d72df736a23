using System.Collections.Concurrent;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.BlockDevices;

/// <summary>
/// A device whose blocks are read and written past the page cache (O_DIRECT): a layer is copied once, and its pages
/// would push out those that containers use. What is read is what the disk has, so a read-back proves what was written.
/// </summary>
/// <remarks>The kernel wants page-aligned memory, which the callers' arrays are not: bytes go through buffers. A copy
/// in memory is some percent of what the disk takes.</remarks>
internal sealed class DirectDevice : IOpenBlocks, IOpenReceivingDevice
{
    /// <summary>Blocks of the pool of which a part was written, and the rest has no other layer's bytes: another part
    /// can be written alone.</summary>
    private readonly ConcurrentDictionary<ulong, bool> _rounded = new();

    /// <summary>Held while a block is written whole around a part of it: other parts may come at the same time.
    /// </summary>
    private readonly Lock _rounding = new();
    private readonly FileDescriptor _file;
    private readonly string _subject;
    private readonly ByteSize _sector;
    private readonly PoolBlockSize _block;

    private DirectDevice(FileDescriptor file, string subject, ByteSize size, ByteSize sector, PoolBlockSize block) =>
        (_file, _subject, Size, _sector, _block) = (file, subject, size, sector, block);

    public ByteSize Size { get; }

    /// <summary>How many blocks are remembered. Few: a device of 100 GiB has 1.6 million blocks of 64 KiB.</summary>
    internal int RoundedBlocks => _rounded.Count;

    public static KernelResult<DirectDevice> OpenForReading(DevicePath device) =>
        Open(device, OpenFlags.ReadOnly | OpenFlags.Direct, default);

    /// <summary>Claims it besides: see <see cref="ILayerBlocks.OpenForReceiving"/>.</summary>
    public static KernelResult<DirectDevice> OpenForReceiving(DevicePath device, PoolBlockSize block)
    {
        var opened = Open(device, OpenFlags.ReadWrite | OpenFlags.Direct | OpenFlags.Exclusive, block);
        if (!opened.Succeeded)
            return opened;
        // The kernel would let it be opened, and refuse the first write.
        var readOnly = BlockControl.ReadOnly(opened.Value._file, device.Value);
        if (readOnly is { Succeeded: true, Value: false })
            return opened;
        opened.Value.Dispose();
        return readOnly.Error ?? new KernelError(KernelFault.ReadOnly, 0, "open", device.Value, "it cannot be written");
    }

    public KernelResult Read(ByteSize offset, Span<byte> into)
    {
        if (Check("read", offset, (ulong)into.Length) is { } refused)
            return refused;
        var buffer = AlignedBuffers.Take();
        for (var done = 0; done < into.Length;)
        {
            var bytes = buffer.Bytes[..Math.Min(AlignedBuffer.Length, into.Length - done)];
            var read = FileBytes.Read(_file, _subject, offset.Bytes + (ulong)done, bytes);
            if (!read.Succeeded)
                return read;
            bytes.CopyTo(into[done..]);
            done += bytes.Length;
        }
        AlignedBuffers.Return(buffer);
        return KernelResult.Done;
    }

    /// <remarks>A pool may have been made without zeroing (skip_block_zeroing; Docker's and containerd's are): what is
    /// not written of a new block then has what the disk had there, another layer's bytes. So the first part of a block
    /// that reads as zeros, which it does if it is not mapped, is written with zeros around it.</remarks>
    public KernelResult Write(ByteSize offset, ReadOnlySpan<byte> bytes)
    {
        if (Check("write", offset, (ulong)bytes.Length) is { } refused)
            return refused;
        var written = KernelResult.Done;
        while (written.Succeeded && !bytes.IsEmpty)
        {
            var start = offset.RoundDown(_block.Bytes);
            var end = new ByteSize(Math.Min((start + _block.Bytes).Bytes, Size.Bytes));
            var part = bytes[..(int)Math.Min((end - offset).Bytes, (ulong)bytes.Length)];
            if (part.Length == (int)Math.Min(int.MaxValue, (end - start).Bytes))
            {
                // All whole blocks at once.
                var whole = _block.Bytes.Bytes > (ulong)bytes.Length
                    ? part.Length
                    : (int)new ByteSize((ulong)bytes.Length).RoundDown(_block.Bytes).Bytes;
                written = Overwrite(offset, part = bytes[..whole]);
            }
            else
            {
                written = WritePart(start, end, offset, part);
            }
            offset += new ByteSize((ulong)part.Length);
            bytes = bytes[part.Length..];
        }
        return written;
    }

    private KernelResult WritePart(ByteSize start, ByteSize end, ByteSize offset, ReadOnlySpan<byte> part)
    {
        if (_rounded.ContainsKey(start.Bytes))
            return Overwrite(offset, part);
        lock (_rounding)
        {
            if (_rounded.ContainsKey(start.Bytes))
                return Overwrite(offset, part);
            var rounded = WriteAround(start, end, offset, part);
            if (rounded.Succeeded)
                _rounded[start.Bytes] = true;
            return rounded;
        }
    }

    /// <remarks>What is read is never written back: the first write of a block that is longer than a buffer maps it,
    /// and what is read then is what the disk had there. Nor is a part that <see cref="Zero"/> clears at the same time
    /// restored.</remarks>
    private KernelResult WriteAround(ByteSize start, ByteSize end, ByteSize offset, ReadOnlySpan<byte> part)
    {
        var zeros = IsZeros(start, end);
        return !zeros.Succeeded ? zeros.Error
            : zeros.Value ? WriteWithZeros(start, end, offset, part)
            : Overwrite(offset, part);
    }

    /// <summary>False if the range has another byte: it is mapped.</summary>
    private KernelResult<bool> IsZeros(ByteSize start, ByteSize end)
    {
        var buffer = AlignedBuffers.Take();
        var isZeros = true;
        for (var at = start; isZeros && at < end;)
        {
            var bytes = buffer.Bytes[..(int)Math.Min(AlignedBuffer.Length, (end - at).Bytes)];
            var read = FileBytes.Read(_file, _subject, at.Bytes, bytes);
            if (!read.Succeeded)
                return read.Error;
            isZeros = !bytes.ContainsAnyExcept((byte)0);
            at += new ByteSize((ulong)bytes.Length);
        }
        AlignedBuffers.Return(buffer);
        return isZeros;
    }

    private KernelResult WriteWithZeros(ByteSize start, ByteSize end, ByteSize offset, ReadOnlySpan<byte> part)
    {
        var buffer = AlignedBuffers.Take();
        var partEnd = offset + new ByteSize((ulong)part.Length);
        for (var at = start; at < end;)
        {
            var bytes = buffer.Bytes[..(int)Math.Min(AlignedBuffer.Length, (end - at).Bytes)];
            var to = at + new ByteSize((ulong)bytes.Length);
            var (first, last) = (at > offset ? at : offset, to < partEnd ? to : partEnd);
            bytes.Clear();
            if (first < last)
            {
                part.Slice((int)(first - offset).Bytes, (int)(last - first).Bytes)
                    .CopyTo(bytes[(int)(first - at).Bytes..]);
            }
            var written = FileBytes.Write(_file, _subject, at.Bytes, bytes);
            if (!written.Succeeded)
                return written;
            at = to;
        }
        AlignedBuffers.Return(buffer);
        return KernelResult.Done;
    }

    private KernelResult Overwrite(ByteSize offset, ReadOnlySpan<byte> bytes)
    {
        var buffer = AlignedBuffers.Take();
        for (var done = 0; done < bytes.Length;)
        {
            var piece = bytes.Slice(done, Math.Min(AlignedBuffer.Length, bytes.Length - done));
            piece.CopyTo(buffer.Bytes);
            var written = FileBytes.Write(
                _file, _subject, offset.Bytes + (ulong)done, buffer.Bytes[..piece.Length]);
            if (!written.Succeeded)
                return written;
            done += piece.Length;
        }
        AlignedBuffers.Return(buffer);
        return KernelResult.Done;
    }

    /// <remarks>
    /// A discard of whole blocks unmaps them, and what is not mapped reads as zeros. BLKZEROOUT would not do: a thin
    /// device has no zeroing of its own, so the kernel writes zeros, and each maps a block. A thin device drops what a
    /// discard covers of a block in part; a pool that ignores discards refuses them; one that is out of metadata says
    /// that it was done, and does nothing. So all is read afterwards, which costs no disk if nothing is mapped, and
    /// what is not zero is written.
    /// </remarks>
    public KernelResult Zero(ByteRange range)
    {
        if (Check("zero", range.Start, range.Length.Bytes) is { } refused)
            return refused;
        var (first, end) = (range.Start.RoundUp(_block.Bytes), range.End.RoundDown(_block.Bytes));
        if (first < end)
        {
            // From here on they are new again.
            for (var at = first; at < end && !_rounded.IsEmpty; at += _block.Bytes)
                _rounded.TryRemove(at.Bytes, out _);
            var discarded = BlockControl.Discard(_file, _subject, first, end - first);
            if (!discarded.Succeeded && !discarded.FailedWith(KernelFault.NotSupported))
                return discarded;
        }
        var buffer = AlignedBuffers.Take();
        for (var at = range.Start; at < range.End;)
        {
            var zeroed = ZeroWritten(at, buffer.Bytes[..(int)Math.Min(AlignedBuffer.Length, (range.End - at).Bytes)]);
            if (!zeroed.Succeeded)
                return zeroed;
            at += new ByteSize(Math.Min(AlignedBuffer.Length, (range.End - at).Bytes));
        }
        AlignedBuffers.Return(buffer);
        return KernelResult.Done;
    }

    /// <summary>A flush: the pool commits its metadata, and then its disks' caches are written.</summary>
    public KernelResult Sync() => FileBytes.Sync(_file, _subject);

    public void Dispose() => _file.Dispose();

    private static KernelResult<DirectDevice> Open(DevicePath device, int flags, PoolBlockSize block)
    {
        var opened = BlockNodes.Open(device, flags);
        if (!opened.Succeeded)
            return opened.Error;
        var size = BlockControl.Size(opened.Value, device.Value);
        var sector = BlockControl.Sector(opened.Value, device.Value);
        if (size.Succeeded && sector.Succeeded)
            return new DirectDevice(opened.Value, device.Value, size.Value, sector.Value, block);
        opened.Value.Dispose();
        return (size.Error ?? sector.Error)!;
    }

    /// <summary>Writes zeros over those blocks of a stretch that have others: none is mapped for zeros.</summary>
    private KernelResult ZeroWritten(ByteSize start, Span<byte> stretch)
    {
        var read = FileBytes.Read(_file, _subject, start.Bytes, stretch);
        for (var (at, unit) = (0, (int)PoolBlockSize.Default.Bytes.Bytes); read.Succeeded && at < stretch.Length;)
        {
            // Up to the next block's begin: the least block is as good for it as the pool's own.
            var left = unit - (int)((start.Bytes + (ulong)at) % (ulong)unit);
            var part = stretch.Slice(at, Math.Min(left, stretch.Length - at));
            if (part.ContainsAnyExcept((byte)0))
            {
                part.Clear();
                read = FileBytes.Write(_file, _subject, start.Bytes + (ulong)at, part);
            }
            at += part.Length;
        }
        return read;
    }

    private KernelError? Check(string operation, ByteSize offset, ulong length) =>
        length > Size.Bytes || offset.Bytes > Size.Bytes - length
            ? new KernelError(KernelFault.Invalid, 0, operation, _subject,
                $"{length} bytes at {offset.Bytes} do not lie within its {Size.Bytes}")
        : offset.Bytes % _sector.Bytes != 0 || length % _sector.Bytes != 0
            ? new KernelError(KernelFault.Invalid, 0, operation, _subject,
                $"{length} bytes at {offset.Bytes} are no whole sectors of {_sector.Bytes}")
        : null;
}
