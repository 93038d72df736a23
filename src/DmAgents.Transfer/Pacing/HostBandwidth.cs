using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Pacing;

/// <summary>The gate that all transfers of a host pass before they send: <see cref="BandwidthGate"/> with a
/// clock.</summary>
public sealed class HostBandwidth : IDisposable
{
    private readonly TimeProvider _time;
    private readonly long _origin;
    private readonly Lock _lock = new();
    private readonly BandwidthGate _gate = new();
    private readonly Dictionary<GateTicket, TaskCompletionSource> _waiting = [];
    private readonly ITimer _timer;
    private volatile bool _isLimited;
    private long _last;
    private long _sent;

    /// <param name="bytesPerSecond">Null: no limit.</param>
    public HostBandwidth(long? bytesPerSecond, TimeProvider time)
    {
        (_time, _origin) = (time, time.GetTimestamp());
        _timer = time.CreateTimer(
            _ => Step(new GateInput.Tick()), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        SetLimit(bytesPerSecond);
    }

    /// <summary>Without a limit no transfer waits, and there is no order.</summary>
    public bool IsLimited => _isLimited;

    /// <summary>Bytes that all transfers have sent since the process started, before encryption.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Counts sent bytes.</summary>
    public void Count(int bytes) => Interlocked.Add(ref _sent, bytes);

    /// <summary>Changes the limit, at once.</summary>
    public void SetLimit(long? bytesPerSecond)
    {
        _isLimited = bytesPerSecond is not null;
        Step(new GateInput.Limit(bytesPerSecond));
    }

    /// <summary>Returns when these bytes may be sent.</summary>
    public async ValueTask WaitAsync(TransferPriority priority, int bytes, CancellationToken cancellation)
    {
        if (!_isLimited)
            return;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        GateTicket ticket;
        lock (_lock)
        {
            ticket = new GateTicket(++_last);
            _waiting.Add(ticket, done);
        }
        Step(new GateInput.Request(ticket, priority, bytes));
        if (done.Task.IsCompleted)
            return;
        try
        {
            await done.Task.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Step(new GateInput.Withdraw(ticket));
            lock (_lock)
                _waiting.Remove(ticket);
            throw;
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Step(GateInput input)
    {
        lock (_lock)
        {
            var now = _time.GetElapsedTime(_origin);
            var (granted, wakeAt) = _gate.Step(input, now);
            foreach (var ticket in granted)
            {
                if (_waiting.Remove(ticket, out var done))
                    done.SetResult();
            }
            _timer.Change(wakeAt - now ?? Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
