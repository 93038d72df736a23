using System.Collections.Immutable;
using DmAgents.Domain.Fleet;

namespace DmAgents.Fleet.Authority;

/// <summary>The complete state of a fleet's authority, as in its document on disk (<see cref="AuthorityDocument"/>). It
/// has a few kilobytes for hundreds of hosts, so it is always written whole.</summary>
/// <param name="Name">The fleet's name.</param>
/// <param name="Id">The fleet's id.</param>
/// <param name="Own">The host that has the authority; null until it has its certificate.</param>
/// <param name="Tokens">Usable tokens, and recent ones, so that a refusal can give the reason.</param>
/// <param name="Hosts">The hosts with a name, and the certificates issued to them.</param>
/// <param name="RevocationNumber">Increases with each change of the revocations, and never decreases.</param>
/// <param name="Revocations">Certificates that are refused before they expire.</param>
public sealed record AuthorityState(
    FleetName Name,
    FleetId Id,
    HostName? Own,
    ImmutableDictionary<TokenHash, TokenRecord> Tokens,
    ImmutableDictionary<HostName, HostRecord> Hosts,
    ulong RevocationNumber,
    ImmutableArray<RevocationRecord> Revocations)
{
    /// <summary>The number of tokens, hosts, certificates and revocations.</summary>
    public int Records =>
        Tokens.Count + Hosts.Count + Hosts.Values.Sum(each => each.Certificates.Length) + Revocations.Length;

    /// <summary>The authority has issued something, so its fleet exists.</summary>
    public bool HasBeenUsed => Own is not null || RevocationNumber > 0 || Records > 0;

    public static AuthorityState New(FleetName name, FleetId id) => new(
        name, id, Own: null, ImmutableDictionary<TokenHash, TokenRecord>.Empty,
        ImmutableDictionary<HostName, HostRecord>.Empty, RevocationNumber: 0, Revocations: []);
}

/// <summary>An issued token. The token itself is not stored.</summary>
public sealed record TokenRecord(DateTimeOffset Issued, DateTimeOffset Expires, TokenUse? Use);

/// <summary>The one host that a token admitted. The same host with the same key may repeat the request.</summary>
public sealed record TokenUse(HostName Host, KeyFingerprint Key, DateTimeOffset At);

/// <summary>A host with a signed certificate: a member of the fleet, or about to become one.</summary>
public sealed record HostRecord(
    KeyFingerprint Key, DateTimeOffset Since, ImmutableArray<IssuedCertificate> Certificates);

public sealed record IssuedCertificate(CertificateSerial Serial, KeyFingerprint Key, DateTimeOffset NotAfter);

/// <param name="Serial">The certificate's serial number.</param>
/// <param name="Host">The certificate's host.</param>
/// <param name="Key">The certificate's key, which is never signed again.</param>
/// <param name="At">When it was revoked.</param>
/// <param name="NotAfter">When the certificate expires; after that the revocation is not needed.</param>
public sealed record RevocationRecord(
    CertificateSerial Serial, HostName Host, KeyFingerprint Key, DateTimeOffset At, DateTimeOffset NotAfter);
