using Akka.Event;

namespace DmAgents.Actors.Fleet.Database;

/// <summary>How often a host probes the fleet's database.</summary>
public sealed record DatabaseTimes
{
    public static DatabaseTimes Default { get; } = new();

    /// <summary>The interval while the database is there. A change that arrives before the next probe and finds no
    /// database is refused too, only later.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The interval while it is away: one connection per host and second is no load for a server that
    /// starts.</summary>
    public TimeSpan Retry { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Without an answer for this long the database counts as away: a busy server still answers this
    /// query.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>Probes the fleet's database over one connection, and opens and closes the gate. Logs when the database goes
/// away and when it is back, and nothing in between, however long that takes.</summary>
internal sealed class DatabaseWatch : IAsyncDisposable
{
    private readonly DatabaseGate _gate;
    private readonly DatabaseProbe _probe;
    private readonly DatabaseTimes _times;
    private readonly TimeProvider _time;
    private readonly ILoggingAdapter _log;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _life;
    private long _refusalsBefore;

    private DatabaseWatch(
        DatabaseGate gate, DatabaseProbe probe, DatabaseTimes times, TimeProvider time, ILoggingAdapter log)
    {
        (_gate, _probe, _times, _time, _log) = (gate, probe, times, time, log);
        _life = Task.Run(LiveAsync);
    }

    /// <param name="probe">Disposed with the watch.</param>
    public static DatabaseWatch Start(
        DatabaseGate gate, DatabaseProbe probe, DatabaseTimes times, TimeProvider time, ILoggingAdapter log) =>
        new(gate, probe, times, time, log);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await _life.ConfigureAwait(false);
        await _probe.DisposeAsync().ConfigureAwait(false);
        _end.Dispose();
    }

    private async Task LiveAsync()
    {
        try
        {
            while (true)
            {
                // Taken before the probe: a failure during the probe causes another one.
                var suspicion = _gate.Suspicion();
                var status = await LookAsync(_gate.Current).ConfigureAwait(false);
                Report(_gate.Current, status);
                _gate.Show(status);
                await WaitAsync(status, suspicion).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
        }
    }

    private async Task WaitAsync(DatabaseStatus status, Task suspicion)
    {
        var pause = Task.Delay(status.IsReady ? _times.Interval : _times.Retry, _time, _end.Token);
        if (status.IsReady)
            await (await Task.WhenAny(pause, suspicion).ConfigureAwait(false)).ConfigureAwait(false);
        else
            await pause.ConfigureAwait(false);
    }

    private async Task<DatabaseStatus> LookAsync(DatabaseStatus before)
    {
        using var patience = new CancellationTokenSource(_times.Patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, _end.Token);
        try
        {
            await _probe.CheckAsync(either.Token).WaitAsync(either.Token).ConfigureAwait(false);
            return before.AfterReached(_time.GetUtcNow());
        }
        catch (DatabaseRefusedException refused)
        {
            return before.AfterRefused(refused.Message, refused.Next, _time.GetUtcNow());
        }
        // Whatever the driver throws, the database is unusable, and the watch tries again.
        catch (Exception cause) when (cause is not OutOfMemoryException && !_end.IsCancellationRequested)
        {
            var why = patience.IsCancellationRequested
                ? $"no answer within {_times.Patience.TotalSeconds:0.#} s"
                : cause.GetBaseException().Message;
            return before.AfterFailed(why, _time.GetUtcNow());
        }
    }

    private void Report(DatabaseStatus before, DatabaseStatus after)
    {
        if (after.IsReady && !before.IsReady)
        {
            _log.Write(FleetActorLog.DatabaseReady(
                after.Words, (after.Since - before.Since).TotalSeconds, _gate.Refusals - _refusalsBefore));
            _refusalsBefore = _gate.Refusals;
        }
        else if (!after.IsReady && (before.Phase != after.Phase || before.Why == InitialWhy(before)))
        {
            _log.Write(after.Phase == DatabasePhase.Refused
                ? FleetActorLog.DatabaseRefused(after.Words, after.Next)
                : FleetActorLog.DatabaseAway(after.Words, after.Next));
        }
    }

    /// <summary>The first failure is logged too, although the phase stays the same.</summary>
    private static string InitialWhy(DatabaseStatus status) =>
        DatabaseStatus.Initial(status.Where, status.Since).Why;
}
