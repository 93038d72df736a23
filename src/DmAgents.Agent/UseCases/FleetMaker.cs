using DmAgents.Agent.Fleet;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;
using DmAgents.Fleet.Members;

namespace DmAgents.Agent.UseCases;

/// <summary>Forms a fleet, with this host as its first member. Idempotent: the same request completes an interrupted
/// one.</summary>
internal sealed class FleetMaker(
    FleetHost host, FleetIdentity identity, FleetStore store, FleetAddresses addresses, FleetEntrance entrance,
    TimeProvider time)
{
    public const string What = "cannot make the fleet";

    /// <param name="given">The host's name in the fleet; null: its own.</param>
    /// <param name="at">The address at which other hosts reach it; null: from the configuration, or its own
    /// name.</param>
    public async Task<FleetPlace> Make(
        FleetName fleet, HostName? given, MemberAddress? at, CancellationToken cancellation)
    {
        var name = FleetAddresses.NameOf(What, given);
        var place = await host.AloneAsync(() => Enter(fleet, name, at, cancellation), cancellation)
            .ConfigureAwait(false);
        await entrance.AwaitIn(place, cancellation).ConfigureAwait(false);
        return place;
    }

    private async Task<FleetPlace> Enter(
        FleetName fleet, HostName name, MemberAddress? at, CancellationToken cancellation)
    {
        if (host.Damage is { } damage)
            throw Refusals.Of(damage);
        if (identity.Current is { } present)
            return IsSame(present, fleet, name, at) ? present : throw IsMember(What, fleet.Value, present);
        var address = await addresses.Choose(What, at, cancellation).ConfigureAwait(false);
        var known = KnownMembers.Of(address, issuer: address, []);
        if (store.Prepare(known) is { Error: { } error })
            throw Refusals.Of(What, fleet.Value, error);
        var founded = FleetFounding.Ensure(store.Files, store.Paths, fleet, name, time, store.Lifetimes);
        if (!founded.Succeeded)
            throw Refusals.Of(founded.Refusal);
        host.Enter(new StoredMembership(founded.Value.Member, founded.Value.Authority, known));
        return identity.Current!;
    }

    private bool IsSame(FleetPlace present, FleetName fleet, HostName name, MemberAddress? at) =>
        (present.Fleet, present.Host) == (fleet, name) && host.Authority is not null
        && (at is null || at == present.Address);

    internal static RefusedException IsMember(string what, string subject, FleetPlace present) => Refusals.Because(
        RefusalKind.Exists, what, subject,
        $"this host is member {present.Host} of fleet {present.Fleet} ({present.Id}) at {present.Address}",
        "leave that fleet first: dmagent fleet leave");
}
