using DmAgents.Domain.Pools.Snapshots;

namespace DmAgents.Domain.Tests.Snapshots;

public sealed class SnapshotBrokerTests
{
    private readonly SnapshotBroker _broker = new();
    private TimeSpan _now = TimeSpan.FromHours(1);

    private static SnapshotOutput Take => new SnapshotOutput.Take();

    private static SnapshotOutput Release => new SnapshotOutput.Release();

    [Fact]
    public void The_first_reader_has_one_taken_and_the_last_has_it_released()
    {
        Assert.Equal([Take], Enter(1));
        Assert.Empty(Enter(2, maxAge: 60));
        Assert.Equal([Admitted(1), Admitted(2)], Step(new SnapshotInput.Taken()));
        Assert.Empty(Leave(1));
        Assert.Equal([Admitted(3)], Enter(3, maxAge: 60));
        Assert.Empty(Leave(2));
        Assert.True(_broker.IsInUse);
        Assert.Equal([Release], Leave(3));
        Assert.Empty(Step(new SnapshotInput.Released()));
        Assert.False(_broker.IsInUse);
        Assert.Null(_broker.NextDeadline);
    }

    [Fact]
    public void A_reader_that_needs_a_later_state_waits_for_the_next_snapshot()
    {
        Held(1);
        _now += TimeSpan.FromSeconds(10);

        Assert.Empty(Enter(2, maxAge: 5));
        Assert.Equal([Release], Leave(1));
        Assert.Equal([Take], Step(new SnapshotInput.Released()));
        Assert.Equal([Admitted(2)], Step(new SnapshotInput.Taken()));
    }

    [Fact]
    public void One_that_was_asked_for_before_a_reader_came_is_too_old_for_it_although_it_is_not_yet_there()
    {
        Assert.Equal([Take], Enter(1));
        _now += TimeSpan.FromMilliseconds(1);
        Assert.Empty(Enter(2));

        Assert.Equal([Admitted(1)], Step(new SnapshotInput.Taken()));
        Assert.Equal([Release], Leave(1));
        Assert.Equal([Take], Step(new SnapshotInput.Released()));
    }

    [Fact]
    public void A_reader_that_does_not_wait_is_refused_if_the_held_one_is_too_old()
    {
        Held(1);
        _now += TimeSpan.FromSeconds(10);

        Assert.Equal([Refused(2, RefusedReading.TooOld)], Enter(2, maxAge: 5, mayWait: false));
        Assert.Equal([Admitted(3)], Enter(3, maxAge: 60, mayWait: false));
    }

    [Fact]
    public void Short_readers_join_a_long_one_and_cannot_keep_a_waiting_one_out()
    {
        Held(1);
        _now += TimeSpan.FromSeconds(10);
        Assert.Empty(Enter(2));

        // The long reader has yet to end: who joins it takes nothing from the waiting one.
        Assert.Equal([Admitted(3)], Enter(3, maxAge: 60));
        Assert.Empty(Leave(1));
        // From here on only reader 3 is waited for.
        Assert.Empty(Enter(4, maxAge: 60));
        Assert.Equal([Release], Leave(3));
        Assert.Equal([Take], Step(new SnapshotInput.Released()));
        Assert.Equal([Admitted(2), Admitted(4)], Step(new SnapshotInput.Taken()));
    }

    [Fact]
    public void A_reader_whose_deadline_passes_is_told_and_the_snapshot_is_released_without_it()
    {
        Held(1, seconds: 30);
        Assert.Equal(_now + TimeSpan.FromSeconds(30), _broker.NextDeadline);
        _now += TimeSpan.FromSeconds(29);
        Assert.Empty(Step(new SnapshotInput.Tick()));
        _now += TimeSpan.FromSeconds(1);

        Assert.Equal(
            [new SnapshotOutput.Expired(new SnapshotToken(1)), Release], Step(new SnapshotInput.Tick()));
        Assert.Empty(Step(new SnapshotInput.Released()));
        Assert.Empty(Leave(1));
        Assert.Equal([Take], Enter(2));
    }

    [Fact]
    public void If_none_can_be_taken_those_that_wait_for_it_are_refused_and_those_that_came_since_try_again()
    {
        Enter(1);
        _now += TimeSpan.FromSeconds(1);
        Enter(2, maxAge: 60);
        Enter(3);

        Assert.Equal(
            [Refused(1, RefusedReading.NotTaken), Refused(2, RefusedReading.NotTaken), Take],
            Step(new SnapshotInput.NotTaken()));
        Assert.Equal([Refused(3, RefusedReading.NotTaken)], Step(new SnapshotInput.NotTaken()));
        Assert.False(_broker.IsInUse);
    }

    [Fact]
    public void While_one_is_released_readers_wait_for_the_next()
    {
        Held(1);
        Assert.Equal([Release], Leave(1));
        Assert.Empty(Enter(2, maxAge: 60));
        Assert.Empty(Enter(3, maxAge: 60, mayWait: false));
        Assert.Equal([Take], Step(new SnapshotInput.Released()));
        Assert.Equal([Admitted(2), Admitted(3)], Step(new SnapshotInput.Taken()));
    }

    [Fact]
    public void A_reader_that_gives_up_is_not_waited_for()
    {
        Held(1);
        _now += TimeSpan.FromSeconds(10);
        Enter(2);
        Assert.Empty(Step(new SnapshotInput.GiveUp(new SnapshotToken(2))));
        Assert.Equal([Release], Leave(1));
        Assert.Empty(Step(new SnapshotInput.Released()));
    }

    [Fact]
    public void One_that_comes_when_all_have_given_up_is_released_again()
    {
        Enter(1);
        Step(new SnapshotInput.GiveUp(new SnapshotToken(1)));
        Assert.Equal([Release], Step(new SnapshotInput.Taken()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_comes_in_whatever_order_every_reader_is_answered_and_nothing_stays_held(int seed)
    {
        var random = new Random(seed);
        var (open, reading, takes, releases) = (new HashSet<long>(), new HashSet<long>(), 0, 0);
        var pending = new Queue<SnapshotInput>();
        void Do(SnapshotInput input)
        {
            foreach (var output in Step(input))
            {
                switch (output)
                {
                    case SnapshotOutput.Take:
                        Assert.Equal(takes, releases);
                        Assert.Empty(pending);
                        pending.Enqueue(random.Next(5) == 0 ? new SnapshotInput.NotTaken() : new SnapshotInput.Taken());
                        takes += pending.Peek() is SnapshotInput.Taken ? 1 : 0;
                        break;
                    case SnapshotOutput.Release:
                        Assert.Empty(reading);
                        Assert.Empty(pending);
                        pending.Enqueue(new SnapshotInput.Released());
                        releases++;
                        break;
                    case SnapshotOutput.Admitted { Token: var token }:
                        Assert.True(open.Remove(token.Value) && reading.Add(token.Value));
                        break;
                    case SnapshotOutput.Refused { Token: var token }:
                        Assert.True(open.Remove(token.Value));
                        break;
                    case SnapshotOutput.Expired { Token: var token }:
                        Assert.True(reading.Remove(token.Value));
                        break;
                }
            }
        }

        for (var step = 1L; step < 20_000; step++)
        {
            _now += TimeSpan.FromMilliseconds(random.Next(3));
            var what = random.Next(4);
            if (what == 0 && step < 19_000)
            {
                open.Add(step);
                Do(new SnapshotInput.Enter(
                    new SnapshotToken(step), TimeSpan.FromMilliseconds(random.Next(20)),
                    TimeSpan.FromMilliseconds(1 + random.Next(30)), random.Next(3) > 0));
            }
            else if (what == 1 && reading.Count > 0)
            {
                var token = reading.ElementAt(random.Next(reading.Count));
                reading.Remove(token);
                Do(new SnapshotInput.Leave(new SnapshotToken(token)));
            }
            else if (what == 2 && pending.TryDequeue(out var answer))
            {
                Do(answer);
            }
            else
            {
                Do(new SnapshotInput.Tick());
            }
        }
        Assert.Empty(open);
        Assert.Empty(reading);
        Assert.False(_broker.IsInUse);
        Assert.Equal(takes, releases);
        Assert.True(takes > 100);
    }

    private void Held(long token, int seconds = 600)
    {
        Assert.Equal([Take], Step(new SnapshotInput.Enter(
            new SnapshotToken(token), TimeSpan.Zero, TimeSpan.FromSeconds(seconds), MayWait: true)));
        Assert.Equal([Admitted(token)], Step(new SnapshotInput.Taken()));
    }

    private SnapshotOutput[] Enter(long token, int maxAge = 0, bool mayWait = true) =>
        Step(new SnapshotInput.Enter(
            new SnapshotToken(token), TimeSpan.FromSeconds(maxAge), TimeSpan.FromMinutes(10), mayWait));

    private SnapshotOutput[] Leave(long token) => Step(new SnapshotInput.Leave(new SnapshotToken(token)));

    private SnapshotOutput[] Step(SnapshotInput input) => [.. _broker.Step(input, _now)];

    private static SnapshotOutput.Admitted Admitted(long token) => new(new SnapshotToken(token));

    private static SnapshotOutput.Refused Refused(long token, RefusedReading why) =>
        new(new SnapshotToken(token), why);
}
