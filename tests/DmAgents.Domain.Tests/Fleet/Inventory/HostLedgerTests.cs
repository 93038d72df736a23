using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using static DmAgents.Domain.Tests.Fleet.GivenFleet;

namespace DmAgents.Domain.Tests.Fleet.Inventory;

public sealed class HostLedgerTests
{
    private static readonly ImageReference App = new("app:1");

    private HostLedger _state = new(A);

    [Fact]
    public void Space_that_is_promised_is_not_promised_again_until_it_lapses_or_is_released()
    {
        Announce(1, free: 50);
        Assert.IsType<HostReplies.Kept>(Promise(1, 30).Reply);
        var refusal = Assert.IsType<HostReplies.Refused>(Promise(2, 30).Reply).Refusal;
        Assert.Equal(RefusalKind.NoSpace, refusal.Kind);
        Assert.Contains("30 GiB of data", refusal.Why, StringComparison.Ordinal);
        Assert.Equal(new PoolSpace(ByteSize.GiB(30), ByteSize.MiB(1)), _state.Offer(At)!.Promised);

        Do(new HostCommands.Release(new CopyId(App, 1), At));
        Assert.IsType<HostReplies.Kept>(Promise(2, 30).Reply);
        Assert.IsType<HostReplies.Kept>(Promise(3, 30, at: 31).Reply);
        Assert.Equal(3UL, Assert.Single(_state.Promises).Copy.Number);
    }

    [Fact]
    public void A_promise_asked_again_is_the_same_and_is_journaled_only_when_half_of_it_is_over()
    {
        Announce(1, free: 50);
        Promise(1, 30);
        Assert.Empty(Promise(1, 30, at: 10).Events);
        Assert.Equal(After(50), Assert.IsType<HostReplies.Kept>(Promise(1, 30, at: 20).Reply).Promise.Until);
        Assert.Single(_state.Promises);
        Do(new HostCommands.Tick(After(49)));
        Assert.Single(_state.Promises);
        Do(new HostCommands.Tick(After(50)));
        Assert.Empty(_state.Promises);
    }

    [Fact]
    public void Metadata_are_a_budget_of_their_own_and_a_tenth_of_each_stays_free()
    {
        Announce(1, free: 50);
        Assert.IsType<HostReplies.Kept>(Promise(1, 40).Reply);
        Do(new HostCommands.Release(new CopyId(App, 1), At));
        Assert.IsType<HostReplies.Refused>(Promise(2, 41).Reply);
        var refusal = Assert.IsType<HostReplies.Refused>(Promise(3, 1, metadata: 41).Reply).Refusal;
        Assert.Contains("metadata free", refusal.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_that_is_gone_or_has_begun_anew_or_admits_nothing_is_promised_nothing()
    {
        Assert.IsType<HostReplies.Refused>(Promise(1, 1).Reply);
        Announce(1, free: 50, admits: false);
        Assert.IsType<HostReplies.Refused>(Promise(1, 1).Reply);
        Announce(2, free: 50);
        Promise(1, 1);
        Do(new HostCommands.NoteGone(new Incarnation(1), HostAbsence.Lost, At));
        Assert.Empty(_state.Promises);
        Assert.Null(_state.Offer(At));
        Assert.IsType<HostReplies.Refused>(Promise(1, 1).Reply);
        Assert.IsType<HostReplies.Ended>(Announce(3, free: 50).Reply);

        Do(new HostCommands.Announce(Stamped(1, incarnation: 2), Capacity(50), After(9)));
        Assert.Equal((true, After(9)), (_state.IsThere, _state.Since));
        Assert.IsType<HostReplies.Refused>(Promise(1, 1).Reply);
        Assert.Empty(Do(new HostCommands.NoteGone(new Incarnation(1), HostAbsence.Lost, At)).Events);
    }

    [Fact]
    public void Only_what_differs_is_journaled_and_what_is_late_is_nothing()
    {
        Announce(1, free: 50);
        Assert.Empty(Announce(2, free: 50).Events);
        Assert.Single(Announce(4, free: 40).Events);
        Assert.Empty(Announce(3, free: 60).Events);
        Assert.Equal(ByteSize.GiB(40), _state.Capacity.Pools[0].Free.Data);
    }

    [Fact]
    public void A_lost_host_can_leave()
    {
        Announce(1, free: 50);
        Do(new HostCommands.NoteGone(new Incarnation(1), HostAbsence.Lost, At));
        Do(new HostCommands.NoteGone(new Incarnation(1), HostAbsence.Left, At));
        Assert.Equal(HostAbsence.Left, _state.Absence);
        Assert.Empty(Do(new HostCommands.NoteGone(new Incarnation(1), HostAbsence.Lost, At)).Events);
    }

    [Fact]
    public void What_is_of_no_known_kind_throws()
    {
        Assert.Throws<InvalidOperationException>(() => _state.Apply(new UnknownEvent()));
        Assert.Throws<InvalidOperationException>(() => HostLedgerDecider.Decide(_state, new UnknownCommand()));
    }

    private FleetDecision<HostLedgerEvent, HostReply> Announce(ulong sequence, ulong free, bool admits = true) =>
        Do(new HostCommands.Announce(Stamped(sequence), Capacity(free, admits), At));

    private static HostCapacity Capacity(ulong free, bool admits = true) => new(
        [
            new PoolCapacity(
                new PoolName("pool"), new PoolSpace(ByteSize.GiB(100), ByteSize.MiB(100)),
                new PoolSpace(ByteSize.GiB(free), ByteSize.MiB(50)), admits),
        ],
        "1");

    private FleetDecision<HostLedgerEvent, HostReply> Promise(
        ulong copy, ulong data, ulong metadata = 1, double at = 0) =>
        Do(new HostCommands.Promise(
            new CopyId(App, copy), new Incarnation(1), new PoolSpace(ByteSize.GiB(data), ByteSize.MiB(metadata)), Lease,
            After(at)));

    private FleetDecision<HostLedgerEvent, HostReply> Do(HostCommand command)
    {
        var decision = HostLedgerDecider.Decide(_state, command);
        _state = decision.Events.Aggregate(_state, (state, e) => state.Apply(e));
        return decision;
    }

    private sealed record UnknownEvent() : HostLedgerEvent(GivenFleet.At);

    private sealed record UnknownCommand() : HostCommand(GivenFleet.At);
}
