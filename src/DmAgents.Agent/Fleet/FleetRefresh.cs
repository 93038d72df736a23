using System.Collections.Immutable;
using DmAgents.Actors.Fleet;
using DmAgents.Agent.Configuration;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Joining;
using DmAgents.Fleet.Peers;

namespace DmAgents.Agent.Fleet;

/// <summary>Asks the host that formed the fleet for revocations: periodically, soon after a member has gone (the fleet
/// removes a revoked host at once), and while this host is not admitted. A revoked host learns of its revocation here,
/// and no longer takes part: other members would refuse it silently.</summary>
internal sealed class FleetRefresh(
    AgentSettings settings, FleetHost host, FleetIdentity identity, FleetStore store, FleetBoard board,
    JoinClient client, TimeProvider time, ILogger<FleetRefresh> log) : IFleetPart
{
    /// <summary>While the host is not admitted: the operator needs the reason soon.</summary>
    private static readonly TimeSpan _outside = TimeSpan.FromSeconds(10);

    private JoinRefusal? _refusal;

    /// <summary>Why the authority did not answer the last request; null if it did.</summary>
    public JoinRefusal? Refusal => Volatile.Read(ref _refusal);

    public async Task RunAsync(FleetPlace place, CancellationToken end)
    {
        Volatile.Write(ref _refusal, null);
        if (host.Authority is not null)
            return;
        while (identity.Current is { } present)
        {
            var addresses = AddressesOf(board.Current);
            if (await AskAsync(present, end).ConfigureAwait(false) is { } expulsion)
            {
                await host.ExpelAsync(expulsion).ConfigureAwait(false);
                return;
            }
            await AwaitAsync(addresses, end).ConfigureAwait(false);
        }
    }

    /// <summary>Not null if the authority has revoked this host.</summary>
    private async Task<PeerExpulsion?> AskAsync(FleetPlace present, CancellationToken end)
    {
        var issuer = FleetPorts.JoinOf(host.Known?.Issuer ?? present.Issuer);
        var result = await client.UpdateAsync(issuer, present.Member, present.Trust.Current, end)
            .ConfigureAwait(false);
        Volatile.Write(ref _refusal, (result as JoinerResult.Refused)?.Refusal);
        switch (result)
        {
            case JoinerResult.Updated updated:
                Take(present, updated);
                return null;
            case JoinerResult.Refused { Refusal: { Peer: PeerRefusalReason.Revoked } refusal }:
                return new PeerExpulsion(refusal.Why, refusal.Next, time.GetUtcNow());
            default:
                return null;
        }
    }

    private void Take(FleetPlace present, JoinerResult.Updated updated)
    {
        var before = present.Trust.Current.Revocations.Number;
        if (present.Trust.Offer(updated.Trust) && updated.Trust.Revocations.Number != before)
        {
            log.RevocationsTaken(updated.Trust.Revocations.Number);
            if (store.Members.SaveTrust(updated.Trust) is { Error: { } error })
                log.RevocationsNotStored(error);
        }
        var seen = AddressesOf(board.Current);
        var listed = updated.Members.ToImmutableHashSet();
        host.Learn(known => known
            .Where(member => listed.Contains(member.Address) || seen.Contains(member.Address))
            .With(updated.Members.Select(member => new KnownMember(member, Host: null))));
    }

    private async Task AwaitAsync(ImmutableHashSet<MemberAddress> before, CancellationToken end)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(end);
        var isIn = board.Current.Phase is FleetPhase.Member or FleetPhase.CutOff;
        var pause = Task.Delay(isIn ? settings.Fleet.Refresh : _outside, time, either.Token);
        var gone = board.When(status => !before.IsSubsetOf(AddressesOf(status)), either.Token);
        await Task.WhenAny(pause, gone).ConfigureAwait(false);
        await either.CancelAsync().ConfigureAwait(false);
        end.ThrowIfCancellationRequested();
    }

    private static ImmutableHashSet<MemberAddress> AddressesOf(FleetStatus status) =>
    [
        .. from member in status.Members
           where member.State is FleetMemberState.Up or FleetMemberState.Leaving
           let address = FleetIdentity.AddressOf(member.Address)
           where address is not null
           select address.Value,
    ];
}
