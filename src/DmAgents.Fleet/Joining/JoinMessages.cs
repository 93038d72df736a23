using System.Collections.Immutable;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Tokens;

namespace DmAgents.Fleet.Joining;

/// <summary>A message of the join exchange. The issuer speaks first; the other side asks once; the issuer answers once,
/// and closes.</summary>
public abstract record JoinMessage;

public static class JoinMessages
{
    /// <summary>What the issuer says first. The host that joins compares the authorities with its token, and the
    /// issuer's certificate of this very connection with the authorities, before it sends the token.</summary>
    /// <param name="Least">The oldest version of the exchange that the issuer speaks.</param>
    /// <param name="Most">The newest.</param>
    /// <param name="Clock">The issuer's.</param>
    /// <param name="Authorities">The fleet's, one at least.</param>
    public sealed record Hello(
        int Least, int Most, DateTimeOffset Clock, ImmutableArray<AuthorityCertificate> Authorities) : JoinMessage;

    /// <summary>A host asks to be let in.</summary>
    /// <param name="Clock">The host's.</param>
    /// <param name="SigningRequest">PKCS #10, DER.</param>
    public sealed record Join(
        DateTimeOffset Clock, JoinToken Token, HostName Host, ReadOnlyMemory<byte> SigningRequest) : JoinMessage;

    /// <summary>A member that showed its certificate asks for the next.</summary>
    public sealed record Renew(DateTimeOffset Clock, ReadOnlyMemory<byte> SigningRequest) : JoinMessage;

    /// <summary>A host that showed its certificate asks whether members trust it. In TLS 1.3 a refused client sees a
    /// connection that closes, and no reason: so the reason is asked for here.</summary>
    public sealed record Try(DateTimeOffset Clock) : JoinMessage;

    /// <summary>A member that showed its certificate leaves: its certificates are revoked, and its name is
    /// free.</summary>
    public sealed record Leave(DateTimeOffset Clock) : JoinMessage;

    /// <summary>A member that showed its certificate asks what to trust, and where members are.</summary>
    public sealed record Update(DateTimeOffset Clock) : JoinMessage;

    /// <summary>A certificate, and all that a member needs.</summary>
    /// <param name="Certificate">DER.</param>
    /// <param name="Authorities">The fleet's, one at least.</param>
    /// <param name="Revocations">A signed list: see <see cref="Peers.RevocationList"/>.</param>
    /// <param name="Members">Where members are reached.</param>
    public sealed record Accepted(
        ReadOnlyMemory<byte> Certificate, ImmutableArray<AuthorityCertificate> Authorities,
        ReadOnlyMemory<byte> Revocations, ImmutableArray<MemberAddress> Members) : JoinMessage;

    /// <summary>What members trust as of this moment.</summary>
    /// <param name="Authorities">The fleet's, one at least.</param>
    /// <param name="Revocations">A signed list: see <see cref="Peers.RevocationList"/>.</param>
    /// <param name="Members">Where members are reached.</param>
    public sealed record Updated(
        ImmutableArray<AuthorityCertificate> Authorities, ReadOnlyMemory<byte> Revocations,
        ImmutableArray<MemberAddress> Members) : JoinMessage;

    /// <summary>The certificate that was shown is trusted.</summary>
    public sealed record Trusted(DateTimeOffset Clock) : JoinMessage;

    /// <summary>The host is no member any more.</summary>
    public sealed record Left(DateTimeOffset Clock) : JoinMessage;

    public sealed record Refused(JoinRefusal Refusal) : JoinMessage;
}
