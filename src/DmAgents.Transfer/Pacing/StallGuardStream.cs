using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Pacing;

/// <summary>
/// A stream that gives up when no byte comes or leaves for a time, however long all of it takes. Only the time in which
/// a read or a write is under way counts: a side that is busy with its disk does not read, and is not stalled.
/// </summary>
public sealed class StallGuardStream(Stream inner, TimeSpan limit, TimeProvider time) : OuterStream(inner)
{
    private readonly Watch _reads = new(limit, time);
    private readonly Watch _writes = new(limit, time);

    /// <summary>A write is done when its last byte left, so long ones are cut.</summary>
    private const int Slice = 64 * 1024;

    /// <exception cref="WireException">Stalled.</exception>
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

    /// <exception cref="WireException">Stalled.</exception>
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

    /// <summary>One direction's timer, used for one call after the other: there are many calls a second. Most end at
    /// once, and need none: to set it asks for the time of day, which costs as much as the call itself.</summary>
    private sealed class Watch(TimeSpan limit, TimeProvider time) : IDisposable
    {
        private CancellationTokenSource _timer = new(Timeout.InfiniteTimeSpan, time);
        private bool _isArmed;

        /// <summary>A call begins: its token is cancelled with the caller.</summary>
        public Watched Begin(CancellationToken cancellation)
        {
            var caller = cancellation.UnsafeRegister(
                static timer => ((CancellationTokenSource)timer!).Cancel(), _timer);
            return new Watched(this, caller, _timer.Token);
        }

        /// <summary>The call waits: its token is cancelled after the limit, too.</summary>
        public void Arm()
        {
            _isArmed = true;
            _timer.CancelAfter(limit);
        }

        public void End()
        {
            // Refused if it fired, be it a moment after the call: what follows must not be cancelled by it.
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
