using System.Collections.Immutable;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Planning;

/// <summary>The answers of the planners.</summary>
internal static class Plans
{
    public static BackingPlan.Planned Planned(
        PoolBacking backing, PoolBlockSize blockSize, ByteSize data, ImmutableArray<string> warnings,
        ByteSize sectors) =>
        new(backing, blockSize, data, warnings) { SectorSize = sectors };

    public static BackingPlan.Refused AsPlan(this Refusal refusal) => new(refusal);

    public static Refusal Failed(string what, string subject, KernelError error) =>
        new(RefusalKind.Failed, what, subject, error.ToString(), "see the kernel's log: dmesg");
}
