using DmAgents.Agent.Fleet;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;
using DmAgents.Fleet.Authority;

namespace DmAgents.Agent.UseCases;

/// <summary>A new join token.</summary>
/// <param name="Word">As typed.</param>
/// <param name="Address">The address of the host that accepts it.</param>
internal sealed record TokenMade(string Word, FleetName Fleet, MemberAddress Address, DateTimeOffset Expires);

/// <summary>Decisions of the host that formed the fleet: which hosts are admitted, and which are revoked.</summary>
internal sealed class FleetTokens(FleetHost host, FleetIdentity identity, FleetOutcasts outcasts, TimeProvider time)
{
    /// <summary>Creates a token that admits one host, once and for a bounded time.</summary>
    public TokenMade Make(TimeSpan life)
    {
        var (place, authority) = AuthorityOf("cannot make a join token", "dmagent fleet token");
        var expires = time.GetUtcNow() + life;
        var token = authority.MakeToken(life);
        return token.Succeeded
            ? new TokenMade(token.Value.ToWord(), place.Fleet, place.Address, expires)
            : throw Refusals.Of(token.Refusal);
    }

    /// <summary>Revokes a host's certificates: no member communicates with it from then on. Idempotent.</summary>
    public Task<FleetName> Revoke(HostName revoked, CancellationToken cancellation) =>
        host.AloneAsync(() => Task.FromResult(RevokeAlone(revoked)), cancellation);

    private FleetName RevokeAlone(HostName revoked)
    {
        var (place, authority) = AuthorityOf($"cannot revoke host {revoked}", $"dmagent fleet revoke {revoked}");
        var list = authority.Revoke(revoked);
        if (!list.Succeeded)
            throw Refusals.Of(list.Refusal);
        outcasts.Remove();
        return place.Fleet;
    }

    private string Maker(FleetPlace place)
    {
        var address = host.Known?.Issuer ?? place.Issuer;
        return host.Known?.IssuerHost is { } name ? $"{name} at {address}" : $"the one at {address}";
    }

    private (FleetPlace Place, FleetAuthority Authority) AuthorityOf(string what, string command)
    {
        if (identity.Current is not { } place)
        {
            throw Refusals.Of(host.Damage ?? new Refusal(
                RefusalKind.WrongState, what, "this host", "it is in no fleet",
                "make a fleet, or join one: dmagent fleet --help"));
        }
        return host.Authority is { } authority
            ? (place, authority)
            : throw Refusals.Because(
                RefusalKind.WrongState, what, $"fleet {place.Fleet}",
                $"only the host that made the fleet does that, which has its authority: {Maker(place)}",
                $"run it there: {command}");
    }
}
