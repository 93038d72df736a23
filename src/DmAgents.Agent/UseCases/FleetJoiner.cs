using DmAgents.Agent.Fleet;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;
using DmAgents.Fleet.Joining;
using DmAgents.Fleet.Renewal;
using DmAgents.Fleet.Tokens;

namespace DmAgents.Agent.UseCases;

/// <summary>A request to join a fleet.</summary>
/// <param name="Issuer">The address of the host that formed it.</param>
/// <param name="Token">As typed.</param>
/// <param name="Host">The host's name in the fleet; null: its own.</param>
/// <param name="Address">The address at which other hosts reach it; null: from the configuration, or its own
/// name.</param>
internal sealed record JoinAsked(MemberAddress Issuer, string Token, HostName? Host, MemberAddress? Address);

/// <summary>Makes this host a member of a fleet that another host formed. Idempotent: the same request with the same
/// token completes an interrupted one.</summary>
internal sealed class FleetJoiner(
    FleetHost host, FleetIdentity identity, FleetStore store, FleetAddresses addresses, FleetEntrance entrance,
    FleetRenewal renewal, JoinClient client)
{
    public const string What = "cannot join the fleet";

    /// <param name="say">Called with each step before it is done.</param>
    public async Task<FleetPlace> Join(JoinAsked asked, Action<string> say, CancellationToken cancellation)
    {
        var name = FleetAddresses.NameOf(What, asked.Host);
        var token = TokenOf(asked.Token);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, host.Stopping);
        var place = await host.AloneAsync(() => Enter(asked, token, name, say, either.Token), either.Token)
            .ConfigureAwait(false);
        say($"asks the members of fleet {place.Fleet} to be let in");
        await entrance.AwaitIn(place, either.Token).ConfigureAwait(false);
        return place;
    }

    private async Task<FleetPlace> Enter(
        JoinAsked asked, JoinToken token, HostName name, Action<string> say, CancellationToken cancellation)
    {
        if (host.Damage is { } damage)
            throw Refusals.Of(damage);
        if (host.Expulsion is { } expulsion)
            throw Refusals.Because(RefusalKind.WrongState, What, name.Value, expulsion.Why, expulsion.Next);
        if (identity.Current is { } present)
        {
            if ((present.Id, present.Host) != (token.Fleet, name))
                throw FleetMaker.IsMember(What, name.Value, present);
            if (renewal.Step?.Condition != CertificateCondition.Ended)
                return present;
            await GiveUpCertificate(name, cancellation).ConfigureAwait(false);
        }
        var address = await addresses.Choose(What, asked.Address, cancellation).ConfigureAwait(false);
        if (store.Prepare(KnownMembers.Of(address, asked.Issuer, [])) is { Error: { } error })
            throw Refusals.Of(What, name.Value, error);
        say($"asks {FleetPorts.JoinOf(asked.Issuer)} to sign a certificate for the key of host {name}");
        var outcome = await new HostJoining(store.Members, client)
            .JoinAsync(FleetPorts.JoinOf(asked.Issuer), token, name, cancellation).ConfigureAwait(false);
        return outcome switch
        {
            JoinOutcome.Joined joined => Enter(asked, joined, address, say),
            JoinOutcome.Refused { Reason: JoinRefusalReason.Unreachable } refused => throw Unreachable(refused, asked),
            JoinOutcome.Refused refused => throw Refusals.Of(refused.Refusal),
            _ => throw new InvalidOperationException($"{outcome.GetType().Name} is unknown"),
        };
    }

    /// <summary>An expired certificate requires another join; by the key that it has, the host keeps its
    /// name.</summary>
    private async Task GiveUpCertificate(HostName name, CancellationToken cancellation)
    {
        await host.ExitAsync(cancellation).ConfigureAwait(false);
        if (store.Files.Delete(store.Paths.HostCertificate) is { Error: { } error })
            throw Refusals.Of(What, name.Value, error);
    }

    private FleetPlace Enter(
        JoinAsked asked, JoinOutcome.Joined joined, MemberAddress address, Action<string> say)
    {
        var member = joined.Member.Host;
        if (joined.Trial is { Reason: JoinRefusalReason.NotTrusted } distrust)
        {
            joined.Member.Dispose();
            throw Refusals.Because(RefusalKind.WrongState, What, member.Host.Value, distrust.Why, distrust.Next);
        }
        say($"has its certificate until {member.NotAfter:u}, from fleet {member.FleetName} ({member.FleetId})");
        say(joined.Trial is { } untried
            ? $"could not try it with the host that gave it: {untried.Why}"
            : "made the TLS handshake with it: the host that made the fleet trusts this one");
        // The issuer names itself first, by the address that all members know.
        var issuer = joined.Members.IsEmpty ? asked.Issuer : joined.Members[0];
        host.Enter(new StoredMembership(
            joined.Member, Authority: null, KnownMembers.Of(address, issuer, joined.Members)));
        return identity.Current!;
    }

    private static JoinToken TokenOf(string word) => JoinToken.Read(word) switch
    {
        TokenReading.Read read => read.Token,
        TokenReading.Mistyped mistyped => throw Refusals.Invalid(
            What, "the join token", mistyped.Why, "copy the token as a whole, or make a new one on the host that made "
                + "the fleet: dmagent fleet token"),
        TokenReading.OtherVersion other => throw Refusals.Invalid(
            What, "the join token", $"it is of version {other.Version}, which this release does not know",
            "run the same release of the agent on both hosts"),
        var reading => throw new InvalidOperationException($"{reading.GetType().Name} is unknown"),
    };

    private static RefusedException Unreachable(JoinOutcome.Refused refused, JoinAsked asked) => Refusals.Because(
        refused.Refusal.Kind, What, refused.Refusal.Subject, refused.Refusal.Why,
        $"see whether {asked.Issuer} is the address of the host that made the fleet, its agent runs, and the network "
        + $"lets connections to port {FleetPorts.JoinOf(asked.Issuer).Port} through");
}
