using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Formats;

/// <summary>A file system that this host's kernel refuses to mount or to write to, because it does not know some of its
/// features. All snapshots of it have the same concern.</summary>
/// <param name="Id">The base of the lineage.</param>
/// <param name="Running">The running kernel.</param>
/// <param name="Features">The unknown features, at least one.</param>
public sealed record FormatConcern(
    ThinId Id, FileSystemKind FileSystem, KernelVersion Running, ImmutableArray<UnknownFeature> Features)
{
    /// <summary>Even a read-only mount fails.</summary>
    public bool BarsReading => Features.Any(feature => feature.BarsReading);

    /// <summary>The first kernel that mounts it for writing; null if none is known to.</summary>
    public KernelVersion? Needs => Features.All(feature => feature.Since is not null)
        ? Features.Max(feature => feature.Since!.Value)
        : null;

    public string Why => $"its {FileSystem.ToString().ToLowerInvariant()} has features that Linux {Running}, which "
        + $"runs here, does not know: {string.Join(", ", Features)}; neither it nor what was made from it can be "
        + (BarsReading ? "mounted" : "mounted for writing");

    /// <summary>What an operator can do.</summary>
    public string Next => Needs is { } version
        ? $"run Linux {version} or a later one; the pool's other file systems can be used"
        : "run the kernel that made it; the pool's other file systems can be used";

    /// <param name="tried">The result of a read-only test mount. It counts more than the kernel's version: a
    /// distribution's kernel may have later features.</param>
    /// <returns>Null if the kernel can mount the file system for writing, as far as its features matter.</returns>
    public static FormatConcern? Of(ThinId id, FileSystemTraits traits, KernelVersion running, KernelResult tried)
    {
        var beyond = traits.BeyondOf(running);
        // A file system that is mounted for writing cannot be tried, but the kernel has accepted it.
        if (tried.Succeeded || tried.FailedWith(KernelFault.Busy))
            beyond = beyond.RemoveAll(feature => feature.BarsReading);
        return beyond.IsEmpty ? null : new FormatConcern(id, traits.Kind, running, beyond);
    }

    public bool Equals(FormatConcern? other) =>
        other is not null && Id == other.Id && FileSystem == other.FileSystem && Running == other.Running
        && Features.SequenceEqual(other.Features);

    public override int GetHashCode() => HashCode.Combine(Id, FileSystem, Running, Features.Length);
}
