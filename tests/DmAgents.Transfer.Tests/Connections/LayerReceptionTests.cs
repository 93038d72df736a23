using DmAgents.Domain.Units;
using DmAgents.Transfer.Connections;
using DmAgents.Transfer.Pacing;
using DmAgents.Transfer.Receiving;
using DmAgents.Transfer.Tests.Machines;
using DmAgents.Transfer.Tests.Pacing;
using DmAgents.Transfer.Tests.Support;
using DmAgents.Transfer.Tests.Wire;

namespace DmAgents.Transfer.Tests.Connections;

public sealed class LayerReceptionTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);
    private static readonly ConnectionSettings Settings = new();

    private readonly ManualTime _time = new();
    private readonly HostBandwidth _host;
    private readonly HeldLayer _layer = new();
    private readonly MemoryPool _pool = new(Records.Here, 2048, Histories.Pieces);
    private int _connections;

    public LayerReceptionTests() => _host = new HostBandwidth(null, _time);

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task A_source_that_is_asked_nothing_while_the_target_is_made_is_not_stalled()
    {
        using var made = new ManualResetEventSlim();
        var making = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _pool.BeforeMakingTarget = () =>
        {
            making.SetResult();
            Assert.True(made.Wait(Deadline));
        };
        var received = Reception(_ => Connected()).RunAsync(CancellationToken.None, CancellationToken.None);
        await making.Task.WaitAsync(Deadline);
        _time.Advance(Settings.StalledAfter + Settings.StalledAfter);
        made.Set();
        Assert.Equal(ReceptionEnd.Committed, (await received.WaitAsync(Deadline)).End);
        Assert.Equal(1, _connections);
    }

    [Fact]
    public async Task A_source_that_cannot_be_reached_is_tried_after_pauses_and_not_without_end()
    {
        var settings = Settings with { ConnectionsInVain = 5 };
        var received = Reception(_ => throw new IOException("no route to it"), settings)
            .RunAsync(CancellationToken.None, CancellationToken.None);
        for (var pause = 1; pause <= 8; pause *= 2)
        {
            await Eventually.TrueAsync(() => _time.FiresWithin(TimeSpan.FromSeconds(pause)), "a pause begins");
            var before = _connections;
            _time.Advance(TimeSpan.FromSeconds(pause) - TimeSpan.FromTicks(1));
            Assert.Equal(before, _connections);
            _time.Advance(TimeSpan.FromTicks(1));
            await Eventually.TrueAsync(() => _connections > before, "it connects again");
        }
        var outcome = await received.WaitAsync(Deadline);
        Assert.Equal(ReceptionEnd.GivenUp, outcome.End);
        Assert.Equal("5 connections in a row brought nothing: no route to it", outcome.Reason);
        Assert.Equal(5, _connections);
    }

    [Fact]
    public async Task A_layer_that_is_abandoned_is_not_served_any_more_before_its_target_is_removed()
    {
        using var notWanted = new CancellationTokenSource();
        var reception = Reception(_ => Connected());
        var (served, left) = (false, false);
        _pool.BeforeKeepingProgress = () =>
        {
            served = reception is { Served: not null, Target: not null };
            notWanted.Cancel();
        };
        _pool.BeforeAbandon = () => left = reception is { Served: null, Target: null };
        var outcome = await reception.RunAsync(notWanted.Token, CancellationToken.None).WaitAsync(Deadline);
        Assert.Equal(ReceptionEnd.GivenUp, outcome.End);
        Assert.True(served);
        Assert.True(left);
    }

    [Fact]
    public async Task A_reception_that_fails_returns_when_the_target_is_in_use_no_more()
    {
        using var goOn = new ManualResetEventSlim();
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var writes = 0;
        _pool.BeforeWrite = () =>
        {
            if (Interlocked.Increment(ref writes) == 1)
                return;
            held.TrySetResult();
            Assert.True(goOn.Wait(Deadline));
        };
        _pool.BeforeKeepingProgress = () =>
        {
            held.Task.Wait(Deadline);
            throw new InvalidOperationException("a fault of the program");
        };
        var received = Reception(_ => Connected()).RunAsync(CancellationToken.None, CancellationToken.None);
        await held.Task.WaitAsync(Deadline);
        await Task.WhenAny(received, Task.Delay(200));
        Assert.False(received.IsCompleted);
        goOn.Set();
        var fault = await Assert.ThrowsAnyAsync<Exception>(() => received.WaitAsync(Deadline));
        Assert.Contains("a fault of the program", fault.ToString(), StringComparison.Ordinal);
    }

    private LayerReception Reception(Func<int, Stream?> connect, ConnectionSettings? settings = null) => new(
        new Receiver(
            TransferRun.RequestFor(_layer.Map),
            new ReceiverSettings(Records.Here, Histories.Pieces, ByteSize.GiB(1)) { SyncEvery = 1 }),
        _pool, new Connector(attempt => connect(_connections = attempt)), settings ?? Settings, _time);

    private DuplexStream Connected()
    {
        var (mine, theirs) = DuplexStream.Pair();
        _ = ServeAsync(theirs);
        return mine;
    }

    private async Task ServeAsync(DuplexStream stream)
    {
        await using (stream)
            await new SendingConnection(Records.There, _layer, _host, Settings, _time)
                .RunAsync(stream, CancellationToken.None);
    }

    private sealed class Connector(Func<int, Stream?> connect) : ISourceConnector
    {
        private int _attempts;

        public Task<Stream?> ConnectAsync(string? fault, CancellationToken cancellation) =>
            Task.FromResult(connect(++_attempts));
    }
}
