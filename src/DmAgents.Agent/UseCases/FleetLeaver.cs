using DmAgents.Agent.Fleet;
using DmAgents.Agent.Spread;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Fleet.Authority;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Joining;

namespace DmAgents.Agent.UseCases;

/// <summary>The result of a leave.</summary>
/// <param name="Fleet">Null if the host was in none.</param>
/// <param name="Host">The host's name there.</param>
/// <param name="Unsaid">Why the host that formed the fleet does not know of it; null if it does.</param>
/// <param name="Ended">The fleet has ended: this was its only host.</param>
/// <param name="IsCopy">Another host with the same identity stays in the fleet: nothing was revoked.</param>
internal sealed record FleetLeft(
    FleetName? Fleet, HostName? Host, Refusal? Unsaid, bool Ended, bool IsCopy = false);

/// <summary>Ends this host's membership: it leaves the cluster, the authority revokes its certificate, and its key and
/// files are deleted. Idempotent.</summary>
/// <remarks>A leave that has begun does not end with its caller: a host that has left the cluster but keeps its files
/// would be a member again after a restart. If the leave fails, the host is a member as before.</remarks>
internal sealed class FleetLeaver(
    FleetHost host, FleetIdentity identity, FleetStore store, JoinClient client, LoneCopies lone)
{
    private const string What = "cannot leave the fleet";

    /// <summary>Time for the cluster. With the 30 seconds of the authority's answer and the time of
    /// <see cref="LoneCopies"/>, it is less than the minute that the command line waits.</summary>
    private static readonly TimeSpan _exitWithin = TimeSpan.FromSeconds(25);

    /// <param name="force">Also if the fleet's last verified copy of an image is here, and if the host that formed the
    /// fleet does not answer: then this host ends its membership alone.</param>
    /// <param name="cancellation">Ends only the wait for another change of the membership.</param>
    public Task<FleetLeft> Leave(bool force, CancellationToken cancellation) =>
        host.AloneAsync(() => LeaveAlone(force), cancellation);

    private async Task<FleetLeft> LeaveAlone(bool force)
    {
        if (identity.Current is { } place)
        {
            return await LeaveFleet(
                new Membership(place.HostCertificate, host.Authority, host.Known?.Issuer ?? place.Issuer), force)
                .ConfigureAwait(false);
        }
        var found = store.Find();
        if (!found.Succeeded || found.Value is not { } stored)
            return RemoveRest(force);
        // Without its files the host could no longer ask the authority to revoke it.
        using var member = stored.Member;
        using var authority = stored.Authority;
        var left = await LeaveFleet(new Membership(member.Host, authority, stored.Known.Issuer), force)
            .ConfigureAwait(false);
        host.Forget();
        return left;
    }

    private async Task<FleetLeft> LeaveFleet(Membership membership, bool force)
    {
        var (fleet, name) = (membership.Certificate.FleetName, membership.Certificate.Host);
        var isLast = membership.Authority is not null;
        if (membership.Authority is { } authority)
            RefuseUnlessAlone(authority, name);
        var wasIn = identity.Current is not null;
        if (wasIn && !isLast && !force)
            await lone.Refuse(What, name, host.Stopping).ConfigureAwait(false);
        try
        {
            await Exit(name).ConfigureAwait(false);
            var unsaid = isLast ? null : await Say(membership.Issuer, force).ConfigureAwait(false);
            Removed(store.Remove(withAuthority: isLast));
            return unsaid is { Kind: RefusalKind.Exists }
                ? new FleetLeft(fleet, name, Unsaid: null, Ended: false, IsCopy: true)
                : new FleetLeft(fleet, name, unsaid, Ended: isLast);
        }
        catch
        {
            if (wasIn)
                Return();
            throw;
        }
    }

    private async Task Exit(HostName name)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(host.Stopping);
        patience.CancelAfter(_exitWithin);
        try
        {
            await host.ExitAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            throw Refusals.Because(
                RefusalKind.TimedOut, What, name.Value,
                $"the host's work for the fleet did not end within {_exitWithin.TotalSeconds:0} s",
                "the host is a member as before; leave again");
        }
    }

    /// <summary>Why the host that formed the fleet does not know of it; null if it does.</summary>
    private async Task<Refusal?> Say(MemberAddress issuer, bool force)
    {
        var refusal = await new HostLeaving(store.Members, client)
            .LeaveAsync(FleetPorts.JoinOf(issuer), host.Stopping).ConfigureAwait(false);
        if (refusal is null || force)
            return refusal;
        // The host that has its identity must not be revoked.
        throw Refusals.Of(refusal.Kind == RefusalKind.Exists ? refusal : refusal with
        {
            Next = $"{refusal.Next}; or end it on this host alone, and revoke it there later: "
                + "dmagent fleet leave --force",
        });
    }

    /// <summary>The host that formed the fleet leaves last.</summary>
    private static void RefuseUnlessAlone(FleetAuthority authority, HostName own)
    {
        var others = authority.State.Hosts.Keys.Where(name => name != own)
            .Select(name => name.Value).Order(StringComparer.Ordinal).ToList();
        if (others.Count > 0)
        {
            throw Refusals.Because(
                RefusalKind.WrongState, What, own.Value,
                $"this host has the fleet's authority, and other hosts are members: {string.Join(", ", others)}",
                $"let these leave first, or revoke them: dmagent fleet revoke {others[0]}");
        }
    }

    /// <summary>Removes the remains of an attempt to join, or unreadable files.</summary>
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

    private sealed record Membership(HostCertificate Certificate, FleetAuthority? Authority, MemberAddress Issuer);
}
