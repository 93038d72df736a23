using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Formats;
using DmAgents.Domain.Ports;

namespace DmAgents.Domain.Pools.Adoption;

/// <summary>
/// Examines the file systems of a pool that was made elsewhere: which of them can this host's kernel not mount? A
/// snapshot has the features of its origin, so examining the base of each lineage is enough. The pool is live, and no
/// other process uses it.
/// </summary>
public sealed class AdoptedFormats(IKernel kernel, PoolContext pool)
{
    public IEnumerable<AdoptionFinding> Look(IEnumerable<AdoptionClaim> devices) => devices
        .Where(claim => claim is { Parent: null, Source: null, Phase: DevicePhase.Ready })
        .SelectMany(claim => Judge(claim).Select(why =>
            new AdoptionFinding(AdoptionDifference.NotMountable, claim.Key.ToString(), why)));

    private IEnumerable<string> Judge(AdoptionClaim claim)
    {
        // A device that cannot be examined raises no objection: nothing is known about it.
        if (new FormatLook(kernel, pool).Look(claim.Id, claim.Size, claim.FileSystem) is not { } found)
            yield break;
        if (found.Concern is { } concern)
            yield return concern.Why;
        if (found.Traits.Unit < found.Sectors)
        {
            yield return $"its {claim.FileSystem.ToString().ToLowerInvariant()} was made for sectors of "
                + $"{found.Traits.Unit}, and the pool's disks have {found.Sectors}: "
                + "neither it nor what was made from it can be mounted";
        }
    }
}
