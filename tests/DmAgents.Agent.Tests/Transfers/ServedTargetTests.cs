using DmAgents.Agent.Transfers;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.Tests.Transfers;

/// <summary>A device that is received into and served from: it is closed when no read is under way.</summary>
public sealed class ServedTargetTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(3);

    private readonly HeldDevice _device = new();

    [Fact]
    public async Task A_read_that_hangs_is_named_and_the_device_is_closed_when_it_ends()
    {
        var target = new ServedTarget(_device, TimeSpan.FromMilliseconds(50));
        var read = Task.Run(() => target.TryRead(ByteSize.MiB(8), new byte[512]));
        await _device.Reached.Task.WaitAsync(Long);

        var refused = target.Close("sha256:1");

        Assert.True(refused.FailedWith(KernelFault.Busy));
        Assert.Contains("8 MiB", refused.Error!.ToString(), StringComparison.Ordinal);
        Assert.Contains("sha256:1", refused.Error!.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, _device.Closed);
        Assert.Null(target.TryRead(default, new byte[512]));

        _device.Go.Set();
        Assert.True((await read.WaitAsync(Long))!.Value.Succeeded);
        Assert.Equal(1, _device.Closed);
        Assert.True(target.Close("sha256:1").Succeeded);
        Assert.Equal(1, _device.Closed);
    }

    [Fact]
    public async Task Closing_waits_for_the_reads_under_way()
    {
        var target = new ServedTarget(_device, Long);
        var read = Task.Run(() => target.TryRead(default, new byte[512]));
        await _device.Reached.Task.WaitAsync(Long);

        var closing = Task.Run(() => target.Close("sha256:1"));
        // No other read begins once it closes.
        while (target.TryRead(ByteSize.MiB(1), []) is not null)
            await Task.Yield();
        Assert.False(closing.IsCompleted);
        _device.Go.Set();

        Assert.True((await closing.WaitAsync(Long)).Succeeded);
        await read.WaitAsync(Long);
        Assert.Equal(1, _device.Closed);
    }

    /// <summary>Reads of a sector wait for the test.</summary>
    private sealed class HeldDevice : IOpenReceivingDevice
    {
        public TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ManualResetEventSlim Go { get; } = new();

        public int Closed { get; private set; }

        public ByteSize Size => ByteSize.GiB(1);

        public KernelResult Read(ByteSize offset, Span<byte> into)
        {
            if (into.IsEmpty)
                return KernelResult.Done;
            Reached.TrySetResult();
            Go.Wait(Long);
            return KernelResult.Done;
        }

        public KernelResult Write(ByteSize offset, ReadOnlySpan<byte> bytes) => KernelResult.Done;

        public KernelResult Zero(ByteRange range) => KernelResult.Done;

        public KernelResult Sync() => KernelResult.Done;

        public void Dispose() => Closed++;
    }
}
