using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace DmAgents.Images.Streams;

/// <summary>
/// Reads a stream ahead on a separate thread, a few megabytes at most: it decompresses and hashes the next bytes while
/// the previous ones are being written. The reader gets the thread's exceptions at the same position.
/// </summary>
internal sealed class ReadAheadStream : ReadOnlyStream
{
    // Large, because each hand-over wakes a thread; few, to limit memory.
    private const int BufferSize = 1 << 20;
    private const int Buffers = 4;

    private readonly Stream inner;
    private readonly CancellationTokenSource stop = new();
    private readonly BlockingCollection<byte[]> empty = [];
    private readonly BlockingCollection<Chunk> full = [];
    private readonly Thread thread;
    private Chunk current = new([], 0, null);
    private int position;
    private bool ended;

    /// <param name="inner">Not owned; the caller must not use it until this stream is disposed.</param>
    public ReadAheadStream(Stream inner)
    {
        this.inner = inner;
        for (var count = 0; count < Buffers; count++)
            empty.Add(new byte[BufferSize]);
        thread = new Thread(Fill) { IsBackground = true, Name = "layer read-ahead" };
        thread.Start();
    }

    public override int Read(Span<byte> buffer)
    {
        if (position == current.Size && !ended && !buffer.IsEmpty)
            Advance();
        var count = Math.Min(buffer.Length, current.Size - position);
        current.Buffer.AsSpan(position, count).CopyTo(buffer);
        position += count;
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !stop.IsCancellationRequested)
        {
            stop.Cancel();
            // Ends after its current read: of a regular file, so it does not wait for anything else.
            thread.Join();
            stop.Dispose();
            empty.Dispose();
            full.Dispose();
        }
        base.Dispose(disposing);
    }

    private void Advance()
    {
        if (current.Buffer.Length > 0)
            empty.Add(current.Buffer);
        current = full.Take();
        position = 0;
        ended = current.Size == 0;
        current.Failure?.Throw();
    }

    private void Fill()
    {
        try
        {
            while (true)
            {
                var buffer = empty.Take(stop.Token);
                var chunk = FillOne(buffer);
                full.Add(chunk);
                if (chunk.Size == 0)
                    return;
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed before the end: no reader waits for the rest.
        }
    }

    /// <summary>
    /// Any exception must reach the reader: on this thread it would end the process. A failure drops the bytes already
    /// in the buffer, because the layer is lost anyway.
    /// </summary>
    private Chunk FillOne(byte[] buffer)
    {
        var size = 0;
        try
        {
            for (int count; size < buffer.Length && (count = inner.Read(buffer.AsSpan(size))) > 0;)
                size += count;
            return new Chunk(buffer, size, null);
        }
        catch (Exception failure)
        {
            return new Chunk(buffer, 0, ExceptionDispatchInfo.Capture(failure));
        }
    }

    private readonly record struct Chunk(byte[] Buffer, int Size, ExceptionDispatchInfo? Failure);
}
