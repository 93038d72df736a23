using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Adoption;

/// <summary>
/// Looks at the file systems of a pool that was made elsewhere: which of them this host's kernel does not take. A
/// snapshot has the features of its origin, so that the beginning of each lineage is enough. The pool is live, and
/// no other process uses it.
/// </summary>
public sealed class AdoptedFormats(IKernel kernel, PoolContext pool, KernelVersion running)
{
    public IEnumerable<AdoptionFinding> Look(IEnumerable<AdoptionClaim> devices) => devices
        .Where(claim => claim is { Parent: null, Source: null, Phase: DevicePhase.Ready })
        .SelectMany(claim => Judge(claim).Select(why =>
            new AdoptionFinding(AdoptionDifference.NotMountable, claim.Key.ToString(), why)));

    private IEnumerable<string> Judge(AdoptionClaim claim)
    {
        var name = pool.NameOf(claim.Id);
        var wasLive = kernel.Find(name).Succeeded;
        var live = wasLive
            ? KernelResult.Done
            : kernel.ActivateThin(new ThinTable(
                name, DeviceNames.ThinDeviceId(pool.Identity.Uuid, claim.Id), pool.Device, claim.Id,
                claim.Size.Sectors, ReadOnly: true)).Outcome;
        // What cannot be looked at is no reason against it: nothing is known.
        var traits = live.Succeeded ? kernel.Traits(name.Path, claim.FileSystem) : live.Error;
        var device = live.Succeeded ? kernel.Inspect(name.Path) : live.Error;
        if (live.Succeeded && !wasLive)
            kernel.Remove(name, deferred: true);
        if (!traits.Succeeded || !device.Succeeded)
            return [];
        return Beyond(claim, traits.Value).Concat(Sectors(claim, traits.Value, device.Value.Shape.Sector));
    }

    private IEnumerable<string> Beyond(AdoptionClaim claim, FileSystemTraits traits)
    {
        var beyond = traits.BeyondOf(running).Select(found => found.Since is { } since
            ? $"{found.Feature} (from Linux {since} on)"
            : $"{found.Feature} (of which nothing is known)").ToList();
        if (beyond.Count > 0)
        {
            yield return $"its {Word(claim)} has features that Linux {running}, which runs here, does not take for "
                + $"writing: {string.Join(", ", beyond)}; what was made from it has them, too";
        }
    }

    private static IEnumerable<string> Sectors(AdoptionClaim claim, FileSystemTraits traits, ByteSize sectors)
    {
        if (traits.Unit < sectors)
        {
            yield return $"its {Word(claim)} was made for sectors of {traits.Unit}, and the pool's disks have "
                + $"{sectors}: neither it nor what was made from it can be mounted";
        }
    }

    private static string Word(AdoptionClaim claim) => claim.FileSystem.ToString().ToLowerInvariant();
}
