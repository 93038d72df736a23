namespace DmAgents.Transfer.Pacing;

/// <summary>A stream below TLS, which reads at most 16 KiB: takes everything that the connection has at once, so that a
/// layer needs fewer system calls. Writes pass through. Closes the inner stream.</summary>
/// <param name="length">The maximum of bytes read ahead.</param>
public sealed class ReadAheadStream(Stream inner, int length = ReadAheadStream.DefaultLength) : OuterStream(inner)
{
    /// <summary>What a busy receiver's connection usually holds.</summary>
    public const int DefaultLength = 256 * 1024;

    private byte[]? _bytes;
    private int _start;
    private int _end;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_start < _end)
            return ValueTask.FromResult(Take(buffer));
        return buffer.IsEmpty || buffer.Length >= length
            ? Inner.ReadAsync(buffer, cancellationToken)
            : FillAsync(buffer, cancellationToken);
    }

    public override async ValueTask DisposeAsync()
    {
        await Inner.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Inner.Dispose();
        base.Dispose(disposing);
    }

    private async ValueTask<int> FillAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        _bytes ??= new byte[length];
        (_start, _end) = (0, await Inner.ReadAsync(_bytes, cancellation).ConfigureAwait(false));
        return Take(buffer);
    }

    private int Take(Memory<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _end - _start);
        _bytes.AsMemory(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }
}
