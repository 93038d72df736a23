using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;
using DmAgents.Actors.Hosts;

namespace DmAgents.Actors;

/// <summary>Implements Akka's timers as timers of the .NET runtime, which sleeps until the next one is due. Akka's own
/// scheduler is a wheel that turns every 10 ms from the first timer on: some 1,000 context switches a second in an idle
/// agent. A slower wheel (<c>akka.scheduler.tick-duration</c>) delays each timer by up to a tick; these are accurate to
/// a millisecond.</summary>
/// <remarks>A repeated timer waits for its interval from the end of one run to the next: runs never overlap. When the
/// actor system ends, pending timers do not run.</remarks>
public sealed class RuntimeTimers(Config scheduler, ILoggingAdapter log) : SchedulerBase(scheduler, log), IDisposable
{
    /// <summary>A runtime timer accepts 49 days at most.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    private readonly Lock _lock = new();
    private readonly HashSet<Pending> _pending = [];
    private bool _isDisposed;

    public override TimeSpan MonotonicClock => TimeProvider.System.GetElapsedTime(0);

    public override TimeSpan HighResMonotonicClock => MonotonicClock;

    protected override DateTimeOffset TimeNow => TimeProvider.System.GetUtcNow();

    public void Dispose()
    {
        List<Pending> left;
        lock (_lock)
        {
            _isDisposed = true;
            left = [.. _pending];
            _pending.Clear();
        }
        left.ForEach(pending => pending.Drop());
    }

    protected override void InternalScheduleTellOnce(
        TimeSpan delay, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        Start(delay, Timeout.InfiniteTimeSpan, () => receiver.Tell(message, sender), cancelable);

    protected override void InternalScheduleTellRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef sender,
        ICancelable cancelable) =>
        Start(initialDelay, interval, () => receiver.Tell(message, sender), cancelable);

    protected override void InternalScheduleOnce(TimeSpan delay, Action action, ICancelable cancelable) =>
        Start(delay, Timeout.InfiniteTimeSpan, action, cancelable);

    protected override void InternalScheduleOnce(TimeSpan delay, IRunnable action, ICancelable cancelable) =>
        Start(delay, Timeout.InfiniteTimeSpan, action.Run, cancelable);

    protected override void InternalScheduleRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable cancelable) =>
        Start(initialDelay, interval, action, cancelable);

    protected override void InternalScheduleRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, IRunnable action, ICancelable cancelable) =>
        Start(initialDelay, interval, action.Run, cancelable);

    private void Start(TimeSpan delay, TimeSpan interval, Action action, ICancelable? cancelable)
    {
        if (cancelable is { IsCancellationRequested: true })
            return;
        var pending = new Pending(this, interval, action);
        lock (_lock)
        {
            if (_isDisposed)
                throw new SchedulerException("cannot schedule anything after the scheduler's end");
            _pending.Add(pending);
        }
        pending.Start(delay, cancelable);
    }

    private void Forget(Pending pending)
    {
        lock (_lock)
            _pending.Remove(pending);
    }

    /// <summary>One scheduled action.</summary>
    private sealed class Pending(RuntimeTimers owner, TimeSpan interval, Action action)
    {
        private readonly Lock _lock = new();
        private ITimer? _timer;
        private CancellationTokenRegistration _registration;
        private TimeSpan _left;
        private bool _isOver;

        public void Start(TimeSpan delay, ICancelable? cancelable)
        {
            lock (_lock)
            {
                // The timer must not inherit the execution context of the code that creates it.
                var suppressed = ExecutionContext.IsFlowSuppressed() ? default(AsyncFlowControl?) : Suppress();
                _timer = TimeProvider.System.CreateTimer(
                    static pending => ((Pending)pending!).OnDue(), this, Timeout.InfiniteTimeSpan,
                    Timeout.InfiniteTimeSpan);
                suppressed?.Undo();
            }
            // Before it is armed: its first run may cancel it, and is then the last.
            if (cancelable is not null)
                Follow(cancelable);
            lock (_lock)
            {
                if (!_isOver)
                    Arm(delay);
            }
        }

        public void Drop()
        {
            ITimer? timer;
            lock (_lock)
            {
                _isOver = true;
                (timer, _timer) = (_timer, null);
            }
            timer?.Dispose();
            owner.Forget(this);
        }

        private static AsyncFlowControl? Suppress() => ExecutionContext.SuppressFlow();

        /// <summary>Removes a cancelled timer from the runtime's queue before it is due.</summary>
        private void Follow(ICancelable cancelable)
        {
            var registration = cancelable.Token.UnsafeRegister(static pending => ((Pending)pending!).Drop(), this);
            lock (_lock)
            {
                if (!_isOver)
                {
                    _registration = registration;
                    return;
                }
            }
            registration.Unregister();
        }

        private void Arm(TimeSpan delay)
        {
            var next = delay < Longest ? delay : Longest;
            _left = delay - next;
            _timer?.Change(next, Timeout.InfiniteTimeSpan);
        }

        private void OnDue()
        {
            lock (_lock)
            {
                if (_isOver)
                    return;
                if (_left > TimeSpan.Zero)
                {
                    Arm(_left);
                    return;
                }
            }
            Run();
            if (interval == Timeout.InfiniteTimeSpan)
            {
                _registration.Unregister();
                Drop();
                return;
            }
            lock (_lock)
            {
                if (!_isOver)
                    Arm(interval);
            }
        }

        private void Run()
        {
            try
            {
                action();
            }
            // No exception may end the process through the runtime's timer.
            catch (Exception cause) when (cause is not OutOfMemoryException)
            {
                owner.Log.Write(HostLog.ScheduledFailed(), cause);
            }
        }
    }
}
