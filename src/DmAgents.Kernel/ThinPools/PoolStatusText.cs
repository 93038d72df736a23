using System.Globalization;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Kernel.ThinPools;

/// <summary>
/// A thin pool's status line (kernel: pool_status in drivers/md/dm-thin.c): <c>Fail</c>, <c>Error</c>, or
/// <c>txid usedmeta/totalmeta useddata/totaldata heldroot|- mode discard no-space needs_check|- metadata-low-water</c>.
/// </summary>
/// <remarks>Old kernels print shorter lines: the no-space policy came with 3.15, needs_check with 4.0, the metadata low
/// water mark with 4.20. A missing word gets the value that such a kernel acts by.</remarks>
internal static class PoolStatusText
{
    /// <summary>THIN_METADATA_BLOCK_SIZE in dm-thin-metadata.h.</summary>
    public static ByteSize MetadataBlock => ByteSize.KiB(4);

    /// <summary>Null if the line has none of the known forms.</summary>
    public static ThinPoolStatus? Parse(string text, ByteSize blockSize)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is ["Fail"])
            return Empty(PoolMode.Failed, blockSize);
        if (words is ["Error"])
            return Empty(PoolMode.Error, blockSize);
        if (words.Length < 5
            || !Number(words[0], out var transaction)
            || Usage(words[1], MetadataBlock) is not { } metadata
            || Usage(words[2], blockSize) is not { } data
            || !HeldRoot(words[3], out var heldRoot)
            || Mode(words[4]) is not { } mode)
            return null;
        var rest = Rest.Of(words.AsSpan(5));
        return rest is null ? null : new ThinPoolStatus(
            mode, new TransactionId(transaction), metadata, data, heldRoot,
            rest.Discard, rest.NoSpace, rest.NeedsCheck, rest.MetadataLowWaterMark);
    }

    private static ThinPoolStatus Empty(PoolMode mode, ByteSize blockSize) => new(
        mode, default, new BlockUsage(0, 0, MetadataBlock), new BlockUsage(0, 0, blockSize), HeldRoot: null,
        DiscardPolicy.Passdown, NoSpacePolicy.Queue, NeedsCheck: false, MetadataLowWaterMark: 0);

    private static PoolMode? Mode(string word) => word switch
    {
        "rw" => PoolMode.ReadWrite,
        "ro" => PoolMode.ReadOnly,
        "out_of_data_space" => PoolMode.OutOfDataSpace,
        _ => null,
    };

    private static bool HeldRoot(string word, out ulong? root)
    {
        var held = Number(word, out var value);
        root = held ? value : null;
        return held || word == "-";
    }

    private static BlockUsage? Usage(string word, ByteSize blockSize)
    {
        var slash = word.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && Number(word.AsSpan(0, slash), out var used) && Number(word.AsSpan(slash + 1), out var total)
            ? new BlockUsage(used, total, blockSize)
            : null;
    }

    private static bool Number(ReadOnlySpan<char> word, out ulong value) =>
        ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    private sealed record Rest(
        DiscardPolicy Discard, NoSpacePolicy NoSpace, bool NeedsCheck, ulong MetadataLowWaterMark)
    {
        /// <summary>Null if a word is unknown: it might change the meaning of the others.</summary>
        public static Rest? Of(ReadOnlySpan<string> words)
        {
            var rest = new Rest(
                DiscardPolicy.Passdown, NoSpacePolicy.Queue, NeedsCheck: false, MetadataLowWaterMark: 0);
            foreach (var word in words)
            {
                var next = word switch
                {
                    "-" => rest,
                    "discard_passdown" => rest with { Discard = DiscardPolicy.Passdown },
                    "no_discard_passdown" => rest with { Discard = DiscardPolicy.NoPassdown },
                    "ignore_discard" => rest with { Discard = DiscardPolicy.Ignore },
                    "queue_if_no_space" => rest with { NoSpace = NoSpacePolicy.Queue },
                    "error_if_no_space" => rest with { NoSpace = NoSpacePolicy.Error },
                    "needs_check" => rest with { NeedsCheck = true },
                    _ when Number(word, out var mark) => rest with { MetadataLowWaterMark = mark },
                    _ => null,
                };
                if (next is null)
                    return null;
                rest = next;
            }
            return rest;
        }
    }
}
