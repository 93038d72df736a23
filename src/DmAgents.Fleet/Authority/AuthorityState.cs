using System.Collections.Immutable;
using DmAgents.Domain.Fleet;

namespace DmAgents.Fleet.Authority;

/// <summary>All that a fleet's authority remembers, and what its document on disk holds
/// (<see cref="AuthorityDocument"/>). It is a few kilobytes for hundreds of hosts, so it is written whole.</summary>
/// <param name="Name">The fleet's.</param>
/// <param name="Id">The fleet's.</param>
/// <param name="Own">The host that has the authority; null until it has its certificate.</param>
/// <param name="Tokens">Those that can be used, and those that could lately: so that a refusal says why.</param>
/// <param name="Hosts">The hosts that have a name, and the certificates that they were given.</param>
/// <param name="RevocationNumber">Grows with each change of what is revoked, and never falls.</param>
/// <param name="Revocations">Certificates that are refused before they end.</param>
public sealed record AuthorityState(
    FleetName Name,
    FleetId Id,
    HostName? Own,
    ImmutableDictionary<TokenHash, TokenRecord> Tokens,
    ImmutableDictionary<HostName, HostRecord> Hosts,
    ulong RevocationNumber,
    ImmutableArray<RevocationRecord> Revocations)
{
    /// <summary>How many tokens, hosts, certificates and revocations there are.</summary>
    public int Records =>
        Tokens.Count + Hosts.Count + Hosts.Values.Sum(each => each.Certificates.Length) + Revocations.Length;

    /// <summary>The authority has given something out: its fleet exists.</summary>
    public bool HasBeenUsed => Own is not null || RevocationNumber > 0 || Records > 0;

    public static AuthorityState New(FleetName name, FleetId id) => new(
        name, id, Own: null, ImmutableDictionary<TokenHash, TokenRecord>.Empty,
        ImmutableDictionary<HostName, HostRecord>.Empty, RevocationNumber: 0, Revocations: []);
}

/// <summary>A token that was given out. The token itself is not kept.</summary>
public sealed record TokenRecord(DateTimeOffset Issued, DateTimeOffset Expires, TokenUse? Use);

/// <summary>The one host that a token let in. The same host with the same key may repeat it.</summary>
public sealed record TokenUse(HostName Host, KeyFingerprint Key, DateTimeOffset At);

/// <summary>A host of the fleet, or one that may become it: its certificate was signed.</summary>
public sealed record HostRecord(
    KeyFingerprint Key, DateTimeOffset Since, ImmutableArray<IssuedCertificate> Certificates);

public sealed record IssuedCertificate(CertificateSerial Serial, KeyFingerprint Key, DateTimeOffset NotAfter);

/// <param name="Serial">The certificate's.</param>
/// <param name="Host">Its host.</param>
/// <param name="Key">Its key, which is not signed again.</param>
/// <param name="At">When it was revoked.</param>
/// <param name="NotAfter">When the certificate ends: from then on nothing needs to be revoked.</param>
public sealed record RevocationRecord(
    CertificateSerial Serial, HostName Host, KeyFingerprint Key, DateTimeOffset At, DateTimeOffset NotAfter);
