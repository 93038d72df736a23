using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Adoption;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Takeover;

/// <summary>
/// What keeps Docker from assembling a second pool of the same loop files, to the end of both: a read-only device under
/// the name that Docker would give its pool. A Docker that starts finds it, sees that it is no thin pool, and ends with
/// just these words.
/// </summary>
/// <param name="Directory">Docker's devicemapper/, after which it names its pool.</param>
/// <param name="Shown">The device that is seen under the name: Docker's base, which nobody removes or uses; where it is
/// not known, another thin device of Docker's.</param>
/// <param name="Size">Its size.</param>
public sealed record PoolGuard(MountPath Directory, ThinId Shown, ByteSize Size)
{
    /// <summary>Null for a pool that was never Docker's, or that Docker did not assemble itself.</summary>
    public static PoolGuard? Of(PoolState state) => Of(
        state.Identity, state.Takeover,
        state.Devices.Values.Where(d => d.Kind == DeviceKind.Base && d.IsPresent).Select(d => (d.Id, d.Size)),
        // Until the confirmation none of them is purged.
        state.Takeover?.Phase == TakeoverPhase.Confirmed ? [] : state.Ledger.Quarantine.Keys);

    /// <summary>For a pool that has no journal, going by what is claimed.</summary>
    public static PoolGuard? Of(PoolIdentity identity, TakeoverRecord? takeover, AdoptionClaims claims) => Of(
        identity, takeover,
        claims.Devices.Where(d => d is { Kind: DeviceKind.Base, Phase: not DevicePhase.Removing })
            .Select(d => (d.Id, d.Size)),
        takeover?.Thins ?? []);

    /// <param name="bases">Of which one is shown, where there is one of Docker's.</param>
    /// <param name="others">Of which one is shown otherwise: nobody looks into it.</param>
    private static PoolGuard? Of(
        PoolIdentity? identity, TakeoverRecord? takeover, IEnumerable<(ThinId Id, ByteSize Size)> bases,
        IEnumerable<ThinId> others)
    {
        if (identity?.Backing is not PoolBacking.LoopFiles || takeover is null)
            return null;
        return bases.OrderBy(device => device.Id).Concat(others.Order().Select(id => (Id: id, Size: identity.BaseSize)))
            .Where(device => takeover.Thins.Contains(device.Id))
            .Select(device => new PoolGuard(takeover.Directory, device.Id, device.Size)).FirstOrDefault();
    }
}
