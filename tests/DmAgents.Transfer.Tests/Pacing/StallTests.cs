using System.IO.Pipelines;
using DmAgents.Transfer.Pacing;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Tests.Pacing;

public sealed class StallTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_read_to_which_no_byte_comes_is_stalled()
    {
        var time = new ManualTime();
        var pipe = new Pipe();
        var stream = new StallGuardStream(pipe.Reader.AsStream(), Limit, time);
        var read = stream.ReadAsync(new byte[10]).AsTask();
        time.Advance(Limit - TimeSpan.FromSeconds(1));
        Assert.False(read.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        var fault = await Assert.ThrowsAsync<WireException>(() => read);
        Assert.Equal((WireFault.Stalled, "no byte came for 30 s"), (fault.Fault, fault.Message));
    }

    [Fact]
    public async Task A_slow_stream_is_not_stalled_however_long_it_takes()
    {
        var time = new ManualTime();
        var pipe = new Pipe();
        var stream = new StallGuardStream(pipe.Reader.AsStream(), Limit, time);
        for (var i = 0; i < 100; i++)
        {
            var read = stream.ReadAsync(new byte[10]).AsTask();
            time.Advance(Limit - TimeSpan.FromSeconds(1));
            await pipe.Writer.WriteAsync(new byte[] { 1 });
            Assert.Equal(1, await read);
            // Nothing is read meanwhile: the disk is busy.
            time.Advance(2 * Limit);
        }
    }

    [Fact]
    public async Task A_write_of_which_no_byte_leaves_is_stalled()
    {
        var time = new ManualTime();
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 10, resumeWriterThreshold: 5));
        var stream = new StallGuardStream(pipe.Writer.AsStream(), Limit, time);
        var write = stream.WriteAsync(new byte[200_000]).AsTask();
        time.Advance(Limit);
        var fault = await Assert.ThrowsAsync<WireException>(() => write);
        Assert.Equal("no byte left for 30 s", fault.Message);
    }

    [Fact]
    public async Task A_caller_that_cancels_is_not_told_of_a_stall()
    {
        var stream = new StallGuardStream(new Pipe().Reader.AsStream(), Limit, new ManualTime());
        using var cancelled = new CancellationTokenSource();
        var read = stream.ReadAsync(new byte[10], cancelled.Token).AsTask();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
    }

    [Fact]
    public async Task A_call_that_was_cancelled_does_not_cancel_the_next()
    {
        var pipe = new Pipe();
        await using var stream = new StallGuardStream(pipe.Reader.AsStream(), Limit, TimeProvider.System);
        using var cancelled = new CancellationTokenSource();
        var read = stream.ReadAsync(new byte[10], cancelled.Token).AsTask();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        await pipe.Writer.WriteAsync(new byte[] { 1, 2, 3 });
        Assert.Equal(2, await stream.ReadAsync(new byte[2], CancellationToken.None));
        // Nor does one that came to its end.
        Assert.Equal(1, await stream.ReadAsync(new byte[2], CancellationToken.None));
    }

    [Fact]
    public async Task A_call_that_ends_at_once_sets_no_timer()
    {
        var time = new ManualTime();
        var inner = new ObservedStream(time);
        await using var stream = new StallGuardStream(inner, Limit, time);
        await stream.WriteAsync(new byte[200_000]);
        inner.Position = 0;
        Assert.Equal(10, await stream.ReadAsync(new byte[10]));
        Assert.Equal((5, 0), (inner.Calls, inner.Armed));
    }

    [Fact]
    public async Task A_call_after_one_that_was_cancelled_early_is_not_cancelled()
    {
        await using var stream = new StallGuardStream(new MemoryStream([1, 2]), Limit, new ManualTime());
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => stream.ReadAsync(new byte[2], cancelled.Token).AsTask());
        Assert.Equal(2, await stream.ReadAsync(new byte[2]));
    }

    /// <summary>Looks for timers in each call.</summary>
    private sealed class ObservedStream(ManualTime time) : MemoryStream
    {
        public int Calls { get; private set; }

        public int Armed { get; private set; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Observe();
            return base.ReadAsync(buffer, cancellationToken);
        }

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Observe();
            return base.WriteAsync(buffer, cancellationToken);
        }

        private void Observe() => (Calls, Armed) = (Calls + 1, Armed + time.Armed);
    }
}
