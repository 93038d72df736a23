using System.Globalization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.ThinPools;

/// <summary>A thin-pool table as the kernel reports it.</summary>
internal sealed record PoolTableLine(
    DeviceNumber Metadata,
    DeviceNumber Data,
    ulong BlockSectors,
    ulong LowWaterMark,
    bool SkipZeroing,
    bool ReadOnly,
    NoSpacePolicy NoSpace,
    DiscardPolicy Discard);

/// <summary>
/// The parameters of a thin-pool table: metadata device, data device, block size in sectors, low water mark, count
/// of features, features (kernel: pool_ctr and pool_status in drivers/md/dm-thin.c).
/// </summary>
internal static class PoolTableText
{
    public const string TargetType = "thin-pool";

    private const string SkipZeroing = "skip_block_zeroing";
    private const string IgnoreDiscard = "ignore_discard";
    private const string NoPassdown = "no_discard_passdown";
    private const string ReadOnly = "read_only";
    private const string ErrorIfNoSpace = "error_if_no_space";

    /// <summary>Names devices by number: a path in a table is resolved in an unknown namespace, and cannot hold a
    /// blank.</summary>
    public static string Format(ThinPoolTable table, DeviceNumber metadata, DeviceNumber data)
    {
        var features = new List<string>();
        if (table.SkipZeroing)
            features.Add(SkipZeroing);
        if (table.Discard == DiscardPolicy.Ignore)
            features.Add(IgnoreDiscard);
        if (table.Discard == DiscardPolicy.NoPassdown)
            features.Add(NoPassdown);
        if (table.NoSpace == NoSpacePolicy.Error)
            features.Add(ErrorIfNoSpace);
        var words = string.Concat(features.Select(feature => " " + feature));
        return string.Create(CultureInfo.InvariantCulture,
            $"{metadata} {data} {table.BlockSize.Sectors} {table.LowWaterMark} {features.Count}{words}");
    }

    /// <summary>Null if the line does not have that form.</summary>
    public static PoolTableLine? Parse(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 4
            || DeviceNumbers.Parse(words[0]) is not { } metadata
            || DeviceNumbers.Parse(words[1]) is not { } data
            || !Number(words[2], out var blockSectors)
            || !Number(words[3], out var lowWaterMark))
            return null;
        var features = words.Length > 5 ? words[5..] : [];
        return new PoolTableLine(
            metadata,
            data,
            blockSectors,
            lowWaterMark,
            features.Contains(SkipZeroing),
            features.Contains(ReadOnly),
            features.Contains(ErrorIfNoSpace) ? NoSpacePolicy.Error : NoSpacePolicy.Queue,
            features.Contains(IgnoreDiscard) ? DiscardPolicy.Ignore
                : features.Contains(NoPassdown) ? DiscardPolicy.NoPassdown
                : DiscardPolicy.Passdown);
    }

    private static bool Number(string word, out ulong value) =>
        ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
