using DmAgents.Domain.Ports;

namespace DmAgents.Testing.Simulation;

/// <summary>The I/O of thin devices: provisioning, copy-on-write, discard.</summary>
internal sealed partial class SimulatedPool
{
    /// <summary>Where the kernel stops using a metadata device: 255 bitmaps of 16,320 blocks.</summary>
    internal const ulong MaxMetadataBytes = 255UL * ((1 << 14) - 64) * BlockStore.PageSize;

    public Errno ReadThin(uint id, ulong offset, Span<byte> into)
    {
        if (Mode == SimulatedPoolMode.Fail)
            return Errno.Io;
        while (!into.IsEmpty)
        {
            var within = offset % BlockBytes;
            var piece = into[..(int)Math.Min((ulong)into.Length, BlockBytes - within)];
            piece.Clear();
            if (Current.Thins[id].Find(offset / BlockBytes) is { } mapping)
            {
                var errno = dataDevice.Read((mapping.Block * BlockBytes) + within, piece);
                if (errno != Errno.None)
                    return errno;
            }
            offset += (ulong)piece.Length;
            into = into[piece.Length..];
        }
        return Errno.None;
    }

    public Errno WriteThin(uint id, ulong offset, ReadOnlySpan<byte> bytes)
    {
        if (Mode == SimulatedPoolMode.Fail)
            return Errno.Io;
        while (!bytes.IsEmpty)
        {
            var within = offset % BlockBytes;
            var piece = bytes[..(int)Math.Min((ulong)bytes.Length, BlockBytes - within)];
            var errno = WritePiece(id, offset / BlockBytes, within, piece);
            if (errno != Errno.None)
                return errno;
            offset += (ulong)piece.Length;
            bytes = bytes[piece.Length..];
        }
        return Errno.None;
    }

    /// <summary>Unmaps whole blocks; what a range covers only in part stays, silently.</summary>
    public Errno DiscardThin(uint id, ulong offset, ulong length)
    {
        if (Mode == SimulatedPoolMode.Fail)
            return Errno.Io;
        if (Mode >= SimulatedPoolMode.OutOfMetadataSpace)
            return Errno.None; // The kernel tells the file system that it worked, and frees nothing.
        var first = (offset + BlockBytes - 1) / BlockBytes;
        var end = (offset + length) / BlockBytes;
        var thin = Current.Thins[id];
        var mapped = thin.Leaves
            .Where(leaf => leaf.Key >= first / MappingLeaf.Span && leaf.Key <= end / MappingLeaf.Span)
            .SelectMany(leaf => leaf.Value.Entries)
            .Where(entry => entry.Key >= first && entry.Key < end);
        foreach (var (virtualBlock, mapping) in mapped.ToList())
        {
            _current = Current.WithoutMapping(id, virtualBlock);
            if (Discard != DiscardPolicy.Passdown || Current.BlockUse.ContainsKey(mapping.Block))
                continue;
            var errno = dataDevice.Discard(mapping.Block * BlockBytes, BlockBytes);
            if (errno != Errno.None)
                return errno;
        }
        return Errno.None;
    }

    /// <summary>Commits where anything changed; else only makes the data durable.</summary>
    public Errno Flush()
    {
        if (Mode == SimulatedPoolMode.Fail)
            return Errno.Io;
        return ReferenceEquals(Current, Committed) || Mode >= SimulatedPoolMode.OutOfMetadataSpace
            ? dataDevice.Flush()
            : Commit();
    }

    private Errno WritePiece(uint id, ulong virtualBlock, ulong within, ReadOnlySpan<byte> bytes)
    {
        var thin = Current.Thins[id];
        var mapping = thin.Find(virtualBlock);
        if (mapping is { } present && !thin.MayShare(present))
            return dataDevice.Write((present.Block * BlockBytes) + within, bytes);
        if (Mode != SimulatedPoolMode.Write)
            return Unserviceable();
        var errno = Allocate(out var block);
        if (errno != Errno.None)
            return errno;
        var start = block * BlockBytes;
        if (bytes.Length < (int)BlockBytes)
            errno = mapping is { } shared ? Copy(shared.Block, block) : ZeroFresh(start);
        if (errno == Errno.None)
            errno = dataDevice.Write(start + within, bytes);
        if (errno != Errno.None)
            return errno;
        _current = Current.WithMapping(id, virtualBlock, block);
        if (Current.FreeMetadata == 0)
        {
            Abort();
            return Errno.Io;
        }
        return SpareMetadata == 0 ? Commit() : Errno.None;
    }

    /// <summary>What a write gets that needs a block and cannot have one.</summary>
    private Errno Unserviceable() => (Mode, NoSpace) switch
    {
        (SimulatedPoolMode.OutOfDataSpace, NoSpacePolicy.Queue) => Errno.BlockedBySpace,
        (SimulatedPoolMode.OutOfDataSpace, _) => Errno.NoSpace,
        _ => Errno.Io,
    };

    private Errno Copy(ulong from, ulong to)
    {
        var bytes = new byte[BlockBytes];
        var errno = dataDevice.Read(from * BlockBytes, bytes);
        return errno == Errno.None ? dataDevice.Write(to * BlockBytes, bytes) : errno;
    }

    /// <summary>Without zeroing, a new block shows what was last written there: another device's bytes.</summary>
    private Errno ZeroFresh(ulong start) =>
        Table.SkipZeroing ? Errno.None : dataDevice.WriteZeroes(start, BlockBytes);

    private Errno Allocate(out ulong block)
    {
        if (!_lowWaterTold && Current.DataBlocks - Current.UsedData <= Table.LowWaterMark)
        {
            _lowWaterTold = true;
            owner.RaiseEvent();
        }
        if (FindFree(out block))
            return Errno.None;
        var errno = Commit();
        if (errno != Errno.None)
            return errno;
        if (FindFree(out block))
            return Errno.None;
        Mode = SimulatedPoolMode.OutOfDataSpace;
        return Unserviceable();
    }

    /// <summary>
    /// A block that is free in memory and in the last commit: one freed since must not be overwritten, for after a
    /// power cut it would be in use again.
    /// </summary>
    private bool FindFree(out ulong block)
    {
        for (var tried = 0UL; tried < Current.DataBlocks; tried++)
        {
            block = (_searchFrom + tried) % Current.DataBlocks;
            if (Current.BlockUse.ContainsKey(block) || Committed.BlockUse.ContainsKey(block))
                continue;
            _searchFrom = block + 1;
            return true;
        }
        block = 0;
        return false;
    }
}
