using System.IO.Pipelines;
using DmAgents.Transfer.Pacing;

namespace DmAgents.Transfer.Tests.Support;

/// <summary>One end of a connection in memory.</summary>
internal sealed class DuplexStream : OuterStream
{
    private readonly Stream _writes;
    private volatile bool _isDisposed;

    private DuplexStream(Stream reads, Stream writes)
        : base(reads) => _writes = writes;

    public override bool CanWrite => true;

    /// <param name="holds">How many unread bytes of the first end let its next write wait.</param>
    public static (DuplexStream First, DuplexStream Second) Pair(int holds = 64 * 1024)
    {
        var (there, back) = (
            new Pipe(new PipeOptions(pauseWriterThreshold: holds, resumeWriterThreshold: (holds + 1) / 2)), new Pipe());
        return (
            new DuplexStream(back.Reader.AsStream(), there.Writer.AsStream()),
            new DuplexStream(there.Reader.AsStream(), back.Writer.AsStream()));
    }

    public override async ValueTask<int> ReadAsync(
        Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await Inner.ReadAsync(buffer, cancellationToken);
        }
        catch (InvalidOperationException) when (_isDisposed)
        {
            // What sockets and TLS throw.
            throw new ObjectDisposedException(nameof(DuplexStream));
        }
    }

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await _writes.WriteAsync(buffer, cancellationToken);
        }
        catch (InvalidOperationException) when (_isDisposed)
        {
            throw new ObjectDisposedException(nameof(DuplexStream));
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _isDisposed = true;
            _writes.Dispose();
            Inner.Dispose();
        }
        base.Dispose(disposing);
    }
}
