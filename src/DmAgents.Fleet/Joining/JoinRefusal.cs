using System.Globalization;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Fleet.Authority;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Peers;

namespace DmAgents.Fleet.Joining;

/// <summary>Why a host cannot join, or gets no certificate. The numbers are on the wire and never change their
/// meaning.</summary>
public enum JoinRefusalReason
{
    /// <summary>A reason of a later release, explained by its text.</summary>
    Other = 0,

    /// <summary>The bytes are not a message of the exchange.</summary>
    Garbage = 1,

    /// <summary>The two releases have no version of the exchange in common.</summary>
    OtherVersion = 2,

    /// <summary>The clocks differ by more than <see cref="FleetClock.Tolerance"/>.</summary>
    ClocksDiffer = 3,

    /// <summary>The token belongs to another fleet.</summary>
    ForeignToken = 4,

    /// <summary>The issuer does not know the token: forged, or expired long ago.</summary>
    UnknownToken = 5,

    /// <summary>The token has expired.</summary>
    ExpiredToken = 6,

    /// <summary>Another host, or another key, has used the token.</summary>
    UsedToken = 7,

    /// <summary>Another key holds the host's name.</summary>
    NameTaken = 8,

    /// <summary>The key was revoked.</summary>
    RevokedKey = 9,

    /// <summary>The signing request is invalid, or for another kind of key.</summary>
    BadRequest = 10,

    /// <summary>By the issuer's clock, the authority's certificate has expired or is not valid yet.</summary>
    AuthorityOutOfTime = 11,

    /// <summary>The peer's certificate is refused: see <see cref="JoinRefusal.Peer"/>.</summary>
    NotTrusted = 12,

    /// <summary>Too many concurrent exchanges.</summary>
    Busy = 13,

    /// <summary>The peer was silent or too slow.</summary>
    Silent = 14,

    /// <summary>The issuer could not write its state.</summary>
    Failed = 15,

    /// <summary>The other side is not the authority that the token names.</summary>
    ForeignAuthority = 16,

    /// <summary>The connection failed or broke.</summary>
    Unreachable = 17,

    /// <summary>The issuer's answer does not fit the request.</summary>
    BadAnswer = 18,

    /// <summary>The authority does not let the host leave.</summary>
    NotLeft = 19,

    /// <summary>The host has too many unexpired certificates, or the authority has too many records.</summary>
    TooMany = 20,

    /// <summary>The host is a member elsewhere: its disk was copied, and revoking the copy would revoke both.</summary>
    Twin = 21,
}

/// <summary>A refusal of the join exchange, ready for display.</summary>
/// <param name="Reason">The kind of refusal.</param>
/// <param name="Why">The reason, with names and numbers.</param>
/// <param name="Next">What the reader can do about it.</param>
public sealed record JoinRefusal(JoinRefusalReason Reason, string Why, string Next)
{
    /// <summary>Why a certificate is refused, with <see cref="JoinRefusalReason.NotTrusted"/>.</summary>
    public PeerRefusalReason? Peer { get; init; }

    public Refusal ToRefusal(HostName host) => ToRefusal("cannot join the fleet", host);

    internal Refusal ToRefusal(string what, HostName host) => new(Kind, what, host.Value, Why, Next);

    private RefusalKind Kind => Reason switch
    {
        JoinRefusalReason.Silent or JoinRefusalReason.Unreachable => RefusalKind.TimedOut,
        JoinRefusalReason.Busy or JoinRefusalReason.TooMany => RefusalKind.Busy,
        JoinRefusalReason.Failed => RefusalKind.Failed,
        JoinRefusalReason.NameTaken or JoinRefusalReason.Twin => RefusalKind.Exists,
        JoinRefusalReason.UnknownToken => RefusalKind.NotFound,
        JoinRefusalReason.BadRequest or JoinRefusalReason.Garbage or JoinRefusalReason.OtherVersion =>
            RefusalKind.Invalid,
        _ => RefusalKind.WrongState,
    };

    internal const string NewToken =
        "make a new join token on the host that made the fleet, and join with it: dmagent fleet token";

    internal static JoinRefusal Garbage(string why) => new(
        JoinRefusalReason.Garbage, $"the other side does not speak the join exchange: {why}",
        "see whether address and port are those of the fleet's join service");

    internal static JoinRefusal OtherVersion(int least, int most, int ownLeast, int ownMost) => new(
        JoinRefusalReason.OtherVersion,
        string.Create(CultureInfo.InvariantCulture,
            $"the other side speaks versions {least} to {most} of the join exchange, this one {ownLeast} to {ownMost}"),
        "run releases of the agent that are closer to each other on both hosts");

    internal static JoinRefusal ClocksDiffer(TimeSpan by, DateTimeOffset other, DateTimeOffset own) => new(
        JoinRefusalReason.ClocksDiffer,
        string.Create(CultureInfo.InvariantCulture,
            $"the clocks of the two hosts differ by {by.Duration():d\\.hh\\:mm\\:ss}: {other:u} there, {own:u} here; "
            + $"at most {FleetClock.Tolerance.TotalMinutes:0} minutes are allowed"),
        "set both clocks, best by NTP");

    internal static JoinRefusal ForeignToken(FleetId token, FleetId own) => new(
        JoinRefusalReason.ForeignToken, $"the token is of fleet {token}, this is fleet {own}",
        "use a token of this fleet, or the address of the token's fleet");

    internal static JoinRefusal ForeignAuthority(AuthorityFingerprint token, string found) => new(
        JoinRefusalReason.ForeignAuthority,
        $"the token names the authority {token}, but the other side is {found}; the token was not sent",
        "see whether the address is the one of the token's fleet; if it is, the connection may be intercepted");

    internal static JoinRefusal UnknownToken() => new(
        JoinRefusalReason.UnknownToken,
        "the fleet does not know this token: it was never given out, or expired long ago",
        NewToken);

    internal static JoinRefusal ExpiredToken(DateTimeOffset at, DateTimeOffset now) => new(
        JoinRefusalReason.ExpiredToken,
        string.Create(CultureInfo.InvariantCulture, $"the token expired at {at:u}; at the issuer it is {now:u}"),
        NewToken);

    internal static JoinRefusal UsedToken(TokenUse use) => new(
        JoinRefusalReason.UsedToken,
        string.Create(CultureInfo.InvariantCulture, $"host {use.Host} used the token at {use.At:u}; a token lets one "
            + $"host in, with one key"),
        NewToken);

    internal static JoinRefusal NameTaken(HostName host, DateTimeOffset since) => new(
        JoinRefusalReason.NameTaken,
        string.Create(CultureInfo.InvariantCulture,
            $"the fleet has a host {host} with another key since {since:u}"),
        "join under another name; if that host is gone, or lost its key, revoke it first");

    internal static JoinRefusal RevokedKey(DateTimeOffset at) => new(
        JoinRefusalReason.RevokedKey,
        string.Create(CultureInfo.InvariantCulture, $"the key of this host was revoked at {at:u}"),
        "leave the fleet on this host, which removes the key, and join again");

    internal const string FullNext =
        "wait until certificates end, and until expired tokens are forgotten after 30 days; revocations have room";

    internal static string FullWhy(int records) => string.Create(
        CultureInfo.InvariantCulture,
        $"the fleet's authority remembers {records} tokens, hosts, certificates and revocations, and at most "
        + $"{AuthorityDecider.MaxRecords} are allowed");

    internal static JoinRefusal TooManyCertificates(HostName host, int count, DateTimeOffset first) => new(
        JoinRefusalReason.TooMany,
        string.Create(CultureInfo.InvariantCulture,
            $"host {host} was given {count} certificates that have not ended; the first ends at {first:u}"),
        "see why the host asks so often; to give it a certificate before that, revoke it, and join again");

    internal static JoinRefusal AuthorityFull(int records) => new(
        JoinRefusalReason.TooMany, FullWhy(records), FullNext);

    internal static JoinRefusal BadRequest(string why) => new(
        JoinRefusalReason.BadRequest, why, "remove the host's half-made identity by leaving the fleet, and join again");

    internal static JoinRefusal AuthorityOutOfTime(AuthorityCertificate authority, DateTimeOffset now) => new(
        JoinRefusalReason.AuthorityOutOfTime,
        string.Create(CultureInfo.InvariantCulture,
            $"the fleet's authority is valid from {authority.NotBefore:u} to {authority.NotAfter:u}; at the issuer it "
            + $"is {now:u}"),
        "see whether the issuer's clock is right; if it is, make a new fleet");

    internal static JoinRefusal NotTrusted(PeerRefusal refusal) =>
        new(JoinRefusalReason.NotTrusted, refusal.Why, refusal.Next) { Peer = refusal.Reason };

    internal static JoinRefusal Busy() => new(
        JoinRefusalReason.Busy, "too many hosts talk to the join service at once", "try again in a minute");

    internal static JoinRefusal Silent(TimeSpan after) => new(
        JoinRefusalReason.Silent,
        string.Create(CultureInfo.InvariantCulture,
            $"the other side did not complete the exchange within {after.TotalSeconds:0} seconds"),
        "try again; see whether the agent runs there and the network lets the connection through");

    internal static JoinRefusal Unreachable(string why) => new(
        JoinRefusalReason.Unreachable, why,
        "see whether the agent runs there, and the address and port are those of the fleet's join service");

    internal static JoinRefusal BadAnswer(string why) => new(
        JoinRefusalReason.BadAnswer, $"the issuer's answer is refused: {why}", "see the issuer's log");

    internal static JoinRefusal NotLeft(Refusal refusal) => new(
        JoinRefusalReason.NotLeft, refusal.Why, refusal.Next);

    internal static JoinRefusal Twin(string at) => new(
        JoinRefusalReason.Twin,
        $"a host with this very identity is a member at {at}: the disk of one is a copy of the other's, and to revoke "
        + "the identity would remove both",
        "on the one that is to leave, remove its identity and revoke nothing: dmagent fleet leave --force; it may then "
        + "join under another name");

    internal static JoinRefusal Failed(KernelError error) => new(
        JoinRefusalReason.Failed, $"the issuer could not write what it has to keep: {error}",
        "see to the file system of the agent's directory on the issuer, and join again with the same token");
}
