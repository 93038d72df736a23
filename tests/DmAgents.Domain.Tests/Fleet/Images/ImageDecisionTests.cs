using System.Collections.Immutable;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using static DmAgents.Domain.Tests.Fleet.GivenFleet;

namespace DmAgents.Domain.Tests.Fleet.Images;

public sealed class ImageDecisionTests
{
    private static readonly HostName D = new("d");
    private static readonly Digest Config = Digest.Of("config"u8);
    private static readonly ImagePolicy Policy = new(TimeSpan.FromMinutes(10), Lease, TimeSpan.FromSeconds(10));

    private static readonly ImmutableArray<LineageLayer> Lineage =
        [new(Layer(1), new PoolSpace(ByteSize.GiB(1), ByteSize.MiB(1)))];

    private readonly Dictionary<HostName, ulong> _sequences = [];
    private ImageState _state = new(new ImageReference("app:1"));
    private int _requests;

    [Fact]
    public void Copies_are_planned_toward_the_wanted_number_with_candidates_and_reasons_and_only_once()
    {
        Define(copies: 3);
        Say(A, HoldingKind.Whole);
        var planned = Consider().Events.Cast<ImageEvents.CopyPlanned>().ToList();
        Assert.Equal([(1UL, B), (2UL, C)], planned.Select(p => (p.Copy, p.Target)));
        Assert.Equal("1 of 3 copies are there", planned[0].Why);
        Assert.Equal(
            [(B, CandidateVerdict.Fits), (C, CandidateVerdict.Fits), (D, CandidateVerdict.Fits),
                (A, CandidateVerdict.HasIt)],
            planned[0].Candidates.Select(c => (c.Host, c.Verdict)));
        Assert.Equal(CandidateVerdict.UnderWay, planned[1].Candidates.Single(c => c.Host == B).Verdict);
        Assert.Empty(Consider().Events);
        Assert.Equal([B, C], _state.Decisions.Select(d => d.Chosen!.Value));
    }

    [Fact]
    public void A_copy_is_asked_for_only_once_its_space_is_promised_and_ends_with_the_hosts_word()
    {
        Define(copies: 2);
        Say(A, HoldingKind.Whole);
        Consider();
        Assert.Equal([new ImageWork.Promise(Id(1), B, new Incarnation(1), Lineage[0].Space)], ImageWork.Of(_state));
        Do(new ImageCommands.NotePromise(1, new PoolName("pool"), Lease, At));
        Assert.Contains(new ImageWork.Copy(Id(1), B, new Incarnation(1)), ImageWork.Of(_state));
        Assert.Empty(Do(new ImageCommands.NoteProgress(1, Lease, After(14))).Events);
        Assert.Single(Do(new ImageCommands.NoteProgress(1, Lease, After(16))).Events);
        Assert.Empty(Consider(at: 45).Events);
        Say(B, HoldingKind.Whole);
        Assert.Equal(CopyEnd.Done, Assert.IsType<ImageEvents.CopyEnded>(_last[^1]).End);
        Assert.Empty(ImageWork.Of(_state));
        Assert.IsType<ImageReplies.NoSuchCopy>(Do(new ImageCommands.NoteProgress(1, Lease, At)).Reply);
    }

    [Fact]
    public void After_a_failure_or_a_lapse_another_host_is_chosen_and_the_first_rests_longer_each_time()
    {
        Define(copies: 2);
        Say(A, HoldingKind.Whole);
        Consider();
        Do(new ImageCommands.NoteFailure(1, "full", Policy.RetryAfter, At));
        Assert.Equal(C, Assert.IsType<ImageEvents.CopyPlanned>(Assert.Single(Consider().Events)).Target);
        Assert.Equal(new CopyTrouble(1, After(10), "full"), _state.Troubles[B]);
        var events = Consider(at: 30).Events;
        Assert.Equal(CopyEnd.Lapsed, Assert.IsType<ImageEvents.CopyEnded>(events[0]).End);
        Assert.Equal((3UL, B), (Assert.IsType<ImageEvents.CopyPlanned>(events[1]).Copy, _state.Copies[3].Target));
        Do(new ImageCommands.NoteFailure(3, "full", Policy.RetryAfter, After(30)));
        Assert.Equal(new CopyTrouble(2, After(50), "full"), _state.Troubles[B]);
    }

    [Fact]
    public void A_lost_hosts_copy_counts_until_restore_after_and_the_host_is_counted_once_when_it_comes_back()
    {
        Hold(2, A, B);
        Lose(B);
        Assert.Empty(Consider(at: 599).Events);
        var planned = Assert.IsType<ImageEvents.CopyPlanned>(Assert.Single(Consider(at: 600).Events));
        Assert.Equal("1 of 2 copies are there, b is lost", planned.Why);
        Say(B, HoldingKind.Whole, incarnation: 2);
        // The copy was not begun: it is not needed any longer.
        Assert.Equal(
            CopyEnd.NotWanted, Assert.IsType<ImageEvents.CopyEnded>(Assert.Single(Consider(at: 601).Events)).End);
        Assert.Equal([A, B], _state.Holders);
    }

    [Fact]
    public void A_surplus_is_released_from_the_fullest_host_that_does_not_need_it_one_at_a_time()
    {
        Hold(1, A, B, C, D);
        Say(A, HoldingKind.Whole, inUse: true);
        var ordered = Assert.IsType<ImageEvents.ReleaseOrdered>(Assert.Single(
            Among(Offer(A, 10), Offer(B, 30), Offer(C, 20), Offer(D, 40)).Events));
        Assert.Equal(C, ordered.Host);
        Assert.Equal([new ImageWork.Release(_state.Reference, C)], ImageWork.Of(_state));
        Assert.Empty(Consider().Events);
        Assert.IsType<ImageReplies.MayDrop>(Say(C, HoldingKind.Releasing));
        Say(C, null);
        Assert.Empty(_state.Releasing);
        Assert.NotEmpty(Consider().Events);
    }

    [Fact]
    public void A_release_is_withdrawn_when_the_copy_is_needed_again()
    {
        Hold(2, A, B, C);
        Among(Offer(A, 10), Offer(B, 30), Offer(C, 20));
        Lose(B);
        Assert.IsType<ImageEvents.ReleaseWithdrawn>(Assert.Single(Consider().Events));
        Assert.IsType<ImageReplies.MustKeep>(Say(A, HoldingKind.Releasing));
        Say(A, HoldingKind.Whole);
        Assert.Equal([A, C], _state.Holders);
    }

    [Fact]
    public void The_last_verified_copy_is_never_given_up_and_two_hosts_that_ask_at_once_do_not_both_go()
    {
        Hold(2, A, B);
        Assert.IsType<ImageReplies.MustKeep>(Say(A, HoldingKind.Releasing));
        Say(A, HoldingKind.Whole);
        Assert.IsType<ImageReplies.MayDrop>(Say(A, HoldingKind.Dropping));
        Assert.Equal(new ImageEvents.DropAllowed(A, Stamped(_sequences[A]), At), _last[^1]);
        var kept = Assert.IsType<ImageReplies.MustKeep>(Say(B, HoldingKind.Dropping));
        Assert.Equal("no other host that is there has a verified copy", kept.Refusal.Why);
        // An operator's drop below the number is made good elsewhere.
        Say(B, HoldingKind.Whole);
        Say(A, null);
        Assert.Equal(C, Assert.IsType<ImageEvents.CopyPlanned>(
            Assert.Single(Among(Offer(B, 50), Offer(C, 50)).Events)).Target);
    }

    [Fact]
    public void A_lost_host_or_an_incomplete_one_is_no_reason_to_let_a_copy_go()
    {
        Hold(1, A, B);
        Say(C, HoldingKind.Incomplete);
        Lose(B);
        Assert.IsType<ImageReplies.MustKeep>(Say(A, HoldingKind.Dropping));
    }

    [Fact]
    public void A_question_that_was_overtaken_is_not_answered()
    {
        Hold(1, A, B);
        var question = new ImageCommands.Announce(A, Stamped(9), Holding(HoldingKind.Dropping), At);
        Assert.IsType<ImageReplies.MayDrop>(Do(question).Reply);
        Assert.IsType<ImageReplies.MayDrop>(Do(question).Reply);
        Do(new ImageCommands.Announce(A, Stamped(10), Holding(HoldingKind.Whole), At));
        Assert.IsType<ImageReplies.Heard>(Do(question).Reply);
        Assert.Equal([A, B], _state.Holders);
    }

    [Fact]
    public void What_a_host_said_before_the_question_that_was_answered_does_not_count_when_it_comes_late()
    {
        Hold(1, A, B);
        Do(new ImageCommands.Announce(A, Stamped(9), Holding(HoldingKind.Releasing), At));
        var delayed = new ImageCommands.Announce(A, Stamped(10), Holding(HoldingKind.Whole), At);
        Assert.IsType<ImageReplies.MayDrop>(
            Do(new ImageCommands.Announce(A, Stamped(11), Holding(HoldingKind.Releasing), At)).Reply);
        Assert.Empty(Do(delayed).Events);
        Assert.Equal([B], _state.Holders);
        Assert.IsType<ImageReplies.MustKeep>(Say(B, HoldingKind.Dropping));
    }

    [Fact]
    public void A_host_named_by_an_operator_gets_a_copy_beyond_the_number_and_keeps_it()
    {
        Hold(1, A);
        Do(new ImageCommands.Pin(NewRequest(), C, At));
        Assert.Equal(C, Assert.IsType<ImageEvents.CopyPlanned>(Assert.Single(Consider().Events)).Target);
        Say(C, HoldingKind.Whole);
        Assert.Equal(A, Assert.IsType<ImageEvents.ReleaseOrdered>(Assert.Single(Consider().Events)).Host);
        Assert.IsType<ImageReplies.MustKeep>(Say(C, HoldingKind.Releasing));
        Say(C, HoldingKind.Whole);
        Do(new ImageCommands.Unpin(NewRequest(), C, At));
        Assert.IsType<ImageReplies.Unpinned>(Do(new ImageCommands.Unpin(NewRequest(), C, At)).Reply);
    }

    [Fact]
    public void A_host_named_by_an_operator_is_found_however_many_hosts_are_better()
    {
        Hold(1, A);
        Do(new ImageCommands.Pin(NewRequest(), C, At));
        var better = Enumerable.Range(1, Placement.MaxCandidates + 1).Select(i => Offer(new HostName($"h{i}"), 90));
        var planned = Assert.IsType<ImageEvents.CopyPlanned>(Assert.Single(Among([.. better, Offer(C, 50)]).Events));
        Assert.Equal((C, C), (planned.Target, Assert.Single(planned.Candidates).Host));
    }

    [Fact]
    public void If_a_host_named_by_an_operator_does_not_fit_that_is_journaled_once_and_its_copy_is_missing()
    {
        Hold(1, A);
        Do(new ImageCommands.Pin(NewRequest(), C, At));
        var offers = new[] { Offer(A, 50), Offer(C, 5) };
        var none = Assert.IsType<ImageEvents.NoHostFits>(Assert.Single(Among(offers).Events));
        Assert.Equal("c is to have a copy", none.Why);
        Assert.Equal([(C, CandidateVerdict.LowData)], none.Candidates.Select(c => (c.Host, c.Verdict)));
        Assert.Equal(1, Assert.IsType<ImageReplies.Considered>(Among(offers).Reply).Missing);
        Assert.Empty(_last);

        none = Assert.IsType<ImageEvents.NoHostFits>(Assert.Single(Among(Offer(A, 50)).Events));
        Assert.Equal("c is to have a copy, and is not there or offers no pool", none.Why);
        Assert.Equal(1, Assert.IsType<ImageReplies.Considered>(Among(Offer(A, 50)).Reply).Missing);
    }

    [Fact]
    public void A_host_named_by_an_operator_and_the_number_that_lack_a_host_are_journaled_as_one()
    {
        Hold(3, A);
        Do(new ImageCommands.Pin(NewRequest(), C, At));
        var offers = new[] { Offer(A, 50), Offer(B, 6), Offer(C, 5) };
        var none = Assert.IsType<ImageEvents.NoHostFits>(Assert.Single(Among(offers).Events));
        Assert.Equal("c is to have a copy; 1 of 3 copies are there", none.Why);
        Assert.Equal([C, A, B], none.Candidates.Select(c => c.Host));
        // A copy there would be one of the number.
        Assert.Equal(2, Assert.IsType<ImageReplies.Considered>(Among(offers).Reply).Missing);
        Assert.Empty(_last);
        Assert.IsType<ImageEvents.CopyPlanned>(Assert.Single(
            Among(Offer(A, 50), Offer(B, 6), Offer(C, 50)).Events.OfType<ImageEvents.CopyPlanned>()));
    }

    [Fact]
    public void If_no_host_fits_that_is_journaled_once_with_the_reasons()
    {
        Hold(2, A);
        var offers = new[] { Offer(A, 50), Offer(B, 10) };
        var none = Assert.IsType<ImageEvents.NoHostFits>(Assert.Single(Among(offers).Events));
        Assert.Equal(
            [(A, CandidateVerdict.HasIt), (B, CandidateVerdict.LowData)],
            none.Candidates.Select(c => (c.Host, c.Verdict)));
        Assert.Empty(Among(Offer(A, 50), Offer(B, 9)).Events);
        Assert.Equal(1, Assert.IsType<ImageReplies.Considered>(Among(offers).Reply).Missing);
    }

    [Fact]
    public void A_host_on_which_an_operator_gave_the_name_to_another_image_is_not_chosen_and_the_verdict_says_why()
    {
        Hold(3, A);
        var (own, before) = (Digest.Of("an operator's"u8), Digest.Of("the fleet's, before"u8));
        Do(new ImageCommands.Announce(
            B, Stamped(1), new ImageHolding(own, HoldingKind.Incomplete, InUse: false, Kept: true), At));
        Do(new ImageCommands.Announce(
            C, Stamped(1), new ImageHolding(before, HoldingKind.Whole, InUse: true), At));

        var events = Among(Offer(A, 50), Offer(B, 90), Offer(C, 50)).Events;

        // The fleet replaces its own copy of what the name meant before. If a container needs its layers, they stay.
        Assert.Equal(C, Assert.Single(events.OfType<ImageEvents.CopyPlanned>()).Target);
        var none = Assert.Single(events.OfType<ImageEvents.NoHostFits>());
        Assert.Equal(CandidateVerdict.OtherImage, none.Candidates.Single(c => c.Host == B).Verdict);
        // Not even if it is named.
        Do(new ImageCommands.Pin(NewRequest(), B, At));
        Assert.Empty(Among(Offer(B, 90)).Events.OfType<ImageEvents.CopyPlanned>());
    }

    [Fact]
    public void A_copy_that_an_operator_brought_is_not_released()
    {
        Hold(1, A);
        Do(new ImageCommands.Announce(
            B, Stamped(1), new ImageHolding(_state.Config!.Value, HoldingKind.Whole, InUse: false, Kept: true), At));

        var ordered = Among(Offer(A, 50), Offer(B, 1)).Events.OfType<ImageEvents.ReleaseOrdered>();

        Assert.Equal(A, Assert.Single(ordered).Host);
    }

    [Fact]
    public void Nothing_is_copied_of_which_no_host_has_all()
    {
        Define(copies: 2);
        Say(A, HoldingKind.Incomplete);
        Assert.Equal(2, Assert.IsType<ImageReplies.Considered>(Consider().Reply).Missing);
        Assert.Empty(_last);
    }

    [Fact]
    public void A_reference_that_is_given_to_another_image_begins_anew_and_a_late_repeat_does_not_bring_the_old_back()
    {
        Hold(2, A);
        var first = _defined!;
        Consider();
        var other = Digest.Of("other"u8);
        Assert.IsType<ImageReplies.Refused>(Do(first with { Request = NewRequest(), Config = other, Replace = false })
            .Reply);
        Do(first with { Request = NewRequest(), Config = other });
        Assert.Empty(_state.Copies);
        Assert.Empty(_state.Holders);
        Assert.Empty(Do(first).Events);
        Assert.Equal(other, _state.Config);
    }

    [Fact]
    public void A_target_that_begins_anew_does_not_go_on_with_its_copy()
    {
        Hold(2, A);
        Consider();
        Say(B, null, incarnation: 2);
        Assert.Equal(CopyEnd.HostGone, Assert.IsType<ImageEvents.CopyEnded>(_last[^1]).End);
    }

    [Fact]
    public void A_host_that_leaves_takes_its_copy_at_once()
    {
        Hold(2, A, B);
        Do(new ImageCommands.NoteGone(B, new Incarnation(1), HostAbsence.Left, At));
        Assert.IsType<ImageEvents.CopyPlanned>(Assert.Single(Among(Offer(A, 50), Offer(C, 50)).Events));
        Assert.IsType<ImageReplies.Ended>(Say(B, HoldingKind.Whole));
    }

    [Fact]
    public void Every_command_is_answered_in_every_phase_and_a_refusal_says_what_why_and_what_next()
    {
        var answered = 0;
        foreach (var state in States())
        {
            foreach (var command in Commands())
            {
                var decision = ImageDecider.Decide(state, command);
                Assert.All(decision.Events, e => Assert.Equal(command.At, e.At));
                var after = decision.Events.Aggregate(state, (s, e) => s.Apply(e));
                if (decision.Reply is ImageReplies.Refused { Refusal: var refusal })
                {
                    Assert.Empty(decision.Events);
                    Assert.StartsWith("cannot ", refusal.What, StringComparison.Ordinal);
                    Assert.All([refusal.Subject, refusal.Why, refusal.Next], text =>
                        Assert.False(string.IsNullOrWhiteSpace(text)));
                }
                // Done twice it changes nothing more; the permission to drop alone is journaled each time.
                Assert.All(
                    ImageDecider.Decide(after, command).Events, e => Assert.IsType<ImageEvents.DropAllowed>(e));
                answered++;
            }
        }
        Assert.InRange(answered, 150, int.MaxValue);
    }

    [Fact]
    public void What_is_of_no_known_kind_throws()
    {
        Assert.Throws<InvalidOperationException>(() => _state.Apply(new UnknownEvent()));
        Assert.Throws<InvalidOperationException>(() => ImageDecider.Decide(_state, new UnknownCommand()));
    }

    private IEnumerable<ImageState> States()
    {
        yield return _state;
        Say(A, HoldingKind.Whole);
        yield return _state;
        Define(copies: 2);
        yield return _state;
        Consider();
        yield return _state;
        Do(new ImageCommands.NotePromise(1, new PoolName("pool"), Lease, At));
        yield return _state;
        Say(B, HoldingKind.Whole);
        yield return _state;
        Say(C, HoldingKind.Whole);
        Consider();
        yield return _state;
        Say(A, HoldingKind.Releasing);
        yield return _state;
        Lose(C);
        yield return _state;
        Do(new ImageCommands.Pin(NewRequest(), B, At));
        yield return _state;
    }

    private IEnumerable<ImageCommand> Commands()
    {
        yield return new ImageCommands.Define(NewRequest(), Config, Lineage, 2, Replace: true, At);
        yield return new ImageCommands.Define(NewRequest(), Digest.Of("x"u8), Lineage, 2, Replace: true, At);
        yield return new ImageCommands.Define(NewRequest(), Digest.Of("x"u8), [], 2, Replace: true, At);
        yield return new ImageCommands.Define(NewRequest(), Digest.Of("x"u8), Lineage, 0, Replace: false, At);
        yield return new ImageCommands.SetCopies(NewRequest(), 0, At);
        yield return new ImageCommands.SetCopies(NewRequest(), 3, At);
        yield return new ImageCommands.Pin(NewRequest(), C, At);
        yield return new ImageCommands.Unpin(NewRequest(), B, At);
        foreach (var kind in Enum.GetValues<HoldingKind>())
            yield return new ImageCommands.Announce(A, Stamped(50), Holding(kind), At);
        yield return new ImageCommands.Announce(A, Stamped(50), null, At);
        yield return new ImageCommands.NoteGone(A, new Incarnation(1), HostAbsence.Lost, At);
        yield return new ImageCommands.NoteGone(C, new Incarnation(1), HostAbsence.Left, At);
        yield return new ImageCommands.Consider([.. All], Policy, At);
        yield return new ImageCommands.Consider([], Policy, After(9999));
        yield return new ImageCommands.NotePromise(1, new PoolName("pool"), Lease, At);
        yield return new ImageCommands.NoteProgress(1, Lease, After(20));
        yield return new ImageCommands.NoteFailure(1, "no", Policy.RetryAfter, At);
    }

    private static readonly HostOffer[] All = [Offer(A, 50), Offer(B, 50), Offer(C, 50), Offer(D, 50)];

    private ImageCommands.Define? _defined;
    private ImmutableArray<ImageEvent> _last = [];

    private void Define(int copies) =>
        Do(_defined = new ImageCommands.Define(NewRequest(), Config, Lineage, copies, Replace: true, At));

    private void Hold(int copies, params HostName[] hosts)
    {
        Define(copies);
        foreach (var host in hosts)
            Say(host, HoldingKind.Whole);
    }

    private ImageReply Say(HostName host, HoldingKind? kind, ulong incarnation = 1, bool inUse = false)
    {
        _sequences[host] = _sequences.GetValueOrDefault(host) + 1;
        return Do(new ImageCommands.Announce(
            host, Stamped(_sequences[host], incarnation), kind is { } k ? Holding(k, inUse) : null, At)).Reply;
    }

    private void Lose(HostName host) =>
        Do(new ImageCommands.NoteGone(host, new Incarnation(1), HostAbsence.Lost, At));

    private FleetDecision<ImageEvent, ImageReply> Consider(double at = 0) =>
        Do(new ImageCommands.Consider([.. All], Policy, After(at)));

    private FleetDecision<ImageEvent, ImageReply> Among(params HostOffer[] offers) =>
        Do(new ImageCommands.Consider([.. offers], Policy, At));

    private FleetDecision<ImageEvent, ImageReply> Do(ImageCommand command)
    {
        var decision = ImageDecider.Decide(_state, command);
        _last = decision.Events;
        _state = _last.Aggregate(_state, (state, e) => state.Apply(e));
        return decision;
    }

    private CopyId Id(ulong number) => new(_state.Reference, number);

    private RequestId NewRequest() => new(new Guid(++_requests, 0, 0, new byte[8]));

    private static ImageHolding Holding(HoldingKind kind, bool inUse = false) => new(Config, kind, inUse);

    private static HostOffer Offer(HostName host, ulong free) => new(
        host, new Incarnation(1), new PoolName("pool"), new PoolSpace(ByteSize.GiB(100), ByteSize.MiB(100)),
        new PoolSpace(ByteSize.GiB(free), ByteSize.MiB(90)), default, HeldLayers: 0);

    private sealed record UnknownEvent() : ImageEvent(GivenFleet.At);

    private sealed record UnknownCommand() : ImageCommand(GivenFleet.At);
}
