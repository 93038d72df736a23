using DmAgents.Agent.Fleet;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Fleet.Authority;
using DmAgents.Fleet.Joining;

namespace DmAgents.Agent.UseCases;

/// <summary>What a host left.</summary>
/// <param name="Fleet">Null if it was in none.</param>
/// <param name="Host">As it was called there.</param>
/// <param name="Unsaid">Why the host that made the fleet does not know of it; null if it does.</param>
/// <param name="Ended">The fleet has ended: this was its only host.</param>
internal sealed record FleetLeft(FleetName? Fleet, HostName? Host, Refusal? Unsaid, bool Ended);

/// <summary>Ends this host's membership: it leaves the cluster, the authority revokes its certificate, and its key and
/// files are deleted. Idempotent.</summary>
internal sealed class FleetLeaver(FleetHost host, FleetIdentity identity, FleetStore store, JoinClient client)
{
    private const string What = "cannot leave the fleet";

    /// <param name="force">Also if the host that made the fleet cannot be told: this host ends its membership alone.
    /// </param>
    public Task<FleetLeft> Leave(bool force, CancellationToken cancellation) =>
        host.AloneAsync(() => LeaveAlone(force, cancellation), cancellation);

    private async Task<FleetLeft> LeaveAlone(bool force, CancellationToken cancellation)
    {
        if (identity.Current is not { } place)
            return RemoveRest(force);
        if (host.Authority is { } authority)
            return await End(place, authority, cancellation).ConfigureAwait(false);
        var issuer = host.Known?.Issuer ?? place.Issuer;
        await host.ExitAsync(cancellation).ConfigureAwait(false);
        var refusal = await new HostLeaving(store.Members, client)
            .LeaveAsync(FleetPorts.JoinOf(issuer), cancellation).ConfigureAwait(false);
        if (refusal is not null && !force)
        {
            Return();
            throw Refusals.Of(refusal with
            {
                Next = $"{refusal.Next}; or end it on this host alone, and revoke it there later: "
                    + "dmagent fleet leave --force",
            });
        }
        Removed(store.Remove(withAuthority: false));
        return new FleetLeft(place.Fleet, place.Host, refusal, Ended: false);
    }

    /// <summary>On the host that made the fleet.</summary>
    private async Task<FleetLeft> End(FleetPlace place, FleetAuthority authority, CancellationToken cancellation)
    {
        var others = authority.State.Hosts.Keys.Where(name => name != place.Host)
            .Select(name => name.Value).Order(StringComparer.Ordinal).ToList();
        if (others.Count > 0)
        {
            throw Refusals.Because(
                RefusalKind.WrongState, What, place.Host.Value,
                $"this host has the fleet's authority, and other hosts are members: {string.Join(", ", others)}",
                $"let these leave first, or revoke them: dmagent fleet revoke {others[0]}");
        }
        await host.ExitAsync(cancellation).ConfigureAwait(false);
        Removed(store.Remove(withAuthority: true));
        return new FleetLeft(place.Fleet, place.Host, Unsaid: null, Ended: true);
    }

    /// <summary>What an attempt to join left, or files that cannot be read.</summary>
    private FleetLeft RemoveRest(bool force)
    {
        if (host.Damage is { } damage && !force)
        {
            throw Refusals.Of(damage with
            {
                Next = "put the file back from a backup; or remove what is left, and revoke this host on the one that "
                    + "made the fleet: dmagent fleet leave --force",
            });
        }
        Removed(store.Remove(withAuthority: false));
        host.Forget();
        return new FleetLeft(Fleet: null, Host: null, Unsaid: null, Ended: false);
    }

    private void Return()
    {
        var found = store.Find();
        if (found.Succeeded && found.Value is { } stored)
            host.Enter(stored);
    }

    private static void Removed(KernelResult removed)
    {
        if (removed.Error is { } error)
        {
            throw Refusals.Because(
                RefusalKind.Failed, "cannot delete the host's fleet files", error.Subject, error.ToString(),
                "see to the file system of the agent's directory, and leave again");
        }
    }
}
