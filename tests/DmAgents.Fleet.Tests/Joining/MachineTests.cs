using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Authority;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Joining;
using DmAgents.Fleet.Peers;
using DmAgents.Fleet.Tests.Support;
using DmAgents.Fleet.Tokens;

namespace DmAgents.Fleet.Tests.Joining;

/// <summary>Both sides stepped by hand.</summary>
public sealed class MachineTests : IDisposable
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(30);
    private static readonly HostName _web1 = new("web1");
    private static readonly PeerVerdict _nothingShown = new PeerVerdict.Refused(PeerRefusal.NoCertificate());

    private readonly TestFleet _fleet = new();
    private readonly PrivateKey _key = PrivateKey.Make();

    public void Dispose()
    {
        _fleet.Dispose();
        _key.Dispose();
    }

    [Fact]
    public void The_issuer_waits_for_a_whole_question_wherever_it_is_cut()
    {
        var question = JoinWire.Write(JoinQuestion());
        for (var cut = 1; cut < question.Length; cut++)
        {
            var issuer = Issuer();
            Assert.Empty(issuer.Step(new IssuerInput.Received(question[..cut]), SetTime.Start));
            Assert.IsType<IssuerOutput.Admit>(
                Assert.Single(issuer.Step(new IssuerInput.Received(question[cut..]), SetTime.Start)));
        }
    }

    [Fact]
    public void The_issuer_takes_one_question()
    {
        var question = JoinWire.Write(JoinQuestion());
        byte[] two = [.. question.Span, .. question.Span];

        Assert.Equal(JoinRefusalReason.Garbage, RefusalOf(Issuer().Step(new IssuerInput.Received(two), SetTime.Start)));
        var waiting = Issuer();
        waiting.Step(new IssuerInput.Received(question), SetTime.Start);
        Assert.Equal(
            JoinRefusalReason.Garbage, RefusalOf(waiting.Step(new IssuerInput.Received(question), SetTime.Start)));
        Assert.Empty(waiting.Step(new IssuerInput.Received(question), SetTime.Start));
    }

    [Fact]
    public void Each_side_ends_at_its_deadline_and_not_before()
    {
        var (issuer, joiner) = (Issuer(), Joiner());
        var (deadline, nothing) = (SetTime.Start + _limit, ReadOnlyMemory<byte>.Empty);
        var before = deadline - TimeSpan.FromTicks(1);
        Assert.Empty(issuer.Step(new IssuerInput.Received(nothing), before));
        Assert.Empty(joiner.Step(new JoinerInput.Received(nothing), before));

        Assert.Equal(
            JoinRefusalReason.Silent, RefusalOf(issuer.Step(new IssuerInput.Received(nothing), deadline)));
        Assert.Equal(
            JoinRefusalReason.Silent, RefusalOf(joiner.Step(new JoinerInput.Received(nothing), deadline)));
    }

    [Fact]
    public void The_issuer_refuses_a_clock_that_differs_whatever_the_host_thinks_of_it()
    {
        var question = JoinQuestion() with { Clock = SetTime.Start + TimeSpan.FromHours(2) };

        Assert.Equal(JoinRefusalReason.ClocksDiffer, RefusalOf(Ask(Issuer(), question)));
    }

    [Fact]
    public void The_issuer_refuses_a_request_that_is_none()
    {
        var question = JoinQuestion() with { SigningRequest = new byte[] { 1, 2, 3 } };

        Assert.Equal(JoinRefusalReason.BadRequest, RefusalOf(Ask(Issuer(), question)));
    }

    [Fact]
    public void A_host_without_a_certificate_is_neither_tried_nor_renewed_and_does_not_leave()
    {
        var trial = Ask(Issuer(), new JoinMessages.Try(SetTime.Start));
        var renewal = Ask(Issuer(), new JoinMessages.Renew(SetTime.Start, _key.RequestFor(_web1)));
        var leave = Ask(Issuer(), new JoinMessages.Leave(SetTime.Start));

        Assert.All([trial, renewal, leave], outputs =>
        {
            var refused = Assert.IsType<JoinMessages.Refused>(SentBy(outputs));
            Assert.Equal(PeerRefusalReason.NoCertificate, refused.Refusal.Peer);
        });
    }

    [Fact]
    public void A_renewal_is_for_the_host_of_the_certificate_that_was_shown()
    {
        var shown = Assert.IsType<PeerVerdict.Accepted>(_fleet.Judge(_fleet.Host("web2")));
        var issuer = new IssuerMachine(shown, SetTime.Start, _limit);

        var renew = Assert.IsType<IssuerOutput.Renew>(Assert.Single(
            Ask(issuer, new JoinMessages.Renew(SetTime.Start, _key.RequestFor(_web1)))));

        Assert.Equal("web2", renew.Shown.Host.Value);
    }

    [Fact]
    public void A_host_that_is_a_member_elsewhere_does_not_leave()
    {
        var shown = Assert.IsType<PeerVerdict.Accepted>(_fleet.Judge(_fleet.Host("web2")));
        var issuer = new IssuerMachine(shown, SetTime.Start, _limit);

        Assert.IsType<IssuerOutput.Revoke>(Assert.Single(Ask(issuer, new JoinMessages.Leave(SetTime.Start))));
        var refused = Assert.IsType<JoinMessages.Refused>(
            SentBy(issuer.Step(new IssuerInput.Twin("10.0.0.2:9471"), SetTime.Start)));

        Assert.Equal(JoinRefusalReason.Twin, refused.Refusal.Reason);
        Assert.Contains("10.0.0.2:9471", refused.Refusal.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Answers_are_no_questions_and_questions_are_no_answers()
    {
        foreach (var message in Samples.Messages.Values)
        {
            var isQuestion = message is
                JoinMessages.Join or JoinMessages.Renew or JoinMessages.Try or JoinMessages.Update
                or JoinMessages.Leave;
            if (!isQuestion)
                Assert.Equal(JoinRefusalReason.Garbage, RefusalOf(Ask(Issuer(), message)));
            if (message is JoinMessages.Hello)
                continue;
            Assert.Equal(JoinRefusalReason.Garbage, RefusalOf(Answer(Joiner(), message)));
            var asked = Joiner();
            Answer(asked, Hello());
            if (message is not (JoinMessages.Accepted or JoinMessages.Refused))
                Assert.Equal(JoinRefusalReason.Garbage, RefusalOf(Answer(asked, message)));
        }
    }

    [Fact]
    public void Words_of_an_issuer_that_was_not_authenticated_are_not_shown()
    {
        var hostile = new JoinMessages.Refused(new JoinRefusal(JoinRefusalReason.Other, "trust me", "send money"));

        var finish = Assert.IsType<JoinerOutput.Finish>(Assert.Single(Answer(Joiner(), hostile)));

        Assert.DoesNotContain("money", $"{finish.Result}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, 9)]
    [InlineData(0, 0)]
    public void An_issuer_of_another_release_is_named_before_anything_is_sent(int least, int most) =>
        Assert.Equal(
            JoinRefusalReason.OtherVersion, RefusalOf(Answer(Joiner(), Hello() with { Least = least, Most = most })));

    [Fact]
    public void An_issuer_of_a_later_release_that_speaks_this_version_is_asked() =>
        Assert.IsType<JoinerOutput.Send>(Assert.Single(Answer(Joiner(), Hello() with { Least = 1, Most = 7 })));

    [Fact]
    public void An_issuer_without_a_certificate_is_not_asked()
    {
        var joiner = new JoinerMachine(Intent(), issuer: null, SetTime.Start, _limit);

        Assert.Equal(JoinRefusalReason.NotTrusted, RefusalOf(Answer(joiner, Hello())));
    }

    [Fact]
    public void A_good_answer_is_a_membership()
    {
        var given = Assert.IsType<JoinerResult.Given>(ResultOf(Accepted()));

        Assert.Equal((_web1, _key.Fingerprint), (given.Host.Host, given.Host.Key));
        Assert.Equal(_fleet.Authority.Id, given.Trust.Id);
    }

    [Fact]
    public void An_answer_that_is_not_what_was_asked_for_is_refused()
    {
        using var other = new TestFleet();
        var good = Accepted();
        var otherHost = Accepted("web2");
        var otherKey = good with { Certificate = _fleet.Host("web3").RawData };
        var answers = new Dictionary<string, JoinMessages.Accepted>
        {
            ["other authorities"] = good with { Authorities = [other.Authority.Certificate] },
            ["authorities of two fleets"] =
                good with { Authorities = [_fleet.Authority.Certificate, other.Authority.Certificate] },
            ["another list"] = good with { Revocations = other.Authority.Trust.Current.Revocations.Bytes },
            ["no list"] = good with { Revocations = ReadOnlyMemory<byte>.Empty },
            ["no certificate"] = good with { Certificate = new byte[] { 1, 2, 3 } },
            ["another fleet's certificate"] = good with { Certificate = other.Host("web1").RawData },
            ["another host"] = otherHost,
            ["another key"] = otherKey,
        };

        Assert.All(answers.Values, answer =>
        {
            var refused = Assert.IsType<JoinerResult.Refused>(ResultOf(answer));
            Assert.Equal(JoinRefusalReason.BadAnswer, refused.Refusal.Reason);
        });
    }

    [Fact]
    public void An_answer_with_the_own_name_for_another_key_is_refused()
    {
        var certificate = _fleet.Host("web1").RawData;
        var answer = Accepted("web2") with { Certificate = certificate };

        var refused = Assert.IsType<JoinerResult.Refused>(ResultOf(answer));

        Assert.Contains("another key", refused.Refusal.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Random_bytes_end_either_side_or_are_waited_for()
    {
        for (var seed = 0; seed < 3000; seed++)
        {
            var random = new Random(seed);
            var bytes = new byte[random.Next(1, 200)];
            random.NextBytes(bytes);
            // Half of them begin as a message does.
            if (seed % 2 == 0 && bytes.Length > 6)
                bytes = [0, 0, 0, (byte)(bytes.Length - 4), (byte)random.Next(9), 1, .. bytes.AsSpan(6)];
            var (issuer, joiner) = (Issuer(), Joiner());
            var byIssuer = issuer.Step(new IssuerInput.Received(bytes), SetTime.Start);
            var byJoiner = joiner.Step(new JoinerInput.Received(bytes), SetTime.Start);
            // The end is said once: either here, or when the connection is closed.
            var closed = issuer.Step(new IssuerInput.Closed(), SetTime.Start);
            Assert.Single(byIssuer.Concat(closed).OfType<IssuerOutput.Finish>());
            var broken = joiner.Step(new JoinerInput.Closed(""), SetTime.Start);
            Assert.Single(byJoiner.Concat(broken).OfType<JoinerOutput.Finish>());
        }
    }

    private static IssuerMachine Issuer() => new(_nothingShown, SetTime.Start, _limit);

    private JoinerMachine Joiner() => new(Intent(), _fleet.Founded.Member.Certificate, SetTime.Start, _limit);

    private JoinerIntent.Join Intent() => new(
        JoinToken.Of(_fleet.Authority.Id, _fleet.Authority.Certificate.Fingerprint, new byte[16]), _web1,
        _key.RequestFor(_web1), _key.Fingerprint);

    private JoinMessages.Join JoinQuestion() =>
        new(SetTime.Start, Intent().Token, _web1, _key.RequestFor(_web1));

    private JoinMessages.Hello Hello() => new(1, 1, SetTime.Start, [_fleet.Authority.Certificate]);

    private JoinMessages.Accepted Accepted(string host = "web1")
    {
        var token = _fleet.Authority.MakeToken(TimeSpan.FromHours(1)).Value;
        var granted = Assert.IsType<Admission.Granted>(
            _fleet.Authority.Admit(token, new HostName(host), TestFleet.RequestOf(_key, host)));
        var trust = _fleet.Authority.Trust.Current;
        return new JoinMessages.Accepted(granted.Certificate, trust.Authorities, trust.Revocations.Bytes, []);
    }

    private JoinerResult ResultOf(JoinMessages.Accepted answer)
    {
        var joiner = Joiner();
        Answer(joiner, Hello());
        return Assert.IsType<JoinerOutput.Finish>(Assert.Single(Answer(joiner, answer))).Result;
    }

    private static ImmutableArray<IssuerOutput> Ask(IssuerMachine issuer, JoinMessage question) =>
        issuer.Step(new IssuerInput.Received(JoinWire.Write(question)), SetTime.Start);

    private static ImmutableArray<JoinerOutput> Answer(JoinerMachine joiner, JoinMessage answer) =>
        joiner.Step(new JoinerInput.Received(JoinWire.Write(answer)), SetTime.Start);

    private static JoinMessage SentBy(ImmutableArray<IssuerOutput> outputs) =>
        ((JoinReading.Read)JoinWire.Read(
            Assert.IsType<IssuerOutput.Send>(outputs[0]).Bytes.Span, JoinWire.MaxAnswer)).Message;

    /// <summary>The reason that the peer gets is the one that the log has.</summary>
    private static JoinRefusalReason? RefusalOf(ImmutableArray<IssuerOutput> outputs)
    {
        var refusal = Assert.IsType<IssuerOutput.Finish>(outputs[^1]).Refusal;
        Assert.Equal(refusal, Assert.IsType<JoinMessages.Refused>(SentBy(outputs)).Refusal);
        return refusal?.Reason;
    }

    private static JoinRefusalReason? RefusalOf(ImmutableArray<JoinerOutput> outputs) =>
        Assert.IsType<JoinerResult.Refused>(Assert.IsType<JoinerOutput.Finish>(outputs[^1]).Result).Refusal.Reason;
}
