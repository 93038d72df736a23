using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Joining;
using DmAgents.Fleet.Peers;
using DmAgents.Fleet.Tokens;

namespace DmAgents.Fleet.Authority;

/// <summary>An issued certificate, or the reason for a refusal.</summary>
public abstract record Admission
{
    private Admission()
    {
    }

    /// <param name="Certificate">DER.</param>
    public sealed record Granted(ReadOnlyMemory<byte> Certificate) : Admission;

    public sealed record Refused(JoinRefusal Refusal) : Admission;
}

/// <summary>
/// A fleet's authority, on the host that created the fleet: issues tokens and certificates, and revokes. Each decision
/// is on disk before any part of it is handed out. Thread-safe.
/// </summary>
public sealed class FleetAuthority : IDisposable
{
    private readonly FleetPaths _paths;
    private readonly AuthorityFiles _authorityFiles;
    private readonly AuthorityCertificate _certificate;
    private readonly PrivateKey _key;
    private readonly TimeProvider _time;
    private readonly Lifetimes _lifetimes;
    private readonly Lock _gate = new();
    private AuthorityState _state;

    private FleetAuthority(
        IDurableFiles files, FleetPaths paths, AuthorityMaterial material, TimeProvider time, Lifetimes lifetimes)
    {
        _paths = paths;
        _authorityFiles = new AuthorityFiles(files, paths);
        (_certificate, _key, _state) = (material.Certificate, material.Key, material.State);
        _time = time;
        _lifetimes = lifetimes;
        Trust = new TrustHolder(SignedTrust());
    }

    public FleetId Id => _certificate.FleetId;

    public FleetName Name => _certificate.FleetName;

    public AuthorityCertificate Certificate => _certificate;

    /// <summary>What the fleet's members must trust; updated with each revocation.</summary>
    public TrustHolder Trust { get; }

    /// <summary>The complete state, for listings.</summary>
    public AuthorityState State
    {
        get
        {
            lock (_gate)
                return _state;
        }
    }

    /// <summary>The authority of the fleet of this name on this host, created if there is none. After a crash the same
    /// call completes it.</summary>
    public static FleetOutcome<FleetAuthority> Ensure(
        IDurableFiles files, FleetPaths paths, FleetName name, TimeProvider time, Lifetimes lifetimes)
    {
        var material = new AuthorityFiles(files, paths).Ensure(name, time.GetUtcNow(), lifetimes);
        return material.Succeeded
            ? new FleetAuthority(files, paths, material.Value, time, lifetimes)
            : material.Refusal;
    }

    /// <summary>This host's authority; null if it created no fleet.</summary>
    public static FleetOutcome<FleetAuthority?> Find(
        IDurableFiles files, FleetPaths paths, TimeProvider time, Lifetimes lifetimes)
    {
        var material = new AuthorityFiles(files, paths).Find();
        if (!material.Succeeded)
            return material.Refusal;
        return material.Value is null ? null : new FleetAuthority(files, paths, material.Value, time, lifetimes);
    }

    /// <summary>Makes a token for one host. The authority stores only a hash, so the token cannot be shown
    /// again.</summary>
    public FleetOutcome<JoinToken> MakeToken(TimeSpan life)
    {
        var token = JoinToken.Make(Id, _certificate.Fingerprint);
        lock (_gate)
        {
            return AuthorityDecider.AddToken(_state, token.Hash, life, _time.GetUtcNow()) switch
            {
                AuthorityDecision.Accepted accepted when Persist(accepted.Next) is { } error => Failed(error),
                AuthorityDecision.Refused refused => refused.Refusal,
                _ => token,
            };
        }
    }

    /// <summary>Issues a certificate to a host with a token. The token's use is on disk before the certificate
    /// exists.</summary>
    public Admission Admit(JoinToken token, HostName host, SigningRequest request) => Issue(host, request,
        (state, certificate, now) => AuthorityDecider.Admit(
            state, token, _certificate.Fingerprint, host, request.Fingerprint, certificate, now));

    /// <summary>Issues a certificate to the host that has the authority.</summary>
    public Admission AdmitOwn(HostName host, SigningRequest request) => Issue(host, request,
        (state, certificate, now) => AuthorityDecider.AdmitOwn(state, host, request.Fingerprint, certificate, now));

    /// <summary>Issues the next certificate to a host that showed its valid one.</summary>
    public Admission Renew(HostCertificate shown, SigningRequest request) => Issue(shown.Host, request,
        (state, certificate, now) => AuthorityDecider.Renew(state, shown, request.Fingerprint, certificate, now));

    /// <summary>Revokes a host's certificates and returns the list for all members.</summary>
    public FleetOutcome<RevocationList> Revoke(HostName host)
    {
        lock (_gate)
        {
            switch (AuthorityDecider.Revoke(_state, host, _time.GetUtcNow()))
            {
                case AuthorityDecision.Accepted accepted when Persist(accepted.Next) is { } error:
                    return Failed(error);
                case AuthorityDecision.Refused refused:
                    return refused.Refusal;
                default:
                    return Trust.Current.Revocations;
            }
        }
    }

    public void Dispose() => _key.Dispose();

    private Admission Issue(
        HostName host, SigningRequest request,
        Func<AuthorityState, IssuedCertificate, DateTimeOffset, AdmissionDecision> decide)
    {
        var serial = CertificateSerial.Of(Serials.Make());
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            if (now < _certificate.NotBefore || now >= _certificate.NotAfter)
                return new Admission.Refused(JoinRefusal.AuthorityOutOfTime(_certificate, now));
            var from = FleetClock.ToSecond(now - FleetClock.Tolerance);
            var until = FleetClock.ToSecond(now + _lifetimes.Host);
            if (until > _certificate.NotAfter)
                until = _certificate.NotAfter;
            switch (decide(_state, new IssuedCertificate(serial, request.Fingerprint, until), now))
            {
                case AdmissionDecision.Refused refused:
                    return new Admission.Refused(refused.Refusal);
                case AdmissionDecision.Granted granted when Persist(granted.Next) is { } error:
                    return new Admission.Refused(JoinRefusal.Failed(error));
                default:
                    using (var issued = HostCertificate.Issue(_certificate, _key, request, host, serial, from, until))
                        return new Admission.Granted(issued.RawData);
            }
        }
    }

    /// <summary>Null if the state is on disk and in effect.</summary>
    private KernelError? Persist(AuthorityState next)
    {
        var written = _authorityFiles.Write(next);
        if (!written.Succeeded)
            return written.Error;
        var changed = next.RevocationNumber != _state.RevocationNumber;
        _state = next;
        if (changed)
            Trust.Offer(SignedTrust());
        return null;
    }

    private FleetTrust SignedTrust()
    {
        var list = RevocationList.Sign(
            _certificate, _key, _state.RevocationNumber, _time.GetUtcNow(),
            [.. _state.Revocations.Select(each => new Revocation(each.Serial, each.Host, each.At))]);
        return FleetTrust.Of([_certificate], list.Bytes.Span, out var why) ?? throw new InvalidOperationException(why);
    }

    private Refusal Failed(KernelError error) => new(
        RefusalKind.Failed, "cannot write what the fleet's authority decided", _paths.AuthorityDocument,
        error.ToString(), "see to the file system of the agent's directory, and try again");
}
