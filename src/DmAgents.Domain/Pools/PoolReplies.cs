using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Care;

namespace DmAgents.Domain.Pools;

/// <summary>The answer to a pool command.</summary>
public abstract record PoolReply(RequestId Request);

/// <summary>The answers.</summary>
public static class PoolReplies
{
    /// <summary>It is so now, and durable.</summary>
    /// <param name="Device">The device that it was about, as it is now; null for pools and images.</param>
    /// <param name="Removed">Devices that are gone with it.</param>
    /// <param name="AlreadySo">Nothing had to be changed.</param>
    public sealed record Done(
        RequestId Request, DeviceRecord? Device, ImmutableArray<DeviceRecord> Removed, bool AlreadySo)
        : PoolReply(Request);

    /// <summary>The round of trimming has ended.</summary>
    /// <param name="FileSystems">What each of them gave; those that are not mounted are not among them.</param>
    public sealed record Trimmed(RequestId Request, ImmutableArray<TrimmedDevice> FileSystems) : PoolReply(Request);

    /// <summary>It is not so, and nothing of it is left behind; but for a refusal of kind TimedOut, after which the
    /// same request again tells.</summary>
    public sealed record Refused(RequestId Request, Refusal Refusal) : PoolReply(Request);
}
