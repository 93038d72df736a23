using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>A file system's properties, by its superblock.</summary>
/// <param name="Unit">The largest logical sectors on which it can be mounted: xfs' sectors, ext4's blocks.</param>
/// <param name="Features">Its features, by the names that its own tools use; an unknown bit by its number. Without the
/// flags that only say that it is mounted, or was not unmounted.</param>
public sealed record FileSystemTraits(FileSystemKind Kind, ByteSize Unit, ImmutableSortedSet<string> Features)
{
    /// <summary>Features that some kernels do not know, with the first kernel that does (from the history of
    /// fs/ext4/ext4.h and fs/xfs/libxfs/xfs_format.h) and their set. Features older than any kernel that the agent runs
    /// on are left out. So are those of ext4's set "compat" (fast_commit, orphan_file, ...): a kernel mounts them
    /// without knowing them.</summary>
    private static readonly ImmutableDictionary<string, (KernelVersion? Since, bool BarsReading)> Young =
        ImmutableDictionary<string, (KernelVersion? Since, bool BarsReading)>.Empty
            .Add("metadata_csum_seed", (new(4, 4), true)).Add("large_dir", (new(4, 13), true))
            .Add("ea_inode", (new(4, 13), true)).Add("casefold", (new(5, 2), true)).Add("verity", (new(5, 4), false))
            .Add("compression", (null, true)).Add("journal_dev", (null, true)).Add("dirdata", (null, true))
            .Add("has_snapshot", (null, false)).Add("replica", (null, false)).Add("shared_blocks", (null, false))
            .Add("rmapbt", (new(4, 8), false)).Add("reflink", (new(4, 9), false)).Add("inobtcount", (new(5, 10), false))
            .Add("bigtime", (new(5, 10), true)).Add("nrext64", (new(5, 19), true)).Add("exchange", (new(6, 10), true))
            .Add("parent", (new(6, 10), true)).Add("metadir", (new(6, 13), true)).Add("zoned", (new(6, 15), true))
            .Add("zone_gaps", (new(6, 16), true));

    /// <summary>The feature sets that a kernel need not know fully, by their names in <see
    /// cref="UnknownBit"/>.</summary>
    private const string Harmless = "compat_bit_";
    private const string ForWriting = "ro_compat_bit_";
    private const string ForMounting = "incompat_bit_";

    /// <summary>The features because of which a kernel refuses the file system, or refuses to write to it. By the
    /// version alone: a distribution's kernel may have later features, and one built without an option lacks some of
    /// its own.</summary>
    public ImmutableArray<UnknownFeature> BeyondOf(KernelVersion kernel) =>
    [
        .. Features.Select(Demand).OfType<UnknownFeature>()
            .Where(found => found.Since is null || found.Since > kernel),
    ];

    /// <summary>Why a kernel refuses to mount it, for people; null if no feature is the reason.</summary>
    public string? RefusedBy(KernelVersion kernel, bool forWriting)
    {
        var beyond = BeyondOf(kernel).Where(found => forWriting || found.BarsReading).ToList();
        return beyond.Count == 0
            ? null
            : $"Linux {kernel}, which runs here, does not know the file system's {string.Join(", ", beyond)}";
    }

    /// <summary>A feature bit without a name.</summary>
    public static string UnknownBit(string set, int bit) => $"{set}_bit_{bit}";

    private static UnknownFeature? Demand(string feature) =>
        Young.TryGetValue(feature, out var known) ? new UnknownFeature(feature, known.Since, known.BarsReading)
        : feature.StartsWith(Harmless, StringComparison.Ordinal) ? null
        : feature.StartsWith(ForWriting, StringComparison.Ordinal) ? new UnknownFeature(feature, null, false)
        : feature.StartsWith(ForMounting, StringComparison.Ordinal) ? new UnknownFeature(feature, null, true)
        : null;

    /// <summary>How these features differ from those that the agent sets; empty if they are the same.</summary>
    public string DifferenceTo(FileSystemFormat format)
    {
        var (more, less) = (Features.Except(format.Features), format.Features.Where(f => !Features.Contains(f)));
        return string.Join(", ", [.. more.Select(feature => $"with {feature}"), .. less.Select(f => $"without {f}")]);
    }
}

/// <summary>A feature of a file system that a kernel does not know.</summary>
/// <param name="Name">The name that the file system's own tools use, or the number of its bit.</param>
/// <param name="Since">The first kernel that knows it; null if none is known to.</param>
/// <param name="BarsReading">True: a kernel that does not know it refuses every mount. False: it mounts the file system
/// read-only.</param>
public sealed record UnknownFeature(string Name, KernelVersion? Since, bool BarsReading)
{
    public override string ToString() =>
        Since is { } since ? $"{Name} (from Linux {since} on)" : $"{Name} (of which nothing is known)";
}
