using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Peers;
using DmAgents.Fleet.Tokens;

namespace DmAgents.Fleet.Joining;

/// <summary>A host's request to the issuer.</summary>
public abstract record JoinerIntent
{
    private JoinerIntent()
    {
    }

    /// <summary>To become a member.</summary>
    /// <param name="SigningRequest">The signing request of the host's key.</param>
    public sealed record Join(
        JoinToken Token, HostName Host, ReadOnlyMemory<byte> SigningRequest, KeyFingerprint Key) : JoinerIntent;

    /// <summary>To learn whether the issuer trusts the certificate that this connection uses.</summary>
    public sealed record Try(FleetTrust Trust) : JoinerIntent;

    /// <summary>To leave. The connection uses the host's certificate.</summary>
    public sealed record Leave(FleetTrust Trust) : JoinerIntent;

    /// <summary>To learn what to trust. The connection uses the host's certificate.</summary>
    public sealed record Update(FleetTrust Trust) : JoinerIntent;

    /// <summary>To get the next certificate. The connection uses the present one.</summary>
    public sealed record Renew(
        FleetTrust Trust, HostName Host, ReadOnlyMemory<byte> SigningRequest, KeyFingerprint Key) : JoinerIntent;
}

/// <summary>The inputs of a requesting host's exchange.</summary>
public abstract record JoinerInput
{
    private JoinerInput()
    {
    }

    public sealed record Received(ReadOnlyMemory<byte> Bytes) : JoinerInput;

    /// <summary>The issuer closed the connection, or it broke.</summary>
    public sealed record Closed(string Why) : JoinerInput;
}

/// <summary>The orders of the exchange.</summary>
public abstract record JoinerOutput
{
    private JoinerOutput()
    {
    }

    public sealed record Send(ReadOnlyMemory<byte> Bytes) : JoinerOutput;

    public sealed record Finish(JoinerResult Result) : JoinerOutput;
}

/// <summary>The result of an exchange on the requesting side.</summary>
public abstract record JoinerResult
{
    private JoinerResult()
    {
    }

    /// <summary>A verified certificate: signed by the right authority, for the right host and for the host's own
    /// key.</summary>
    public sealed record Given(
        ReadOnlyMemory<byte> Certificate, HostCertificate Host, FleetTrust Trust,
        ImmutableArray<MemberAddress> Members) : JoinerResult;

    /// <param name="Trust">Signed by an authority that the host already trusted.</param>
    public sealed record Updated(FleetTrust Trust, ImmutableArray<MemberAddress> Members) : JoinerResult;

    public sealed record Trusted : JoinerResult;

    public sealed record Left : JoinerResult;

    public sealed record Refused(JoinRefusal Refusal) : JoinerResult;
}

/// <summary>
/// The requesting side of one exchange. Pure. It trusts nothing of the issuer before the hello. It then checks that the
/// authority is the one in the token (or in the host's own trust), and that this authority signed the connection's
/// certificate. Only then does it send the token.
/// </summary>
/// <param name="issuer">The issuer's certificate of this connection; null if it showed none.</param>
public sealed class JoinerMachine(
    JoinerIntent intent, X509Certificate2? issuer, DateTimeOffset start, TimeSpan limit)
{
    private enum Phase
    {
        AwaitingHello,
        AwaitingAnswer,
        Ended,
    }

    private ImmutableArray<byte> _received = [];
    private Phase _phase = Phase.AwaitingHello;

    private DateTimeOffset Deadline => start + limit;

    public ImmutableArray<JoinerOutput> Step(JoinerInput input, DateTimeOffset now)
    {
        if (_phase == Phase.Ended)
            return [];
        if (now >= Deadline)
            return Refuse(JoinRefusal.Silent(limit));
        return input switch
        {
            JoinerInput.Received received => Take(received.Bytes.Span, now),
            JoinerInput.Closed closed => Refuse(JoinRefusal.Unreachable(closed.Why)),
            _ => throw new InvalidOperationException($"{input.GetType().Name} is unknown"),
        };
    }

    private ImmutableArray<JoinerOutput> Take(ReadOnlySpan<byte> bytes, DateTimeOffset now)
    {
        _received = _received.AddRange(bytes);
        var outputs = ImmutableArray.CreateBuilder<JoinerOutput>();
        while (_phase != Phase.Ended)
        {
            var reading = JoinWire.Read(_received.AsSpan(), JoinWire.MaxAnswer);
            if (reading is JoinReading.Unfinished)
                break;
            if (reading is JoinReading.Read read)
                _received = _received.RemoveRange(0, read.Length);
            outputs.AddRange(reading switch
            {
                JoinReading.Read { Message: JoinMessages.Hello hello } when _phase == Phase.AwaitingHello =>
                    Ask(hello, now),
                JoinReading.Read { Message: var answer } when _phase == Phase.AwaitingAnswer => Check(answer, now),
                JoinReading.Garbage garbage => Refuse(JoinRefusal.Garbage(garbage.Why)),
                JoinReading.OtherVersion other => Refuse(JoinRefusal.OtherVersion(
                    other.Version, other.Version, JoinWire.LeastVersion, JoinWire.MostVersion)),
                _ => Refuse(JoinRefusal.Garbage("an answer before its question")),
            });
        }
        return outputs.ToImmutable();
    }

    private ImmutableArray<JoinerOutput> Ask(JoinMessages.Hello hello, DateTimeOffset now)
    {
        if (hello.Least > JoinWire.MostVersion || hello.Most < JoinWire.LeastVersion)
        {
            return Refuse(JoinRefusal.OtherVersion(
                hello.Least, hello.Most, JoinWire.LeastVersion, JoinWire.MostVersion));
        }
        if (RefusalOf(hello, now) is { } refusal)
            return Refuse(refusal);
        _phase = Phase.AwaitingAnswer;
        JoinMessage question = intent switch
        {
            JoinerIntent.Join join => new JoinMessages.Join(now, join.Token, join.Host, join.SigningRequest),
            JoinerIntent.Renew renew => new JoinMessages.Renew(now, renew.SigningRequest),
            JoinerIntent.Try => new JoinMessages.Try(now),
            JoinerIntent.Leave => new JoinMessages.Leave(now),
            JoinerIntent.Update => new JoinMessages.Update(now),
            _ => throw new InvalidOperationException($"{intent.GetType().Name} is unknown"),
        };
        return [new JoinerOutput.Send(JoinWire.Write(question))];
    }

    /// <summary>Why the issuer must not be asked. Checks the authority before the clocks, and the clocks before the
    /// issuer's certificate: a wrong clock makes a good certificate look bad.</summary>
    private JoinRefusal? RefusalOf(JoinMessages.Hello hello, DateTimeOffset now)
    {
        if (TrustIn(hello) is not { } trust)
        {
            var first = hello.Authorities[0];
            return JoinRefusal.ForeignAuthority(
                ((JoinerIntent.Join)intent).Token.Authority,
                $"fleet {first.FleetName} ({first.FleetId}) with the authority {first.Fingerprint}");
        }
        if (IssuerMachine.ClockRefusal(hello.Clock, now) is { } clocks)
            return clocks;
        var verdict = issuer is null
            ? new PeerVerdict.Refused(PeerRefusal.NoCertificate())
            : PeerValidator.Judge(issuer, expected: null, trust, now);
        return verdict is PeerVerdict.Refused refused ? JoinRefusal.NotTrusted(refused.Refusal) : null;
    }

    private FleetTrust? TrustIn(JoinMessages.Hello hello) => intent switch
    {
        JoinerIntent.Join join => hello.Authorities
            .Where(each => each.Fingerprint == join.Token.Authority && each.FleetId == join.Token.Fleet)
            .Select(FleetTrust.BeforeRevocations).FirstOrDefault(),
        JoinerIntent.Renew renew => renew.Trust,
        JoinerIntent.Try trial => trial.Trust,
        JoinerIntent.Leave leave => leave.Trust,
        JoinerIntent.Update update => update.Trust,
        _ => throw new InvalidOperationException($"{intent.GetType().Name} is unknown"),
    };

    private ImmutableArray<JoinerOutput> Check(JoinMessage answer, DateTimeOffset now) => (intent, answer) switch
    {
        // Only an authenticated issuer's text is shown, because it advises the operator what to do.
        (_, JoinMessages.Refused refused) => Refuse(refused.Refusal),
        (JoinerIntent.Try, JoinMessages.Trusted) => Finish(new JoinerResult.Trusted()),
        (JoinerIntent.Leave, JoinMessages.Left) => Finish(new JoinerResult.Left()),
        (JoinerIntent.Update update, JoinMessages.Updated updated) => Check(updated, update.Trust),
        (JoinerIntent.Join join, JoinMessages.Accepted accepted) => Check(
            accepted, join.Host, join.Key, known: fingerprint => fingerprint == join.Token.Authority, now),
        (JoinerIntent.Renew renew, JoinMessages.Accepted accepted) => Check(
            accepted, renew.Host, renew.Key,
            known: fingerprint => renew.Trust.Authorities.Any(each => each.Fingerprint == fingerprint), now),
        _ => Refuse(JoinRefusal.Garbage("an answer to another question")),
    };

    private ImmutableArray<JoinerOutput> Check(
        JoinMessages.Accepted accepted, HostName host, KeyFingerprint key, Func<AuthorityFingerprint, bool> known,
        DateTimeOffset now)
    {
        if (TrustOf(accepted.Authorities, accepted.Revocations, known, out var why) is not { } trust)
            return Refuse(JoinRefusal.BadAnswer(why));
        if (HostCertificate.Load(accepted.Certificate.Span) is not { } certificate)
            return Refuse(JoinRefusal.BadAnswer("the certificate is none"));
        using (certificate)
        {
            return PeerValidator.Judge(certificate, host, trust, now) switch
            {
                PeerVerdict.Refused refused => Refuse(JoinRefusal.BadAnswer(refused.Refusal.Why)),
                PeerVerdict.Accepted own when own.Host.Key != key =>
                    Refuse(JoinRefusal.BadAnswer("the certificate is for another key")),
                PeerVerdict.Accepted own => Finish(
                    new JoinerResult.Given(accepted.Certificate, own.Host, trust, accepted.Members)),
                var verdict => throw new InvalidOperationException($"{verdict.GetType().Name} is unknown"),
            };
        }
    }

    private ImmutableArray<JoinerOutput> Check(JoinMessages.Updated updated, FleetTrust before) => TrustOf(
        updated.Authorities, updated.Revocations,
        fingerprint => before.Authorities.Any(each => each.Fingerprint == fingerprint), out var why) is { } trust
            ? Finish(new JoinerResult.Updated(trust, updated.Members))
            : Refuse(JoinRefusal.BadAnswer(why));

    private static FleetTrust? TrustOf(
        ImmutableArray<AuthorityCertificate> authorities, ReadOnlyMemory<byte> revocations,
        Func<AuthorityFingerprint, bool> known, out string why)
    {
        why = "the authority that was known before is not among the fleet's";
        return authorities.Any(each => known(each.Fingerprint))
            ? FleetTrust.Of(authorities, revocations.Span, out why)
            : null;
    }

    private ImmutableArray<JoinerOutput> Refuse(JoinRefusal refusal) => Finish(new JoinerResult.Refused(refusal));

    private ImmutableArray<JoinerOutput> Finish(JoinerResult result)
    {
        _phase = Phase.Ended;
        _received = [];
        return [new JoinerOutput.Finish(result)];
    }
}
