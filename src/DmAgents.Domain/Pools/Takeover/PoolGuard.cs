using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Adoption;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Takeover;

/// <summary>
/// Keeps Docker from assembling a second pool from the same loop files, which would destroy both: a read-only device
/// under the name of Docker's pool. A starting Docker finds it, sees that it is not a thin pool, and exits with exactly
/// that message.
/// </summary>
/// <param name="Directory">Docker's devicemapper/ directory, after which it names its pool.</param>
/// <param name="Shown">The device behind the name: Docker's base, which no user removes or uses; if that is unknown,
/// another of Docker's thin devices.</param>
/// <param name="Size">Its size.</param>
public sealed record PoolGuard(MountPath Directory, ThinId Shown, ByteSize Size)
{
    /// <summary>Null for a pool that was never Docker's, or that Docker did not assemble itself.</summary>
    public static PoolGuard? Of(PoolState state) => Of(
        state.Identity, state.Takeover,
        state.Devices.Values.Where(d => d.Kind == DeviceKind.Base && d.IsPresent).Select(d => (d.Id, d.Size)),
        // None of them is purged before the confirmation.
        state.Takeover?.Phase == TakeoverPhase.Confirmed ? [] : state.Ledger.Quarantine.Keys);

    /// <summary>For a pool without a journal, from the claims.</summary>
    public static PoolGuard? Of(PoolIdentity identity, TakeoverRecord? takeover, AdoptionClaims claims) => Of(
        identity, takeover,
        claims.Devices.Where(d => d is { Kind: DeviceKind.Base, Phase: not DevicePhase.Removing })
            .Select(d => (d.Id, d.Size)),
        takeover?.Thins ?? []);

    /// <param name="bases">The first choice, if one of Docker's is among them.</param>
    /// <param name="others">The second choice: no user looks into it.</param>
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
