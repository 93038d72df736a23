using System.Collections.Immutable;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using static DmAgents.Domain.Tests.Fleet.GivenFleet;

namespace DmAgents.Domain.Tests.Fleet.Containers;

public sealed class ContainerDecisionTests
{
    private static readonly ImageReference App = new("app:1");

    private static readonly ImmutableArray<LineageLayer> Lineage =
        [new(Layer(1), new PoolSpace(ByteSize.GiB(1), ByteSize.MiB(1)))];

    private readonly Dictionary<HostName, ulong> _sequences = [];
    private ContainerState _state = new(new ContainerName("web"));
    private int _requests;

    [Fact]
    public void A_container_is_placed_at_the_best_host_and_the_image_is_brought_first_if_the_host_lacks_it()
    {
        var placed = Placed(Create(null, Offer(A, 50), Offer(B, 60)));
        Assert.Equal((B, Epoch(1), ContainerPhase.BringingImage), (placed.Host, placed.Epoch, placed.Phase));
        Assert.Equal([B, A], _state.Candidates.Select(candidate => candidate.Host));
        Assert.Equal([new ContainerWork.BringImage(App, B, Epoch(1))], ContainerWork.Of(_state));
        Do(new ContainerCommands.NoteImage(B, Epoch(1), At));
        Assert.Equal([new ContainerWork.Create(_state.Name, App, B, Epoch(1))], ContainerWork.Of(_state));
        Assert.Equal(Epoch(1), Assert.IsType<ContainerReplies.Owns>(Say(B, 1)).Epoch);
        Assert.Equal(ContainerPhase.Owned, _state.Phase);
        Assert.Empty(ContainerWork.Of(_state));
    }

    [Fact]
    public void A_host_with_the_image_makes_the_container_at_once()
    {
        var placed = Placed(Create(null, Offer(A, 50, held: 1), Offer(B, 60)));
        Assert.Equal((A, ContainerPhase.Creating), (placed.Host, placed.Phase));
    }

    [Fact]
    public void A_repeated_request_gets_the_first_answer()
    {
        var create = Create(null, Offer(A, 50));
        var first = Placed(create);
        Assert.Empty(Do(create with { Offers = [Offer(B, 90)] }).Events);
        Assert.Equal(first, Placed(create));
        Say(A, 1);
        Assert.Equal(ContainerPhase.Owned, Placed(create).Phase);
    }

    [Fact]
    public void If_the_host_fails_or_is_lost_the_next_gets_it_under_the_next_epoch_and_the_first_cannot_claim_it()
    {
        Do(Create(null, Offer(A, 50), Offer(B, 60), Offer(C, 40)));
        Do(new ContainerCommands.NoteFailure(B, Epoch(1), "no pool", At));
        Assert.Equal((A, Epoch(2)), (_state.Host, _state.Epoch));
        Do(new ContainerCommands.NoteGone(A, new Incarnation(1), HostAbsence.Lost, At));
        Assert.Equal((C, Epoch(3), "a is gone"), (_state.Host, _state.Epoch, _state.Why));
        Assert.IsType<ContainerReplies.EpochEnded>(
            Do(new ContainerCommands.NoteFailure(B, Epoch(1), "late", At)).Reply);

        Assert.Equal(Epoch(3), Assert.IsType<ContainerReplies.Fenced>(Say(B, 1)).Epoch);
        Assert.Contains(new ContainerWork.Fence(_state.Name, B, Epoch(1)), ContainerWork.Of(_state));
        Say(C, 3);
        Assert.Equal((C, ContainerPhase.Owned), (_state.Host, _state.Phase));
        Say(B, null);
        Assert.Empty(ContainerWork.Of(_state));
        Assert.IsType<ContainerReplies.Fenced>(Say(A, 2, incarnation: 2));
        Do(new ContainerCommands.NoteFailure(C, Epoch(3), "late", At));
        Assert.Equal(ContainerPhase.Owned, _state.Phase);
    }

    [Fact]
    public void A_host_named_by_an_operator_is_not_replaced_by_another()
    {
        var create = Create(B, Offer(A, 90), Offer(B, 60));
        Assert.Equal(B, Placed(create).Host);
        Do(new ContainerCommands.NoteFailure(B, Epoch(1), "no pool", At));
        Assert.Equal(ContainerPhase.None, _state.Phase);
        Assert.Equal("b: no pool", Refused(create).Why);
        Assert.Equal(Epoch(2), Placed(Create(A, Offer(A, 90))).Epoch);
    }

    [Fact]
    public void When_no_host_is_left_the_creation_has_failed_and_the_late_container_is_fenced()
    {
        Do(Create(null, Offer(A, 50)));
        Do(new ContainerCommands.NoteGone(A, new Incarnation(1), HostAbsence.Lost, At));
        Assert.Equal((ContainerPhase.None, "a is gone"), (_state.Phase, _state.Why));
        Assert.IsType<ContainerReplies.Fenced>(Say(A, 1, incarnation: 2));
    }

    [Fact]
    public void A_container_that_is_owned_stays_its_hosts_while_that_is_lost()
    {
        Own(A);
        Do(new ContainerCommands.NoteGone(A, new Incarnation(1), HostAbsence.Lost, At));
        Assert.Equal((A, ContainerPhase.Owned), (_state.Host, _state.Phase));
        Assert.IsType<ContainerReplies.Owns>(Say(A, 1, incarnation: 2));
        Assert.IsType<ContainerReplies.Ended>(Say(A, 1));
    }

    [Fact]
    public void A_container_goes_with_the_word_of_its_host_and_its_epoch_is_never_used_again()
    {
        Own(A);
        var remove = new ContainerCommands.Remove(NewRequest(), At);
        Assert.False(Assert.IsType<ContainerReplies.Removing>(Do(remove).Reply).Gone);
        Assert.Equal([new ContainerWork.Remove(_state.Name, A, Epoch(1))], ContainerWork.Of(_state));
        Assert.Equal(RefusalKind.Busy, Refused(Create(null, Offer(B, 50))).Kind);
        Do(new ContainerCommands.NoteRemoved(A, Epoch(1), At));
        Assert.True(Assert.IsType<ContainerReplies.Removing>(Do(remove).Reply).Gone);
        Say(A, null);
        Assert.Equal(Epoch(2), Placed(Create(null, Offer(A, 50))).Epoch);
    }

    [Fact]
    public void A_container_that_is_removed_while_it_is_made_waits_for_its_hosts_word_not_for_an_older_one()
    {
        Say(A, null);
        Do(Create(null, Offer(A, 50, held: 1)));
        Do(new ContainerCommands.Remove(NewRequest(), At));
        Say(A, null);
        Assert.Equal(ContainerPhase.Removing, _state.Phase);
        Do(new ContainerCommands.NoteRemoved(A, Epoch(1), At));
        Assert.Equal(ContainerPhase.None, _state.Phase);
    }

    [Fact]
    public void A_container_that_is_gone_before_it_is_announced_under_its_epoch_has_vanished()
    {
        Say(A, 0);
        Assert.Equal(ContainerPhase.Owned, _state.Phase);

        Say(A, null);

        Assert.Equal(ContainerPhase.Vanished, _state.Phase);
    }

    [Fact]
    public void A_removal_that_its_host_does_not_do_says_why_once_and_is_asked_again()
    {
        Do(Create(null, Offer(A, 50, held: 1)));
        Say(A, 1);
        Do(new ContainerCommands.Remove(NewRequest(), At));
        Assert.Equal("", _state.Why);
        var mounted = new ContainerCommands.NoteFailure(A, Epoch(1), "it is mounted", At);

        Assert.Single(Do(mounted).Events);
        Assert.Empty(Do(mounted).Events);
        Assert.Empty(Do(mounted with { Host = B }).Events);

        Assert.Equal((ContainerPhase.Removing, "a: it is mounted"), (_state.Phase, _state.Why));
        Assert.Equal([new ContainerWork.Remove(_state.Name, A, Epoch(1))], ContainerWork.Of(_state));
        Do(new ContainerCommands.NoteRemoved(A, Epoch(1), At));
        Assert.Equal(ContainerPhase.None, _state.Phase);
    }

    [Fact]
    public void A_container_that_its_host_does_not_have_any_more_has_vanished_and_may_come_back()
    {
        Own(A);
        Say(A, null);
        Assert.Equal(ContainerPhase.Vanished, _state.Phase);
        Say(A, 1);
        Assert.Equal(ContainerPhase.Owned, _state.Phase);
        Say(A, null);
        Assert.True(Assert.IsType<ContainerReplies.Removing>(
            Do(new ContainerCommands.Remove(NewRequest(), At)).Reply).Gone);
    }

    [Fact]
    public void A_container_made_on_a_host_by_itself_becomes_known_and_a_second_of_its_name_is_never_fenced()
    {
        Assert.Equal(Epoch(1), Assert.IsType<ContainerReplies.Owns>(Say(A, 0)).Epoch);
        Assert.Equal(Epoch(1), Assert.IsType<ContainerReplies.Owns>(Say(A, 0)).Epoch);
        var taken = Assert.IsType<ContainerReplies.NameTaken>(Say(B, 0));
        Assert.Equal("give the one on b another name", taken.Refusal.Next);
        Assert.Empty(ContainerWork.Of(_state));
        Assert.Equal(RefusalKind.Exists, Refused(Create(null, Offer(C, 50))).Kind);
    }

    [Fact]
    public void An_epoch_that_the_journal_does_not_know_is_taken_over_and_never_fenced()
    {
        Say(A, 5);
        Assert.Equal((A, Epoch(5), ContainerPhase.Owned), (_state.Host, _state.Epoch, _state.Phase));
        Assert.IsType<ContainerReplies.NameTaken>(Say(B, 7));
        Assert.Empty(ContainerWork.Of(_state));
    }

    [Fact]
    public void A_host_that_leaves_takes_its_containers_out_of_the_fleet()
    {
        Own(A);
        Do(new ContainerCommands.NoteGone(A, new Incarnation(1), HostAbsence.Left, At));
        Assert.Equal(ContainerPhase.Vanished, _state.Phase);
    }

    [Fact]
    public void A_lost_host_that_is_later_said_to_have_left_takes_its_containers_out_of_the_fleet()
    {
        Own(A);
        Do(new ContainerCommands.NoteGone(A, new Incarnation(1), HostAbsence.Lost, At));
        Assert.NotEmpty(Do(new ContainerCommands.NoteGone(A, new Incarnation(1), HostAbsence.Left, At)).Events);
        Assert.Equal(ContainerPhase.Vanished, _state.Phase);
        Assert.Empty(Do(new ContainerCommands.NoteGone(A, new Incarnation(1), HostAbsence.Left, At)).Events);
        Assert.Empty(Do(new ContainerCommands.NoteGone(A, new Incarnation(1), HostAbsence.Lost, At)).Events);
        Assert.True(Assert.IsType<ContainerReplies.Removing>(
            Do(new ContainerCommands.Remove(NewRequest(), At)).Reply).Gone);
        Assert.Equal(Epoch(2), Placed(Create(null, Offer(B, 50))).Epoch);
    }

    [Fact]
    public void A_removal_ends_if_the_lost_host_leaves()
    {
        Own(A);
        Do(new ContainerCommands.NoteGone(A, new Incarnation(1), HostAbsence.Lost, At));
        var remove = new ContainerCommands.Remove(NewRequest(), At);
        Assert.False(Assert.IsType<ContainerReplies.Removing>(Do(remove).Reply).Gone);
        Do(new ContainerCommands.NoteGone(A, new Incarnation(1), HostAbsence.Left, At));
        Assert.True(Assert.IsType<ContainerReplies.Removing>(Do(remove).Reply).Gone);
        Assert.Empty(ContainerWork.Of(_state));
    }

    [Fact]
    public void A_container_of_another_epoch_has_nothing_of_the_request_that_made_the_one_before()
    {
        var create = Create(null, Offer(A, 50, held: 1), Offer(B, 40));
        Do(create);
        Do(new ContainerCommands.NoteFailure(A, Epoch(1), "no pool", At));
        Remove(B, 2);
        Assert.Equal(Epoch(3), Assert.IsType<ContainerReplies.Owns>(Say(C, 0)).Epoch);
        Assert.Equal((null, null, false), (_state.MadeBy, _state.Image, _state.Chosen));
        Assert.Empty(_state.Candidates);
        Assert.Empty(_state.Tried);
        Refused(create);
        Say(C, 3);
        Assert.Equal((C, ContainerPhase.Owned), (_state.Host, _state.Phase));
    }

    [Fact]
    public void A_late_removal_does_not_remove_a_container_that_was_made_since()
    {
        Own(A);
        var late = Remove(A, 1);
        OwnAgain(2);
        Remove(A, 2);
        OwnAgain(3);
        Assert.Empty(Do(late).Events);
        Assert.True(Assert.IsType<ContainerReplies.Removing>(Do(late).Reply).Gone);
        Assert.Equal(ContainerPhase.Owned, _state.Phase);
        // The removal of another container of the name is not its own.
        Do(new ContainerCommands.Remove(NewRequest(), At));
        Assert.True(Assert.IsType<ContainerReplies.Removing>(Do(late).Reply).Gone);
    }

    [Fact]
    public void What_a_host_said_in_between_does_not_count_when_it_comes_late()
    {
        Say(A, null);
        var delayed = new ContainerCommands.Announce(A, Stamped(++_sequences[A]), Epoch(3), At);
        Say(A, null);
        Assert.Empty(Do(delayed).Events);
        Assert.Equal(ContainerPhase.None, _state.Phase);
    }

    [Fact]
    public void Requests_are_remembered_up_to_their_number()
    {
        for (var epoch = 1ul; epoch <= ContainerState.MaxRequests; epoch++)
        {
            OwnAgain(epoch);
            Remove(A, epoch);
        }
        Assert.Equal(ContainerState.MaxRequests, _state.Requests.Length);
        Assert.Equal(Epoch(ContainerState.MaxRequests), _state.Requests[^1].Epoch);
        Assert.Equal(ContainerState.MaxRequests, _state.Requests.Select(request => request.Id).Distinct().Count());
    }

    [Fact]
    public void A_removal_that_finds_another_under_way_is_remembered_as_well()
    {
        Own(A);
        Do(new ContainerCommands.Remove(NewRequest(), At));
        var second = new ContainerCommands.Remove(NewRequest(), At);
        Assert.False(Assert.IsType<ContainerReplies.Removing>(Do(second).Reply).Gone);
        Do(new ContainerCommands.NoteRemoved(A, Epoch(1), At));
        Say(A, null);
        OwnAgain(2);
        Assert.True(Assert.IsType<ContainerReplies.Removing>(Do(second).Reply).Gone);
        Assert.Equal(ContainerPhase.Owned, _state.Phase);
    }

    [Fact]
    public void A_late_creation_does_not_make_the_container_again()
    {
        var late = Create(A, Offer(A, 50, held: 1));
        Do(late);
        Say(A, 1);
        Remove(A, 1);
        OwnAgain(2);
        Remove(A, 2);
        Assert.Equal(
            (RefusalKind.Failed, "the container that this request made is not there any more"),
            (Refused(late).Kind, Refused(late).Why));
        Assert.Equal(ContainerPhase.None, _state.Phase);
    }

    [Fact]
    public void A_creation_is_refused_with_the_reason()
    {
        Assert.Equal(RefusalKind.NoSpace, Refused(Create(null, Offer(A, 5), Offer(B, 6))).Kind);
        Assert.Equal("of 2 hosts none fits: b LowData, a LowData", Refused(Create(null, Offer(A, 5), Offer(B, 6))).Why);
        Assert.Equal(RefusalKind.WrongState, Refused(Create(C, Offer(A, 50))).Kind);
        Assert.Equal(RefusalKind.WrongState, Refused(Create(null)).Kind);
        Assert.Equal(
            RefusalKind.NotFound, Refused(Create(null, Offer(A, 50)) with { Lineage = [] }).Kind);
    }

    [Fact]
    public void Every_command_is_answered_in_every_phase_and_epochs_only_grow()
    {
        var answered = 0;
        foreach (var state in States())
        {
            foreach (var command in Commands())
            {
                var decision = ContainerDecider.Decide(state, command);
                var after = decision.Events.Aggregate(state, (s, e) => s.Apply(e));
                Assert.True(after.Epoch >= state.Epoch);
                Assert.Equal(after.Phase == ContainerPhase.None, after.Host is null);
                if (decision.Reply is ContainerReplies.Refused { Refusal: var refusal })
                {
                    Assert.Empty(decision.Events);
                    Assert.All([refusal.Subject, refusal.Why, refusal.Next], text =>
                        Assert.False(string.IsNullOrWhiteSpace(text)));
                }
                Assert.Empty(ContainerDecider.Decide(after, command).Events);
                answered++;
            }
        }
        Assert.InRange(answered, 150, int.MaxValue);
    }

    [Fact]
    public void What_is_of_no_known_kind_throws()
    {
        Assert.Throws<InvalidOperationException>(() => _state.Apply(new UnknownEvent()));
        Assert.Throws<InvalidOperationException>(() => ContainerDecider.Decide(_state, new UnknownCommand()));
    }

    private IEnumerable<ContainerState> States()
    {
        yield return _state;
        Do(Create(null, Offer(A, 50), Offer(B, 40)));
        yield return _state;
        Do(new ContainerCommands.NoteImage(A, Epoch(1), At));
        yield return _state;
        var creating = _state;
        Say(A, 1);
        yield return _state;
        var owned = _state;
        Say(A, null);
        yield return _state;
        _state = owned;
        Do(new ContainerCommands.Remove(NewRequest(), At));
        yield return _state;
        Do(new ContainerCommands.NoteRemoved(A, Epoch(1), At));
        yield return _state;
        _state = creating;
        Do(new ContainerCommands.NoteGone(A, new Incarnation(1), HostAbsence.Lost, At));
        yield return _state;
        Do(new ContainerCommands.NoteGone(B, new Incarnation(1), HostAbsence.Lost, At));
        yield return _state;
    }

    private IEnumerable<ContainerCommand> Commands()
    {
        yield return Create(null, Offer(A, 50), Offer(C, 40));
        yield return Create(B, Offer(B, 50));
        yield return Create(null);
        yield return new ContainerCommands.Remove(NewRequest(), At);
        foreach (var host in new[] { A, B })
        {
            foreach (var epoch in new ContainerEpoch?[] { null, Epoch(0), Epoch(1), Epoch(2), Epoch(9) })
                yield return new ContainerCommands.Announce(host, Stamped(50), epoch, At);
            yield return new ContainerCommands.NoteGone(host, new Incarnation(1), HostAbsence.Lost, At);
            yield return new ContainerCommands.NoteGone(host, new Incarnation(1), HostAbsence.Left, At);
            yield return new ContainerCommands.NoteImage(host, Epoch(1), At);
            yield return new ContainerCommands.NoteFailure(host, Epoch(1), "no", At);
            yield return new ContainerCommands.NoteRemoved(host, Epoch(1), At);
        }
    }

    private void Own(HostName host)
    {
        Do(Create(host, Offer(host, 50, held: 1)));
        Say(host, 1);
    }

    private void OwnAgain(ulong epoch)
    {
        Assert.Equal(Epoch(epoch), Placed(Create(A, Offer(A, 50, held: 1))).Epoch);
        Say(A, epoch);
    }

    private ContainerCommands.Remove Remove(HostName host, ulong epoch)
    {
        var remove = new ContainerCommands.Remove(NewRequest(), At);
        Do(remove);
        Do(new ContainerCommands.NoteRemoved(host, Epoch(epoch), At));
        Say(host, null);
        return remove;
    }

    private ContainerCommands.Create Create(HostName? host, params HostOffer[] offers) =>
        new(NewRequest(), App, host, Lineage, [.. offers], At);

    private ContainerReplies.Placed Placed(ContainerCommands.Create create) =>
        Assert.IsType<ContainerReplies.Placed>(Do(create).Reply);

    private Refusal Refused(ContainerCommands.Create create) =>
        Assert.IsType<ContainerReplies.Refused>(Do(create).Reply).Refusal;

    private ContainerReply Say(HostName host, ulong? epoch, ulong incarnation = 1)
    {
        _sequences[host] = _sequences.GetValueOrDefault(host) + 1;
        return Do(new ContainerCommands.Announce(
            host, Stamped(_sequences[host], incarnation), epoch is { } number ? Epoch(number) : null, At)).Reply;
    }

    private FleetDecision<ContainerEvent, ContainerReply> Do(ContainerCommand command)
    {
        var decision = ContainerDecider.Decide(_state, command);
        _state = decision.Events.Aggregate(_state, (state, e) => state.Apply(e));
        return decision;
    }

    private RequestId NewRequest() => new(new Guid(++_requests, 0, 0, new byte[8]));

    private static ContainerEpoch Epoch(ulong number) => new(number);

    private static HostOffer Offer(HostName host, ulong free, int held = 0) => new(
        host, new Incarnation(1), new PoolName("pool"), new PoolSpace(ByteSize.GiB(100), ByteSize.MiB(100)),
        new PoolSpace(ByteSize.GiB(free), ByteSize.MiB(90)), default, held);

    private sealed record UnknownEvent() : ContainerEvent(GivenFleet.At);

    private sealed record UnknownCommand() : ContainerCommand(GivenFleet.At);
}
