using System.Collections.Immutable;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Tokens;

namespace DmAgents.Fleet.Joining;

/// <summary>A message of the join exchange. The issuer sends the first; the other side makes one request; the issuer
/// answers once and closes.</summary>
public abstract record JoinMessage;

public static class JoinMessages
{
    /// <summary>The issuer's first message. Before it sends the token, the joining host compares the authorities with
    /// its token, and this connection's certificate with the authorities.</summary>
    /// <param name="Least">The oldest version of the exchange that the issuer supports.</param>
    /// <param name="Most">The newest.</param>
    /// <param name="Clock">The issuer's clock.</param>
    /// <param name="Authorities">The fleet's authorities, at least one.</param>
    public sealed record Hello(
        int Least, int Most, DateTimeOffset Clock, ImmutableArray<AuthorityCertificate> Authorities) : JoinMessage;

    /// <summary>A host requests admission.</summary>
    /// <param name="Clock">The host's clock.</param>
    /// <param name="SigningRequest">PKCS #10, DER.</param>
    public sealed record Join(
        DateTimeOffset Clock, JoinToken Token, HostName Host, ReadOnlyMemory<byte> SigningRequest) : JoinMessage;

    /// <summary>A member that showed its certificate requests the next one.</summary>
    public sealed record Renew(DateTimeOffset Clock, ReadOnlyMemory<byte> SigningRequest) : JoinMessage;

    /// <summary>A host that showed its certificate asks whether members trust it. In TLS 1.3 a refused client only sees
    /// the connection close, so this message asks for the reason.</summary>
    public sealed record Try(DateTimeOffset Clock) : JoinMessage;

    /// <summary>A member that showed its certificate leaves: its certificates are revoked and its name becomes
    /// free.</summary>
    public sealed record Leave(DateTimeOffset Clock) : JoinMessage;

    /// <summary>A member that showed its certificate asks what to trust, and for the members' addresses.</summary>
    public sealed record Update(DateTimeOffset Clock) : JoinMessage;

    /// <summary>A certificate, and everything that a member needs.</summary>
    /// <param name="Certificate">DER.</param>
    /// <param name="Authorities">The fleet's authorities, at least one.</param>
    /// <param name="Revocations">A signed list: see <see cref="Peers.RevocationList"/>.</param>
    /// <param name="Members">The members' addresses.</param>
    public sealed record Accepted(
        ReadOnlyMemory<byte> Certificate, ImmutableArray<AuthorityCertificate> Authorities,
        ReadOnlyMemory<byte> Revocations, ImmutableArray<MemberAddress> Members) : JoinMessage;

    /// <summary>What members currently trust.</summary>
    /// <param name="Authorities">The fleet's authorities, at least one.</param>
    /// <param name="Revocations">A signed list: see <see cref="Peers.RevocationList"/>.</param>
    /// <param name="Members">The members' addresses.</param>
    public sealed record Updated(
        ImmutableArray<AuthorityCertificate> Authorities, ReadOnlyMemory<byte> Revocations,
        ImmutableArray<MemberAddress> Members) : JoinMessage;

    /// <summary>The issuer trusts the certificate.</summary>
    public sealed record Trusted(DateTimeOffset Clock) : JoinMessage;

    /// <summary>The host is no longer a member.</summary>
    public sealed record Left(DateTimeOffset Clock) : JoinMessage;

    public sealed record Refused(JoinRefusal Refusal) : JoinMessage;
}
