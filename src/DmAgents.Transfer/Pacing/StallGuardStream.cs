using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Pacing;

/// <summary>
/// A stream that gives up when no byte comes or leaves for a time, however long all of it takes. Only the time in which
/// a read or a write is under way counts: a side that is busy with its disk does not read, and is not stalled.
/// </summary>
public sealed class StallGuardStream(Stream inner, TimeSpan limit, TimeProvider time) : OuterStream(inner)
{
    /// <summary>A write is done when its last byte left, so long ones are cut.</summary>
    private const int Slice = 64 * 1024;

    /// <exception cref="WireException">Stalled.</exception>
    public override async ValueTask<int> ReadAsync(
        Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var watch = new Watch(limit, time, cancellationToken);
        try
        {
            return await Inner.ReadAsync(buffer, watch.Token).ConfigureAwait(false);
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
            using var watch = new Watch(limit, time, cancellationToken);
            try
            {
                await Inner.WriteAsync(slice, watch.Token).ConfigureAwait(false);
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

    /// <summary>Cancels after the limit or with the caller.</summary>
    private sealed class Watch : IDisposable
    {
        private readonly CancellationTokenSource _timer;
        private readonly CancellationTokenSource? _both;

        public Watch(TimeSpan limit, TimeProvider time, CancellationToken cancellation)
        {
            _timer = new CancellationTokenSource(limit, time);
            _both = cancellation.CanBeCanceled
                ? CancellationTokenSource.CreateLinkedTokenSource(cancellation, _timer.Token)
                : null;
        }

        public CancellationToken Token => _both?.Token ?? _timer.Token;

        public void Dispose()
        {
            _both?.Dispose();
            _timer.Dispose();
        }
    }
}
