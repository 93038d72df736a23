using System.Globalization;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Certificates;

namespace DmAgents.Fleet.Peers;

/// <summary>Why a peer's certificate is refused. The numbers are on the wire and never change their meaning.</summary>
public enum PeerRefusalReason
{
    /// <summary>A reason of a later release.</summary>
    Other = 0,

    /// <summary>The peer showed no certificate.</summary>
    NoCertificate = 1,

    /// <summary>The certificate's issuer is its own subject.</summary>
    SelfSigned = 2,

    /// <summary>It does not have the form of a fleet's certificate, and this fleet did not sign it.</summary>
    NotOfAFleet = 3,

    /// <summary>A certificate of another fleet.</summary>
    OtherFleet = 4,

    /// <summary>It names this fleet, but no authority of this fleet signed it.</summary>
    NotSignedByTheFleet = 5,

    /// <summary>The fleet signed it, but not for a host: wrong usage, names or key.</summary>
    NotAHostsCertificate = 6,

    /// <summary>It is not valid yet, by the checking side's clock.</summary>
    NotYetValid = 7,

    /// <summary>It has expired.</summary>
    Expired = 8,

    /// <summary>The authority's certificate has expired, or is not valid yet.</summary>
    AuthorityOutOfTime = 9,

    /// <summary>It was revoked.</summary>
    Revoked = 10,

    /// <summary>It belongs to another host of the fleet than the one that was called.</summary>
    OtherHost = 11,
}

/// <summary>A refused certificate, ready for display on either side.</summary>
/// <param name="Reason">The kind of refusal.</param>
/// <param name="Why">The reason, with names and times.</param>
/// <param name="Next">What the reader can do about it.</param>
public sealed record PeerRefusal(PeerRefusalReason Reason, string Why, string Next)
{
    private const string JoinAgain = "join the fleet again from that host, with a new join token";
    private const string LookAtClocks = "compare the clocks of both hosts; if they are right, ";

    internal static PeerRefusal NoCertificate() => new(
        PeerRefusalReason.NoCertificate, "the peer showed no certificate",
        "see whether the peer is an agent and member of this fleet");

    internal static PeerRefusal SelfSigned() => new(
        PeerRefusalReason.SelfSigned, "the peer's certificate is signed by itself and not by the fleet", JoinAgain);

    internal static PeerRefusal NotOfAFleet(string why) => new(
        PeerRefusalReason.NotOfAFleet, $"the peer's certificate is not one of a fleet: {why}",
        "see whether the peer is an agent and member of this fleet");

    internal static PeerRefusal OtherFleet(HostCertificate found, FleetTrust own) => new(
        PeerRefusalReason.OtherFleet,
        $"the peer is host {found.Host} of fleet {found.FleetName} ({found.FleetId}), and not of {own.Name} ({own.Id})",
        "see whether the address is right; a host that changes its fleet leaves the old one first");

    internal static PeerRefusal NotSignedByTheFleet(HostCertificate found, FleetTrust own) => new(
        PeerRefusalReason.NotSignedByTheFleet,
        $"the certificate of host {found.Host} names fleet {own.Name} ({own.Id}), but no authority known here "
        + "signed it",
        JoinAgain);

    internal static PeerRefusal NotAHostsCertificate(string why) => new(
        PeerRefusalReason.NotAHostsCertificate, $"the fleet signed the peer's certificate, but not for a host: {why}",
        JoinAgain);

    internal static PeerRefusal NotYetValid(HostCertificate found, DateTimeOffset now) => new(
        PeerRefusalReason.NotYetValid,
        string.Create(CultureInfo.InvariantCulture,
            $"the certificate of host {found.Host} begins at {found.NotBefore:u}; on the checking host it is {now:u}"),
        LookAtClocks + JoinAgain);

    internal static PeerRefusal Expired(HostCertificate found, DateTimeOffset now) => new(
        PeerRefusalReason.Expired,
        string.Create(CultureInfo.InvariantCulture,
            $"the certificate of host {found.Host} expired at {found.NotAfter:u}; on the checking host it is {now:u}"),
        LookAtClocks + JoinAgain);

    internal static PeerRefusal AuthorityOutOfTime(AuthorityCertificate authority, DateTimeOffset now) => new(
        PeerRefusalReason.AuthorityOutOfTime,
        string.Create(CultureInfo.InvariantCulture,
            $"the fleet's authority is valid from {authority.NotBefore:u} to {authority.NotAfter:u}; on the checking "
            + $"host it is {now:u}"),
        LookAtClocks + "make a new fleet");

    internal static PeerRefusal Revoked(HostCertificate found, DateTimeOffset at) => new(
        PeerRefusalReason.Revoked,
        string.Create(CultureInfo.InvariantCulture, $"the certificate of host {found.Host} was revoked at {at:u}"),
        "if the host is to come back, leave the fleet there, which removes the key, and join again with a new token");

    internal static PeerRefusal OtherHost(HostCertificate found, HostName expected) => new(
        PeerRefusalReason.OtherHost, $"host {expected} was called, and host {found.Host} answers",
        $"see which host has the address that is known for {expected}");
}
