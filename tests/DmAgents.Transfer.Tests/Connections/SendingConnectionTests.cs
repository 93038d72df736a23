using DmAgents.Domain.Ports;
using DmAgents.Transfer.Connections;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Pacing;
using DmAgents.Transfer.Tests.Machines;
using DmAgents.Transfer.Tests.Pacing;
using DmAgents.Transfer.Tests.Support;
using DmAgents.Transfer.Tests.Wire;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Tests.Connections;

public sealed class SendingConnectionTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);
    private static readonly ConnectionSettings Settings = new();

    private readonly ManualTime _time = new();
    private readonly HostBandwidth _host;

    public SendingConnectionTests() => _host = new HostBandwidth(null, _time);

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task An_answer_that_takes_longer_than_a_receiver_may_be_idle_comes_whole()
    {
        var layer = new HeldLayer();
        var (peer, served) = Serve(layer);
        await peer.AskAsync(layer.Map);
        await peer.ReadToAsync<TransferRecords.MapEnd>();
        layer.Hold();
        await peer.WriteAsync(AllPieces);
        await layer.IsHeld;
        _time.Advance(Settings.IdleAfter + Settings.IdleAfter);
        layer.Go();
        Assert.Equal(5UL, (await peer.ReadToAsync<TransferRecords.End>()).Pieces);
        peer.Dispose();
        Assert.Null(await served.WaitAsync(Deadline));
    }

    [Fact]
    public async Task A_question_stays_in_the_stream_until_the_one_before_is_answered()
    {
        var layer = new HeldLayer();
        var (peer, served) = Serve(layer, holds: 1);
        await peer.AskAsync(layer.Map);
        await peer.ReadToAsync<TransferRecords.MapEnd>();
        layer.Hold();
        await peer.WriteAsync(AllPieces);
        await layer.IsHeld;
        var next = peer.WriteAsync(AllPieces);
        await Task.WhenAny(next, Task.Delay(100));
        Assert.False(next.IsCompleted);
        layer.Go();
        await peer.ReadToAsync<TransferRecords.End>();
        await next.WaitAsync(Deadline);
        await peer.ReadToAsync<TransferRecords.End>();
        peer.Dispose();
        Assert.Null(await served.WaitAsync(Deadline));
    }

    [Fact]
    public async Task A_sender_that_seeks_the_difference_sends_a_record_before_its_receiver_takes_it_for_stalled()
    {
        var layer = new HeldLayer().Hold();
        var (peer, served) = Serve(layer);
        await peer.AskAsync(layer.Map, layer.Base);
        await layer.IsHeld;
        for (var i = 0; i < 20; i++)
        {
            // The guard of the write before may run still: it fires later.
            await Eventually.TrueAsync(
                () => _time.FiresWithin(Settings.StalledAfter / 2), "the connection waits for the time");
            _time.Advance(Settings.StalledAfter / 2);
            Assert.IsType<TransferRecords.KeepAlive>(await peer.ReadAsync());
        }
        layer.Go();
        Assert.Equal(layer.Base.Digest, (await peer.ReadToAsync<TransferRecords.Header>()).Base);
        peer.Dispose();
        Assert.Null(await served.WaitAsync(Deadline));
        Assert.True(layer.IsDisposed);
    }

    [Fact]
    public async Task A_difference_that_cannot_be_found_is_reported_and_whole_pieces_are_sent()
    {
        var layer = new HeldLayer { Fault = new KernelError(KernelFault.Failed, 5, "read", "the metadata") };
        var (peer, served) = Serve(layer);
        await peer.AskAsync(layer.Map, layer.Base);
        await peer.ReadToAsync<TransferRecords.MapEnd>();
        await peer.WriteAsync(AllPieces with { Whole = false });
        Assert.Equal(5UL * 4096, (await peer.ReadToAsync<TransferRecords.End>()).DataBytes);
        peer.Dispose();
        var fault = await served.WaitAsync(Deadline);
        Assert.Contains("errno 5", fault, StringComparison.Ordinal);
        Assert.Contains("whole pieces are sent", fault, StringComparison.Ordinal);
    }

    private static TransferRecords.AskPieces AllPieces => new(Whole: true, [new PieceRange(0, 8)]);

    private (Peer Peer, Task<string?> Served) Serve(HeldLayer layer, int holds = 64 * 1024)
    {
        var (mine, theirs) = DuplexStream.Pair(holds);
        var connection = new SendingConnection(Records.There, layer, _host, Settings, _time);
        return (new Peer(mine), ServeAsync(connection, theirs));
    }

    private static async Task<string?> ServeAsync(SendingConnection connection, DuplexStream stream)
    {
        await using (stream)
            return await connection.RunAsync(stream, CancellationToken.None);
    }

    /// <summary>A receiver, record by record.</summary>
    private sealed class Peer(DuplexStream stream) : IDisposable
    {
        private readonly RecordReader _reader = new(stream, WireSide.Sender);
        private readonly RecordWriter _writer = new(stream);

        public async Task AskAsync(ContentMap wanted, params ContentMap[] ancestors)
        {
            await WireGreeting.WriteAsync(stream, CancellationToken.None).AsTask().WaitAsync(Deadline);
            await WireGreeting.ReadAsync(stream, CancellationToken.None).AsTask().WaitAsync(Deadline);
            await WriteAsync(new TransferRecords.Ask(
                Records.Here, Records.Layer, wanted.Digest, TransferPriority.Normal, Histories.Pieces, null,
                HasMap: false, [.. ancestors.Select(map => map.Digest)]));
        }

        public Task WriteAsync(TransferRecord record) => _writer.WriteAsync(record, CancellationToken.None).AsTask();

        public async Task<TransferRecord?> ReadAsync() =>
            await _reader.ReadAsync(CancellationToken.None).AsTask().WaitAsync(Deadline);

        public async Task<T> ReadToAsync<T>()
            where T : TransferRecord
        {
            while (true)
            {
                var record = await ReadAsync();
                Assert.NotNull(record);
                if (record is T wanted)
                    return wanted;
            }
        }

        public void Dispose()
        {
            stream.Dispose();
            _reader.Dispose();
            _writer.Dispose();
        }
    }
}
