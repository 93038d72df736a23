using System.Diagnostics;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;

namespace DmAgents.Actors.Tests;

/// <summary>The timers of the actor system.</summary>
public sealed class RuntimeTimersTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Longer than a busy machine needs from one line of a test to the next.</summary>
    private static readonly TimeSpan _soon = TimeSpan.FromSeconds(10);

    private readonly RuntimeTimers _timers = new(ConfigurationFactory.ParseString("a = b"), NoLogger.Instance);

    private IActionScheduler Actions => _timers;

    public void Dispose() => _timers.Dispose();

    [Fact]
    public async Task Something_is_run_when_it_is_due_and_once()
    {
        var runs = 0;
        var ran = new TaskCompletionSource();
        var clock = Stopwatch.StartNew();

        Actions.ScheduleOnce(TimeSpan.FromMilliseconds(30), () =>
        {
            runs++;
            ran.TrySetResult();
        });
        await ran.Task.WaitAsync(Patience);

        Assert.InRange(clock.Elapsed, TimeSpan.FromMilliseconds(29), Patience);
        await Task.Delay(100);
        Assert.Equal(1, runs);
    }

    [Fact]
    public async Task What_repeats_is_run_again_and_never_overlaps()
    {
        var (running, overlapped, runs) = (0, false, 0);
        var ran = new TaskCompletionSource();
        using var cancelable = new Cancelable((IScheduler)_timers);

        Actions.ScheduleRepeatedly(TimeSpan.Zero, TimeSpan.FromMilliseconds(1), () =>
        {
            overlapped |= Interlocked.Increment(ref running) > 1;
            Thread.SpinWait(200_000);
            Interlocked.Decrement(ref running);
            if (++runs == 10)
                ran.TrySetResult();
        }, cancelable);
        await ran.Task.WaitAsync(Patience);

        Assert.False(overlapped);
    }

    [Fact]
    public async Task What_is_cancelled_is_not_run()
    {
        var runs = 0;
        using var cancelable = new Cancelable((IScheduler)_timers);
        Actions.ScheduleOnce(_soon, () => runs++, cancelable);
        Actions.ScheduleRepeatedly(_soon, TimeSpan.FromMilliseconds(1), () => runs++, cancelable);

        cancelable.Cancel();
        await Task.Delay(_soon * 1.2);

        Assert.Equal(0, runs);
    }

    [Fact]
    public async Task A_run_that_cancels_itself_is_the_last()
    {
        var runs = 0;
        var ran = new TaskCompletionSource();
        using var cancelable = new Cancelable((IScheduler)_timers);
        Actions.ScheduleRepeatedly(TimeSpan.Zero, TimeSpan.FromMilliseconds(1), () =>
        {
            runs++;
            cancelable.Cancel();
            ran.TrySetResult();
        }, cancelable);

        await ran.Task.WaitAsync(Patience);
        await Task.Delay(100);

        Assert.Equal(1, runs);
    }

    [Fact]
    public async Task One_that_throws_does_not_end_those_that_follow()
    {
        var ran = new TaskCompletionSource();
        var runs = 0;
        using var cancelable = new Cancelable((IScheduler)_timers);
        Actions.ScheduleRepeatedly(TimeSpan.Zero, TimeSpan.FromMilliseconds(1), () =>
        {
            if (++runs == 3)
                ran.TrySetResult();
            throw new InvalidOperationException("by the test's order");
        }, cancelable);

        await ran.Task.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_delay_of_a_year_is_taken()
    {
        var runs = 0;
        using var cancelable = new Cancelable((IScheduler)_timers);

        Actions.ScheduleOnce(TimeSpan.FromDays(365), () => runs++, cancelable);

        await Task.Delay(50);
        Assert.Equal(0, runs);
    }

    [Fact]
    public async Task After_its_end_nothing_that_was_pending_is_run_and_nothing_is_taken()
    {
        var runs = 0;
        Actions.ScheduleOnce(_soon, () => runs++);

        _timers.Dispose();

        Assert.Throws<SchedulerException>(() => Actions.ScheduleOnce(TimeSpan.Zero, () => runs++));
        await Task.Delay(_soon * 1.2);
        Assert.Equal(0, runs);
    }

    [Fact]
    public async Task Actor_systems_of_the_agent_use_them()
    {
        var system = ActorSystem.Create("timers", ActorsConfig.Default);

        Assert.IsType<RuntimeTimers>(system.Scheduler);

        await system.Terminate();
    }
}
