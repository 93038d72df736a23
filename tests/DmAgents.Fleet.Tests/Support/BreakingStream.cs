namespace DmAgents.Fleet.Tests.Support;

/// <summary>A connection that breaks at one of its writes, as one does whose other end has closed.</summary>
/// <param name="breaksAt">The write, counted from 0; null: none.</param>
internal sealed class BreakingStream(Stream connection, int? breaksAt) : Stream
{
    public int Writes { get; private set; }

    public bool IsBroken { get; private set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        connection.ReadAsync(buffer, cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => connection.Read(buffer, offset, count);

    public override ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Count();
        return connection.WriteAsync(buffer, cancellationToken);
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        Count();
        connection.Write(buffer, offset, count);
    }

    public override void Flush() => connection.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => connection.FlushAsync(cancellationToken);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            connection.Dispose();
        base.Dispose(disposing);
    }

    private void Count()
    {
        IsBroken |= Writes++ == breaksAt;
        if (IsBroken)
            throw new IOException("Broken pipe");
    }
}
