using System.Collections.Concurrent;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.BlockDevices;

/// <summary>
/// Reads and writes a device past the page cache (O_DIRECT). A layer is copied only once, and its pages would evict
/// those that containers use. Reads return what the disk holds, so a read-back proves a write.
/// </summary>
/// <remarks>The kernel requires page-aligned memory, and the callers' arrays are not aligned, so bytes pass through
/// buffers. The copy in memory costs a few percent of the disk's time.</remarks>
internal sealed class DirectDevice : IOpenBlocks, IOpenReceivingDevice
{
    /// <summary>Pool blocks that were written in part and padded with zeros: the rest holds no other layer's bytes.
    /// Further parts of such a block can be written alone.</summary>
    private readonly ConcurrentDictionary<ulong, bool> _rounded = new();

    /// <summary>Held while a block is written whole around one of its parts: other parts may arrive at the same
    /// time.</summary>
    private readonly Lock _rounding = new();
    private readonly FileDescriptor _file;
    private readonly string _subject;
    private readonly ByteSize _sector;
    private readonly PoolBlockSize _block;

    private DirectDevice(FileDescriptor file, string subject, ByteSize size, ByteSize sector, PoolBlockSize block) =>
        (_file, _subject, Size, _sector, _block) = (file, subject, size, sector, block);

    public ByteSize Size { get; }

    /// <summary>The number of remembered blocks. It must stay small: a device of 100 GiB has 1.6 million blocks of 64
    /// KiB.</summary>
    internal int RoundedBlocks => _rounded.Count;

    public static KernelResult<DirectDevice> OpenForReading(DevicePath device) =>
        Open(device, OpenFlags.ReadOnly | OpenFlags.Direct, default);

    /// <summary>Also claims the device: see <see cref="ILayerBlocks.OpenForReceiving"/>.</summary>
    public static KernelResult<DirectDevice> OpenForReceiving(DevicePath device, PoolBlockSize block)
    {
        var opened = Open(device, OpenFlags.ReadWrite | OpenFlags.Direct | OpenFlags.Exclusive, block);
        if (!opened.Succeeded)
            return opened;
        // The kernel would allow the open and refuse the first write.
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

    /// <remarks>A pool may skip zeroing (skip_block_zeroing; Docker's and containerd's pools do). The unwritten rest of
    /// a new block then shows the disk's old content, another layer's bytes. An unmapped block reads as zeros. So the
    /// first part of a block that reads as zeros is written with zeros around it.</remarks>
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
                // All whole blocks in one write.
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

    /// <remarks>Never writes back what it reads. The first write to a block that is longer than a buffer maps the
    /// block, and later reads return the disk's old content. Writing back could also restore a part that
    /// <see cref="Zero"/> clears at the same time.</remarks>
    private KernelResult WriteAround(ByteSize start, ByteSize end, ByteSize offset, ReadOnlySpan<byte> part)
    {
        var zeros = IsZeros(start, end);
        return !zeros.Succeeded ? zeros.Error
            : zeros.Value ? WriteWithZeros(start, end, offset, part)
            : Overwrite(offset, part);
    }

    /// <summary>False if the range has a byte other than zero: the block is mapped.</summary>
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
    /// A discard of whole blocks unmaps them, and unmapped blocks read as zeros. BLKZEROOUT does not serve: a thin
    /// device has no zeroing of its own, so the kernel writes zeros, and each write maps a block.
    /// A thin device ignores the partly covered blocks of a discard. A pool that ignores discards refuses them. A pool
    /// out of metadata space reports success and does nothing. So this method reads the range afterwards, which needs
    /// no disk I/O if nothing is mapped, and writes zeros over anything else.
    /// </remarks>
    public KernelResult Zero(ByteRange range)
    {
        if (Check("zero", range.Start, range.Length.Bytes) is { } refused)
            return refused;
        var (first, end) = (range.Start.RoundUp(_block.Bytes), range.End.RoundDown(_block.Bytes));
        if (first < end)
        {
            // The discarded blocks count as new again.
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

    /// <summary>A flush: the pool commits its metadata, then its disks write their caches.</summary>
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

    /// <summary>Writes zeros over the blocks of a stretch that hold other bytes. Zeros alone map no block.</summary>
    private KernelResult ZeroWritten(ByteSize start, Span<byte> stretch)
    {
        var read = FileBytes.Read(_file, _subject, start.Bytes, stretch);
        for (var (at, unit) = (0, (int)PoolBlockSize.Default.Bytes.Bytes); read.Succeeded && at < stretch.Length;)
        {
            // Up to the start of the next block: the smallest block size serves as well as the pool's own.
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
