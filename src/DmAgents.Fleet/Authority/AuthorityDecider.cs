using System.Collections.Immutable;
using System.Globalization;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Joining;
using DmAgents.Fleet.Peers;
using DmAgents.Fleet.Tokens;

namespace DmAgents.Fleet.Authority;

/// <summary>An authority's decisions. Pure: times and serial numbers arrive with the request. The caller writes the
/// next state to disk before it hands out anything that follows from it.</summary>
public static class AuthorityDecider
{
    /// <summary>The maximum of open tokens: a script that makes tokens in a loop gets a clear refusal.</summary>
    public const int MaxOpenTokens = 1000;

    /// <summary>The maximum of unexpired certificates per host. A host renews twice in a certificate's life. A host
    /// that asks in a loop is refused, so that the list has room for its revocation.</summary>
    public const int MaxCertificates = 64;

    /// <summary>The maximum of tokens, hosts, certificates and revocations together, each at most 500 bytes of
    /// <see cref="AuthorityDocument.MaxBytes"/>. A revocation adds no record, so there is always room for it.</summary>
    public const int MaxRecords = 30_000;

    /// <summary>An expired token is remembered for this long, so that its refusal can say so.</summary>
    public static readonly TimeSpan TokenMemory = TimeSpan.FromDays(30);

    public static readonly TimeSpan LeastTokenLife = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan MostTokenLife = TimeSpan.FromDays(7);

    /// <summary>Issues a token.</summary>
    public static AuthorityDecision AddToken(
        AuthorityState state, TokenHash token, TimeSpan life, DateTimeOffset now)
    {
        if (life < LeastTokenLife || life > MostTokenLife)
        {
            return Refuse(
                RefusalKind.Invalid, state, "cannot make a join token",
                string.Create(CultureInfo.InvariantCulture,
                    $"a token lives from {LeastTokenLife:g} to {MostTokenLife:d\\.hh\\:mm\\:ss}, not {life:g}"),
                "choose a life within these bounds");
        }
        var pruned = Pruned(state, now);
        if (pruned.Tokens.Values.Count(each => each.Use is null && each.Expires > now) >= MaxOpenTokens)
        {
            return Refuse(
                RefusalKind.Busy, state, "cannot make a join token",
                string.Create(CultureInfo.InvariantCulture, $"{MaxOpenTokens} tokens wait to be used"),
                "use them, or let them expire");
        }
        if (pruned.Records >= MaxRecords)
        {
            return Refuse(
                RefusalKind.Busy, state, "cannot make a join token", JoinRefusal.FullWhy(pruned.Records),
                JoinRefusal.FullNext);
        }
        return new AuthorityDecision.Accepted(
            pruned with { Tokens = pruned.Tokens.Add(token, new TokenRecord(now, now + life, Use: null)) });
    }

    /// <summary>
    /// Admits a host with a token. After a crash the same host with the same key may repeat the request while the token
    /// lives; it gets another certificate.
    /// </summary>
    public static AdmissionDecision Admit(
        AuthorityState state, JoinToken token, AuthorityFingerprint authority, HostName host, KeyFingerprint key,
        IssuedCertificate certificate, DateTimeOffset now)
    {
        if (token.Fleet != state.Id)
            return new AdmissionDecision.Refused(JoinRefusal.ForeignToken(token.Fleet, state.Id));
        if (token.Authority != authority)
        {
            return new AdmissionDecision.Refused(
                JoinRefusal.ForeignAuthority(token.Authority, $"the authority {authority}"));
        }
        if (!state.Tokens.TryGetValue(token.Hash, out var record))
            return new AdmissionDecision.Refused(JoinRefusal.UnknownToken());
        if (record.Use is { } use && (use.Host, use.Key) != (host, key))
            return new AdmissionDecision.Refused(JoinRefusal.UsedToken(use));
        if (record.Expires <= now)
            return new AdmissionDecision.Refused(JoinRefusal.ExpiredToken(record.Expires, now));
        var used = record with { Use = record.Use ?? new TokenUse(host, key, now) };
        var next = state with { Tokens = state.Tokens.SetItem(token.Hash, used) };
        return Give(next, host, key, certificate, replaces: false, now);
    }

    /// <summary>Issues a certificate to the host that has the authority.</summary>
    public static AdmissionDecision AdmitOwn(
        AuthorityState state, HostName host, KeyFingerprint key, IssuedCertificate certificate, DateTimeOffset now) =>
        Give(state with { Own = host }, host, key, certificate, replaces: false, now);

    /// <summary>Issues the next certificate, for the same key or another, to a host that showed its valid
    /// one.</summary>
    public static AdmissionDecision Renew(
        AuthorityState state, HostCertificate shown, KeyFingerprint key, IssuedCertificate certificate,
        DateTimeOffset now) => state.Revocations.FirstOrDefault(each => each.Serial == shown.Serial) is { } revoked
            ? new AdmissionDecision.Refused(JoinRefusal.NotTrusted(PeerRefusal.Revoked(shown, revoked.At)))
            : Give(state, shown.Host, key, certificate, replaces: true, now);

    /// <summary>Revokes all unexpired certificates of a host and frees its name. The authority never signs the host's
    /// keys again.</summary>
    public static AuthorityDecision Revoke(AuthorityState state, HostName host, DateTimeOffset now)
    {
        var pruned = Pruned(state, now);
        if (host == state.Own)
        {
            return Refuse(
                RefusalKind.WrongState, state, $"cannot revoke host {host}",
                "it has the fleet's authority: revoked, it could let no host in and renew no certificate",
                "if the fleet is to end, leave it on all other hosts first, and then remove the files of this one");
        }
        if (!pruned.Hosts.TryGetValue(host, out var record))
        {
            return pruned.Revocations.Any(each => each.Host == host)
                ? new AuthorityDecision.AlreadySo()
                : Refuse(
                    RefusalKind.NotFound, state, $"cannot revoke host {host}", "the fleet has no host of this name",
                    "see the fleet's list of hosts");
        }
        var revoked = record.Certificates
            .Select(each => new RevocationRecord(each.Serial, host, each.Key, now, each.NotAfter)).ToArray();
        if (pruned.Revocations.Length + revoked.Length > RevocationList.MaxEntries)
        {
            return Refuse(
                RefusalKind.Busy, state, $"cannot revoke host {host}",
                string.Create(CultureInfo.InvariantCulture,
                    $"the list of revocations would have more than {RevocationList.MaxEntries} entries"),
                "wait until revoked certificates end; cut the host off by its network until then");
        }
        return new AuthorityDecision.Accepted(pruned with
        {
            Hosts = pruned.Hosts.Remove(host),
            Revocations = [.. pruned.Revocations, .. revoked],
            RevocationNumber = pruned.RevocationNumber + 1,
        });
    }

    private static AdmissionDecision Give(
        AuthorityState state, HostName host, KeyFingerprint key, IssuedCertificate certificate, bool replaces,
        DateTimeOffset now)
    {
        if (state.Revocations.FirstOrDefault(each => each.Key == key) is { } revoked)
            return new AdmissionDecision.Refused(JoinRefusal.RevokedKey(revoked.At));
        var pruned = Pruned(state, now);
        var known = pruned.Hosts.GetValueOrDefault(host);
        if (known is not null && known.Key != key && !replaces)
            return new AdmissionDecision.Refused(JoinRefusal.NameTaken(host, known.Since));
        var certificates = known?.Certificates ?? [];
        if (host == state.Own)
        {
            // This host is never revoked, so its oldest certificates can be forgotten; without a certificate it could
            // serve no other host.
            certificates = certificates[Math.Max(0, certificates.Length - MaxCertificates + 1)..];
        }
        else if (certificates.Length >= MaxCertificates)
        {
            return new AdmissionDecision.Refused(
                JoinRefusal.TooManyCertificates(host, certificates.Length, certificates.Min(each => each.NotAfter)));
        }
        else if (pruned.Records >= MaxRecords)
        {
            return new AdmissionDecision.Refused(JoinRefusal.AuthorityFull(pruned.Records));
        }
        var next = new HostRecord(key, known?.Since ?? now, [.. certificates, certificate]);
        return new AdmissionDecision.Granted(pruned with { Hosts = pruned.Hosts.SetItem(host, next) });
    }

    /// <summary>Removes records that no longer matter. A host keeps its name even if all its certificates have expired:
    /// it may be switched off and still have its layers.</summary>
    private static AuthorityState Pruned(AuthorityState state, DateTimeOffset now)
    {
        var ended = now - 2 * FleetClock.Tolerance;
        var forgotten = now - TokenMemory;
        var revocations = state.Revocations.RemoveAll(each => each.NotAfter < ended);
        var hosts = state.Hosts;
        foreach (var (name, host) in state.Hosts)
        {
            if (host.Certificates.Any(each => each.NotAfter < ended))
            {
                hosts = hosts.SetItem(
                    name, host with { Certificates = host.Certificates.RemoveAll(each => each.NotAfter < ended) });
            }
        }
        return state with
        {
            Tokens = state.Tokens.RemoveRange(
                state.Tokens.Where(each => each.Value.Expires < forgotten).Select(each => each.Key)),
            Hosts = hosts,
            Revocations = revocations,
            RevocationNumber = state.RevocationNumber + (revocations.Length == state.Revocations.Length ? 0u : 1u),
        };
    }

    private static AuthorityDecision.Refused Refuse(
        RefusalKind kind, AuthorityState state, string what, string why, string next) =>
        new(new Refusal(kind, what, $"fleet {state.Name}", why, next));
}

/// <summary>An authority's decision on an operator's request.</summary>
public abstract record AuthorityDecision
{
    private AuthorityDecision()
    {
    }

    public sealed record Accepted(AuthorityState Next) : AuthorityDecision;

    public sealed record AlreadySo : AuthorityDecision;

    public sealed record Refused(Refusal Refusal) : AuthorityDecision;
}

/// <summary>An authority's decision on a host's request for a certificate.</summary>
public abstract record AdmissionDecision
{
    private AdmissionDecision()
    {
    }

    /// <summary>The certificate may be handed out after this state is on disk.</summary>
    public sealed record Granted(AuthorityState Next) : AdmissionDecision;

    public sealed record Refused(JoinRefusal Refusal) : AdmissionDecision;
}
