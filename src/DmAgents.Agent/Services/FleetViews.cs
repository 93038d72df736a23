using DmAgents.Actors.Fleet;
using DmAgents.Agent.Fleet;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Fleet;
using Google.Protobuf.WellKnownTypes;
using DatabasePhase = DmAgents.Actors.Fleet.Database.DatabasePhase;
using FleetMember = DmAgents.Actors.Fleet.FleetMember;
using FleetStanding = DmAgents.Api.Admin.V1.FleetStanding;
using FleetStatus = DmAgents.Api.Admin.V1.FleetStatus;

namespace DmAgents.Agent.Services;

/// <summary>The host's place in its fleet in the API's terms.</summary>
internal sealed class FleetViews(
    FleetHost host, FleetIdentity identity, FleetBoard board, FleetRenewal renewal, FleetRefresh refresh,
    FleetEntityAccess entities, TimeProvider time)
{
    public FleetStatus Status()
    {
        var seen = board.Current;
        if (identity.Current is not { } place)
            return host.Damage is { } damage ? Damaged(damage) : InNoFleet(seen);
        var status = new FleetStatus
        {
            Standing = StandingOf(seen.Phase),
            Since = Views.Time(seen.Since),
            Words = seen.Words,
            Fleet = place.Fleet.Value,
            FleetId = place.Id.ToString(),
            Host = place.Host.Value,
            Address = place.Address.ToString(),
            AwaySince = TimeOrNone(seen.AwaySince),
            NextTry = TimeOrNone(seen.NextTry),
            EvenSplit = seen.EvenSplit,
            AuthorityAddress = (host.Known?.Issuer ?? place.Issuer).ToString(),
            AuthorityHost = host.Authority is not null ? place.Host.Value : host.Known?.IssuerHost?.Value ?? "",
            HasAuthority = host.Authority is not null,
            RevocationNumber = place.Trust.Current.Revocations.Number,
            AuthorityUnreachableWhy = refresh.Refusal?.Why ?? "",
            Database = DatabaseOf(entities),
        };
        if (seen.RefuseChange("", "") is { } refusal)
            (status.ChangesRefusedWhy, status.Next) = (refusal.Why, refusal.Next);
        if (host.Expulsion is { } expulsion)
        {
            (status.Standing, status.Words, status.Next) = (FleetStanding.Revoked, expulsion.Why, expulsion.Next);
            status.Since = Views.Time(expulsion.At);
        }
        else if (seen.Phase == FleetPhase.Joining && refresh.Refusal is { } unanswered)
        {
            status.Next = unanswered.Next;
        }
        AddHosts(status, place, seen);
        AddCertificates(status, place);
        status.RefusedPeers.Add(seen.Refused.Select(peer => new RefusedFleetPeer
        {
            Peer = peer.Peer, Why = peer.Why, Next = peer.Next, First = Views.Time(peer.First),
            Last = Views.Time(peer.Last), Count = (uint)peer.Count,
        }));
        return status;
    }

    private static FleetStatus InNoFleet(Actors.Fleet.FleetStatus seen) => new()
    {
        Standing = FleetStanding.InNoFleet, Words = seen.Words,
        Next = "make a fleet, or join one: dmagent fleet --help",
    };

    private static FleetStatus Damaged(Domain.Pools.Refusal damage) => new()
    {
        Standing = FleetStanding.Damaged, Words = damage.ToString(), Next = damage.Next,
    };

    private void AddHosts(FleetStatus status, FleetPlace place, Actors.Fleet.FleetStatus seen)
    {
        // For each address the latest life is shown; an ended one is removed beside it.
        foreach (var member in seen.Members)
            status.Hosts.Add(HostOf(member, place, seen));
        var shown = seen.Members.Select(member => member.Address.ToString()).ToHashSet(StringComparer.Ordinal);
        foreach (var known in host.Known?.Members.Values ?? [])
        {
            if (shown.Contains(known.Address.ToString()))
                continue;
            status.Hosts.Add(new FleetHostStatus
            {
                Host = known.Host?.Value ?? "", Address = known.Address.ToString(), State = FleetHostState.Away,
                CertificateEndsAt = known.Host is { } name ? CertificateEndOf(name) : null,
            });
        }
    }

    private FleetHostStatus HostOf(FleetMember member, FleetPlace place, Actors.Fleet.FleetStatus seen) => new()
    {
        Host = member.Host?.Value ?? "",
        Address = member.Address.ToString(),
        State = member.State switch
        {
            FleetMemberState.Joining => FleetHostState.Joining,
            FleetMemberState.Up => FleetHostState.Up,
            FleetMemberState.Leaving or FleetMemberState.Exiting => FleetHostState.Leaving,
            _ => FleetHostState.Removed,
        },
        Since = Views.Time(member.Since),
        UnreachableSince = TimeOrNone(member.UnreachableSince),
        AgentVersion = member.Version,
        IsThisHost = member.Host == place.Host,
        IsLeader = member == seen.Leader,
        IsOldest = member == seen.Oldest,
        CertificateEndsAt = member.Host is { } name ? CertificateEndOf(name) : null,
    };

    private Timestamp? CertificateEndOf(HostName name) =>
        host.Authority is { } authority && authority.State.Hosts.GetValueOrDefault(name) is { } record
        && record.Certificates.Length > 0
            ? Views.Time(record.Certificates.Max(certificate => certificate.NotAfter))
            : null;

    private void AddCertificates(FleetStatus status, FleetPlace place)
    {
        var authority = place.Trust.Current.Authorities[0];
        status.Authority = new FleetAuthorityStatus
        {
            Fingerprint = authority.Fingerprint.ToString(),
            EndsAt = Views.Time(authority.NotAfter),
            OpenTokens = (uint)(host.Authority is { } own ? OpenTokensOf(own) : 0),
        };
        var step = renewal.Step;
        status.Certificate = new FleetCertificate
        {
            Serial = place.HostCertificate.Serial.ToString(),
            BeginsAt = Views.Time(place.HostCertificate.NotBefore),
            EndsAt = Views.Time(place.HostCertificate.NotAfter),
            RenewedAt = TimeOrNone(step?.RenewAt),
            Condition = step?.Condition.ToString().ToLowerInvariant() ?? "",
            Why = step?.Why ?? "",
            Next = step?.Next ?? "",
        };
    }

    private int OpenTokensOf(DmAgents.Fleet.Authority.FleetAuthority authority)
    {
        var now = time.GetUtcNow();
        return authority.State.Tokens.Values.Count(token => token.Use is null && token.Expires > now);
    }

    private static FleetDatabaseStatus DatabaseOf(FleetEntityAccess entities)
    {
        if (entities.DatabaseSet is not { } where)
            return new FleetDatabaseStatus { State = FleetDatabaseState.NotSet, Why = "fleet.database is not set" };
        if (entities.Database is not { } seen)
        {
            return new FleetDatabaseStatus
            {
                State = FleetDatabaseState.NotWatched, Where = where,
                Why = "this host is not in the fleet at this moment",
            };
        }
        return new FleetDatabaseStatus
        {
            State = seen.Phase switch
            {
                DatabasePhase.Connecting => FleetDatabaseState.Connecting,
                DatabasePhase.Ready => FleetDatabaseState.Ready,
                DatabasePhase.Away => FleetDatabaseState.Away,
                DatabasePhase.Refused => FleetDatabaseState.Refused,
                _ => throw new InvalidOperationException($"no known phase: {seen.Phase}"),
            },
            Where = seen.Where, Since = Views.Time(seen.Since), Why = seen.Why, Next = seen.Next,
        };
    }

    private static Timestamp? TimeOrNone(DateTimeOffset? at) => at is { } time ? Views.Time(time) : null;

    private static FleetStanding StandingOf(FleetPhase phase) => phase switch
    {
        FleetPhase.Outside => FleetStanding.InNoFleet,
        FleetPhase.Joining => FleetStanding.Joining,
        FleetPhase.Member => FleetStanding.Member,
        FleetPhase.CutOff => FleetStanding.CutOff,
        FleetPhase.Downed => FleetStanding.Removed,
        FleetPhase.Rejoining => FleetStanding.Rejoining,
        FleetPhase.Leaving => FleetStanding.Leaving,
        _ => throw new InvalidOperationException($"no known phase: {phase}"),
    };
}
