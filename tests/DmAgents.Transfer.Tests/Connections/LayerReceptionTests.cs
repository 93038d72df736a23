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

    private LayerReception Reception(Func<int, Stream?> connect) => new(
        new Receiver(
            TransferRun.RequestFor(_layer.Map),
            new ReceiverSettings(Records.Here, Histories.Pieces, ByteSize.GiB(1))),
        _pool, new Connector(attempt => connect(_connections = attempt)), Settings, _time);

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
