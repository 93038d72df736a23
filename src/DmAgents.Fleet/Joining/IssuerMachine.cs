using System.Collections.Immutable;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;
using DmAgents.Fleet.Authority;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Peers;
using DmAgents.Fleet.Tokens;

namespace DmAgents.Fleet.Joining;

/// <summary>The inputs of an issuer's exchange.</summary>
public abstract record IssuerInput
{
    private IssuerInput()
    {
    }

    public sealed record Received(ReadOnlyMemory<byte> Bytes) : IssuerInput;

    /// <summary>The authority's answer to <see cref="IssuerOutput.Admit"/> or <see cref="IssuerOutput.Renew"/>, with
    /// what members currently need.</summary>
    public sealed record Decided(
        Admission Admission, FleetTrust Trust, ImmutableArray<MemberAddress> Members) : IssuerInput;

    /// <summary>The answer to <see cref="IssuerOutput.Update"/>.</summary>
    public sealed record Updated(FleetTrust Trust, ImmutableArray<MemberAddress> Members) : IssuerInput;

    /// <summary>The authority's answer to <see cref="IssuerOutput.Revoke"/>: null if the host is revoked.</summary>
    public sealed record Revoked(Refusal? Refusal) : IssuerInput;

    /// <summary>Instead of <see cref="Revoked"/>: another host with the leaving host's identity is a member.</summary>
    public sealed record Twin(string At) : IssuerInput;

    /// <summary>The peer closed the connection, or it broke.</summary>
    public sealed record Closed : IssuerInput;
}

/// <summary>The orders of an issuer's exchange, in this order.</summary>
public abstract record IssuerOutput
{
    private IssuerOutput()
    {
    }

    public sealed record Send(ReadOnlyMemory<byte> Bytes) : IssuerOutput;

    public sealed record Admit(JoinToken Token, HostName Host, SigningRequest Request) : IssuerOutput;

    public sealed record Renew(HostCertificate Shown, SigningRequest Request) : IssuerOutput;

    /// <summary>A member asks what to trust.</summary>
    public sealed record Update : IssuerOutput;

    /// <summary>The host leaves.</summary>
    public sealed record Revoke(HostName Host) : IssuerOutput;

    /// <summary>The end of the exchange, for the log: null if the peer's request succeeded.</summary>
    public sealed record Finish(JoinRefusal? Refusal) : IssuerOutput;
}

/// <summary>
/// The issuer's side of one exchange. Pure. It sends a hello, reads one request, waits for the authority's decision,
/// answers and ends.
/// </summary>
/// <param name="shown">The verdict on the peer's certificate; a joining host shows none.</param>
/// <param name="limit">The time limit of the whole exchange.</param>
public sealed class IssuerMachine(PeerVerdict shown, DateTimeOffset start, TimeSpan limit)
{
    private enum Phase
    {
        AwaitingQuestion,
        AwaitingDecision,
        Ended,
    }

    private ImmutableArray<byte> _received = [];
    private Phase _phase = Phase.AwaitingQuestion;

    private DateTimeOffset Deadline => start + limit;

    /// <summary>The first message.</summary>
    public static ReadOnlyMemory<byte> Hello(FleetTrust trust, DateTimeOffset now) => JoinWire.Write(
        new JoinMessages.Hello(JoinWire.LeastVersion, JoinWire.MostVersion, now, trust.Authorities));

    public ImmutableArray<IssuerOutput> Step(IssuerInput input, DateTimeOffset now)
    {
        if (_phase == Phase.Ended)
            return [];
        if (now >= Deadline)
            return Refuse(JoinRefusal.Silent(limit));
        return input switch
        {
            IssuerInput.Received received when _phase == Phase.AwaitingQuestion => Take(received.Bytes.Span, now),
            // An exchange has exactly one request.
            IssuerInput.Received => Refuse(JoinRefusal.Garbage("bytes after its question")),
            IssuerInput.Decided decided when _phase == Phase.AwaitingDecision => Answer(decided),
            IssuerInput.Updated updated when _phase == Phase.AwaitingDecision => Finish(new JoinMessages.Updated(
                updated.Trust.Authorities, updated.Trust.Revocations.Bytes, updated.Members)),
            IssuerInput.Revoked revoked when _phase == Phase.AwaitingDecision => revoked.Refusal is { } refusal
                ? Refuse(JoinRefusal.NotLeft(refusal))
                : Finish(new JoinMessages.Left(now)),
            IssuerInput.Twin twin when _phase == Phase.AwaitingDecision => Refuse(JoinRefusal.Twin(twin.At)),
            IssuerInput.Closed => End(JoinRefusal.Unreachable("the other side closed the connection")),
            _ => throw new InvalidOperationException($"{input.GetType().Name} in phase {_phase}"),
        };
    }

    private ImmutableArray<IssuerOutput> Take(ReadOnlySpan<byte> bytes, DateTimeOffset now)
    {
        _received = _received.AddRange(bytes);
        return JoinWire.Read(_received.AsSpan(), JoinWire.MaxQuestion) switch
        {
            JoinReading.Unfinished => [],
            JoinReading.Read read when read.Length < _received.Length =>
                Refuse(JoinRefusal.Garbage("bytes after its question")),
            JoinReading.Read read => Ask(read.Message, now),
            JoinReading.OtherVersion other => Refuse(JoinRefusal.OtherVersion(
                other.Version, other.Version, JoinWire.LeastVersion, JoinWire.MostVersion)),
            JoinReading.Garbage garbage => Refuse(JoinRefusal.Garbage(garbage.Why)),
            var reading => throw new InvalidOperationException($"{reading.GetType().Name} is unknown"),
        };
    }

    private ImmutableArray<IssuerOutput> Ask(JoinMessage question, DateTimeOffset now) => question switch
    {
        JoinMessages.Join join => ClockRefusal(join.Clock, now) is { } refusal
            ? Refuse(refusal)
            : Decide(join.SigningRequest, request => new IssuerOutput.Admit(join.Token, join.Host, request)),
        JoinMessages.Try when shown is PeerVerdict.Refused refused => Refuse(JoinRefusal.NotTrusted(refused.Refusal)),
        JoinMessages.Try => Finish(new JoinMessages.Trusted(now)),
        JoinMessages.Renew renew => shown switch
        {
            PeerVerdict.Refused refused => Refuse(JoinRefusal.NotTrusted(refused.Refusal)),
            PeerVerdict.Accepted accepted => ClockRefusal(renew.Clock, now) is { } refusal
                ? Refuse(refusal)
                : Decide(renew.SigningRequest, request => new IssuerOutput.Renew(accepted.Host, request)),
            _ => throw new InvalidOperationException($"{shown.GetType().Name} is unknown"),
        },
        JoinMessages.Update when shown is PeerVerdict.Refused refused =>
            Refuse(JoinRefusal.NotTrusted(refused.Refusal)),
        JoinMessages.Update => Await(new IssuerOutput.Update()),
        JoinMessages.Leave => Leave(now),
        _ => Refuse(JoinRefusal.Garbage("an answer, and not a question")),
    };

    /// <summary>A revoked host has already left: a leave that is repeated after a crash gets the same answer as the
    /// first.</summary>
    private ImmutableArray<IssuerOutput> Leave(DateTimeOffset now)
    {
        switch (shown)
        {
            case PeerVerdict.Refused { Refusal.Reason: PeerRefusalReason.Revoked }:
                return Finish(new JoinMessages.Left(now));
            case PeerVerdict.Refused refused:
                return Refuse(JoinRefusal.NotTrusted(refused.Refusal));
            case PeerVerdict.Accepted accepted:
                return Await(new IssuerOutput.Revoke(accepted.Host.Host));
            default:
                throw new InvalidOperationException($"{shown.GetType().Name} is unknown");
        }
    }

    private ImmutableArray<IssuerOutput> Decide(
        ReadOnlyMemory<byte> signingRequest, Func<SigningRequest, IssuerOutput> ask)
    {
        if (SigningRequest.Read(signingRequest.Span, out var why) is not { } request)
            return Refuse(JoinRefusal.BadRequest(why));
        return Await(ask(request));
    }

    private ImmutableArray<IssuerOutput> Await(IssuerOutput question)
    {
        _phase = Phase.AwaitingDecision;
        return [question];
    }

    private ImmutableArray<IssuerOutput> Answer(IssuerInput.Decided decided) => decided.Admission switch
    {
        Admission.Granted granted => Finish(new JoinMessages.Accepted(
            granted.Certificate, decided.Trust.Authorities, decided.Trust.Revocations.Bytes, decided.Members)),
        Admission.Refused refused => Refuse(refused.Refusal),
        _ => throw new InvalidOperationException($"{decided.Admission.GetType().Name} is unknown"),
    };

    private ImmutableArray<IssuerOutput> Finish(JoinMessage answer) =>
        [new IssuerOutput.Send(JoinWire.Write(answer)), .. End(refusal: null)];

    private ImmutableArray<IssuerOutput> Refuse(JoinRefusal refusal) =>
        [new IssuerOutput.Send(JoinWire.Write(new JoinMessages.Refused(refusal))), .. End(refusal)];

    private ImmutableArray<IssuerOutput> End(JoinRefusal? refusal)
    {
        _phase = Phase.Ended;
        _received = [];
        return [new IssuerOutput.Finish(refusal)];
    }

    internal static JoinRefusal? ClockRefusal(DateTimeOffset other, DateTimeOffset own) =>
        (other - own).Duration() > FleetClock.Tolerance ? JoinRefusal.ClocksDiffer(other - own, other, own) : null;
}
