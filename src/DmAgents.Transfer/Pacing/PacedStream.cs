using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Pacing;

/// <summary>A transfer's priority; known once the receiver has asked.</summary>
public sealed class TransferTurn
{
    public TransferPriority Priority { get; set; } = TransferPriority.Normal;
}

/// <summary>A stream whose writes observe a transfer's own limit and wait in turn for the host's.</summary>
/// <remarks>Writes are cut into slices. So a more urgent transfer waits for one slice and not for a chunk, and even
/// with a low limit some bytes leave several times a second.</remarks>
public sealed class PacedStream : OuterStream
{
    /// <summary>The most bytes that TLS puts into one record.</summary>
    private const int LargestSlice = 16 * 1024;

    private readonly HostBandwidth _host;
    private readonly TransferTurn _turn;
    private readonly TimeProvider _time;
    private readonly long _origin;
    private readonly TokenBucket? _own;
    private readonly int _slice;

    /// <param name="bytesPerSecond">The transfer's own limit; null: none.</param>
    public PacedStream(
        Stream inner, HostBandwidth host, TransferTurn turn, long? bytesPerSecond, TimeProvider time)
        : base(inner)
    {
        (_host, _turn, _time, _origin) = (host, turn, time, time.GetTimestamp());
        _slice = (int)Math.Clamp((bytesPerSecond ?? long.MaxValue) / 4, 512, LargestSlice);
        _own = bytesPerSecond is { } rate ? new TokenBucket(rate, rate / 10, TimeSpan.Zero) : null;
    }

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            if (_own is null && !_host.IsLimited)
            {
                await Inner.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
                _host.Count(buffer.Length);
                return;
            }
            var slice = buffer[..Math.Min(buffer.Length, _slice)];
            if (_own is not null)
            {
                while (_own.Wait(_time.GetElapsedTime(_origin)) is var wait && wait > TimeSpan.Zero)
                    await Task.Delay(wait, _time, cancellationToken).ConfigureAwait(false);
                _own.Take(slice.Length, _time.GetElapsedTime(_origin));
            }
            await _host.WaitAsync(_turn.Priority, slice.Length, cancellationToken).ConfigureAwait(false);
            await Inner.WriteAsync(slice, cancellationToken).ConfigureAwait(false);
            _host.Count(slice.Length);
            buffer = buffer[slice.Length..];
        }
    }
}
