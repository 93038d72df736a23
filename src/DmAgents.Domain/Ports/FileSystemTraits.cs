using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>What a file system is like, by its superblock.</summary>
/// <param name="Unit">The largest logical sectors on which it can be mounted: xfs' sectors, ext4's blocks.</param>
/// <param name="Features">What it has, by the words of its own tools; a bit that is not known by its number. Not among
/// them: what only tells that it is mounted, or was not unmounted.</param>
public sealed record FileSystemTraits(FileSystemKind Kind, ByteSize Unit, ImmutableSortedSet<string> Features)
{
    /// <summary>The first kernels that mount a file system for writing that has this: kernel, fs/ext4/ext4.h and
    /// fs/xfs/libxfs/xfs_format.h by their history. What is older than any kernel that the agent runs on is missing.
    /// </summary>
    private static readonly ImmutableDictionary<string, KernelVersion> Young =
        ImmutableDictionary<string, KernelVersion>.Empty
            .Add("metadata_csum_seed", new(4, 4)).Add("large_dir", new(4, 13)).Add("ea_inode", new(4, 13))
            .Add("casefold", new(5, 2)).Add("verity", new(5, 4)).Add("fast_commit", new(5, 10))
            .Add("orphan_file", new(5, 15))
            .Add("rmapbt", new(4, 8)).Add("reflink", new(4, 9)).Add("inobtcount", new(5, 10))
            .Add("bigtime", new(5, 10)).Add("nrext64", new(5, 19)).Add("exchange", new(6, 10))
            .Add("parent", new(6, 10)).Add("metadir", new(6, 13)).Add("zoned", new(6, 15));

    /// <summary>Those features that a kernel does not take, each with the first that does; null where no kernel is
    /// known to.</summary>
    public IEnumerable<(string Feature, KernelVersion? Since)> BeyondOf(KernelVersion kernel) => Features
        .Select(feature => (feature, Since: IsUnknown(feature) ? null
            : (KernelVersion?)Young.GetValueOrDefault(feature)))
        .Where(found => found.Since is null || found.Since > kernel);

    /// <summary>A feature bit without a name.</summary>
    public static string UnknownBit(string set, int bit) => $"{set}_bit_{bit}";

    private static bool IsUnknown(string feature) => feature.Contains("_bit_", StringComparison.Ordinal);

    /// <summary>What tells these features from those that the agent gives; empty where they are the same.</summary>
    public string DifferenceTo(FileSystemFormat format)
    {
        var (more, less) = (Features.Except(format.Features), format.Features.Where(f => !Features.Contains(f)));
        return string.Join(", ", [.. more.Select(feature => $"with {feature}"), .. less.Select(f => $"without {f}")]);
    }
}
