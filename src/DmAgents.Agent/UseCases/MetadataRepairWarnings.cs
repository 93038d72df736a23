using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Metadata;

namespace DmAgents.Agent.UseCases;

/// <summary>What an operator must know before a pool's metadata are repaired or replaced.</summary>
internal static class MetadataRepairWarnings
{
    /// <summary>For sound metadata, if the pool is only reopened.</summary>
    public static ImmutableArray<string> OfSound(PoolName pool, PoolHealth? health) =>
        health is { Status.Metadata: var metadata } && metadata.Total > 0 && metadata.FreePercent < 10
            ?
            [
                $"only {metadata.FreeBytes} of {metadata.TotalBytes} metadata are free: grow them right "
                + $"after, or the kernel stops again: dmagent pool grow {pool} --metadata",
            ]
            : [];

    public static IEnumerable<string> OfReplacing(
        MetadataRepairAsked asked, MetadataLook looked, TransactionId found, MetadataComparison compared)
    {
        var (name, state) = (asked.Pool.Name, asked.Pool.State);
        if (!compared.LeavesNothing && !compared.Lost.IsEmpty && asked.Source is MetadataSource.Present)
        {
            yield return $"{compared.Lost.Length} devices would be lost. A backup may know them still; compare: "
                + $"dmagent pool backup list {name}; dmagent pool restore-metadata {name} BACKUP";
        }
        foreach (var warning in OfSource(asked.Source, state, looked))
            yield return warning;
        if (found != state.Checkpoint.Reached)
        {
            yield return $"the new metadata have the transaction id {found} where the journal "
                + $"expects {state.Checkpoint.Reached}: they are of another time, and from then on the journal "
                + "expects theirs";
        }
    }

    private static IEnumerable<string> OfSource(MetadataSource source, PoolContents state, MetadataLook looked)
    {
        if (source is MetadataSource.Backup backup)
        {
            var containers = state.Devices.Values.Count(d => d is { Kind: DeviceKind.Container, IsPresent: true });
            yield return $"the pool becomes what it was at {backup.Name.At:yyyy-MM-dd HH:mm:ss} UTC: what was "
                + "made since is lost, and what was removed since comes into quarantine, with blocks that may hold "
                + "other data by now";
            yield return "layers of that time are whole, because a layer is never written. The "
                + $"{containers} containers were written since: blocks that they gave up may hold other data by now. "
                + "Check their file systems, or make them anew";
            yield return "as soon as anything is written, blocks of what is lost are overwritten: then there is "
                + "no way back to the present metadata either";
        }
        else if (looked.IsReadOut)
        {
            yield return "thin_repair saves fewer devices, or none: this is what the agent's own reader reaches. "
                + "A device that is short of blocks has holes, which read as zeros: check its file system";
        }
        else if (looked.Present is null)
        {
            yield return "the damaged metadata do not tell any more how much each device had mapped: one that "
                + "lacks blocks may count as whole. Check file systems before you trust them";
        }
    }
}
