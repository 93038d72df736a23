using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Pacing;

/// <summary>
/// A stream that fails if no byte arrives or leaves for a time, however long the whole takes. Only the time of a read
/// or write in progress counts: a side that is busy with its disk does not read, and is not stalled.
/// </summary>
public sealed class StallGuardStream(Stream inner, TimeSpan limit, TimeProvider time) : OuterStream(inner)
{
    private readonly Watch _reads = new(limit, time);
    private readonly Watch _writes = new(limit, time);

    /// <summary>A write ends when its last byte has left, so long writes are cut.</summary>
    private const int Slice = 64 * 1024;

    /// <exception cref="WireException">The stream stalled.</exception>
    public override async ValueTask<int> ReadAsync(
        Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var watched = _reads.Begin(cancellationToken);
        try
        {
            var reading = Inner.ReadAsync(buffer, watched.Token);
            if (!reading.IsCompleted)
                _reads.Arm();
            return await reading.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Stalled("came");
        }
    }

    /// <exception cref="WireException">The stream stalled.</exception>
    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            var slice = buffer[..Math.Min(buffer.Length, Slice)];
            using var watched = _writes.Begin(cancellationToken);
            try
            {
                var writing = Inner.WriteAsync(slice, watched.Token);
                if (!writing.IsCompleted)
                    _writes.Arm();
                await writing.ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw Stalled("left");
            }
            buffer = buffer[slice.Length..];
        }
    }

    private WireException Stalled(string how) =>
        new(WireFault.Stalled, $"no byte {how} for {limit.TotalSeconds:0.#} s");

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _reads.Dispose();
            _writes.Dispose();
        }
        base.Dispose(disposing);
    }

    /// <summary>One direction's timer, reused for each call, because there are many calls per second. Most calls
    /// complete at once and need no timer: arming it reads the clock, which costs as much as the call itself.</summary>
    private sealed class Watch(TimeSpan limit, TimeProvider time) : IDisposable
    {
        private CancellationTokenSource _timer = new(Timeout.InfiniteTimeSpan, time);
        private bool _isArmed;

        /// <summary>Begins a call, whose token is cancelled with the caller's.</summary>
        public Watched Begin(CancellationToken cancellation)
        {
            var caller = cancellation.UnsafeRegister(
                static timer => ((CancellationTokenSource)timer!).Cancel(), _timer);
            return new Watched(this, caller, _timer.Token);
        }

        /// <summary>The call has to wait: its token is also cancelled after the limit.</summary>
        public void Arm()
        {
            _isArmed = true;
            _timer.CancelAfter(limit);
        }

        public void End()
        {
            // Fails if the timer fired, even a moment after the call: it must not cancel the next call.
            var isUnused = _isArmed ? _timer.TryReset() : !_timer.IsCancellationRequested;
            _isArmed = false;
            if (isUnused)
                return;
            _timer.Dispose();
            _timer = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        }

        public void Dispose() => _timer.Dispose();
    }

    private readonly struct Watched(Watch watch, CancellationTokenRegistration caller, CancellationToken token)
        : IDisposable
    {
        public CancellationToken Token => token;

        public void Dispose()
        {
            caller.Dispose();
            watch.End();
        }
    }
}
