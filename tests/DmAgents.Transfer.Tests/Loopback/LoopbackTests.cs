using System.Text;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Connections;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Receiving;
using DmAgents.Transfer.Tests.Machines;
using DmAgents.Transfer.Tests.Support;
using DmAgents.Transfer.Tests.Wire;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Tests.Loopback;

/// <summary>Both sides as they ship, over a real TLS stream; only the pools are in memory.</summary>
public sealed class LoopbackTests
{
    private const int SenderBlock = 4096;
    private const int ReceiverBlock = 16384;
    private const long DeviceSize = 6 * 1024 * 1024;
    private static readonly PieceSize Pieces = new(64 * 1024);
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task A_lineage_of_random_layers_arrives_byte_for_byte_and_costs_what_changed()
    {
        for (var seed = 1; seed <= 8; seed++)
        {
            var random = new Random(seed);
            var (sender, receiver) = Pools();
            await using var link = new TlsLink(Records.There, sender);
            var ancestors = new List<ContentMap>();
            var thin = sender.Blank(DeviceSize);
            MemoryThin? parent = null;
            for (var layer = 0; layer < 6; layer++)
            {
                Change(thin, random, layer == 0 ? 60 : random.Next(0, 12));
                var map = sender.Add(thin);
                var changed = parent is null ? thin.MappedBlocks : thin.ChangedSince(parent).Count;
                var before = link.WireBytes;
                var outcome = await ReceiveAsync(receiver, map, ancestors, async _ => await link.ConnectAsync());
                Assert.True(outcome.End == ReceptionEnd.Committed, outcome.Reason);
                Assert.True(receiver.Layers[map.Digest].Content.AsSpan().SequenceEqual(thin.Content));
                // Random bytes do not compress: 2 % for frames and hashes, and what a handshake costs.
                Assert.InRange(link.WireBytes - before, 0, changed * SenderBlock * 102 / 100 + 8192);
                ancestors.Insert(0, map);
                (parent, thin) = (thin, thin.Snapshot());
            }
            Assert.All(await link.FaultsAsync(), fault => Assert.Null(fault));
        }
    }

    [Fact]
    public async Task What_compresses_costs_less_than_its_blocks()
    {
        var (sender, receiver) = Pools();
        await using var link = new TlsLink(Records.There, sender);
        var thin = sender.Blank(DeviceSize);
        var text = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 800_000 / 8).Select(i => $"{i:x8}")));
        thin.Write(0, text.AsSpan(0, text.Length / 512 * 512));
        var map = sender.Add(thin);
        await MustReceiveAsync(receiver, map, link);
        Assert.InRange(link.WireBytes, 0, text.Length / 2);
    }

    [Fact]
    public async Task Connections_that_break_anywhere_cost_what_was_on_the_way()
    {
        var (sender, receiver) = Pools();
        await using var link = new TlsLink(Records.There, sender);
        var random = new Random(11);
        var thin = sender.Blank(DeviceSize);
        var bytes = new byte[DeviceSize];
        random.NextBytes(bytes);
        thin.Write(0, bytes);
        var map = sender.Add(thin);
        var outcome = await ReceiveAsync(
            receiver, map, [],
            async attempt => await link.ConnectAsync(attempt < 12 ? random.Next(1_000, 900_000) : null));
        Assert.True(outcome.End == ReceptionEnd.Committed, outcome.Reason);
        Assert.Equal(bytes, receiver.Layers[map.Digest].Content);
        Assert.True(link.Connections > 5);
        // Of each connection what the receiver had not read, the piece that was under way, and its handshake.
        Assert.InRange(
            link.WireBytes, DeviceSize, DeviceSize * 102 / 100 + link.Connections * (2 * Pieces.Bytes + 16 * 1024));
    }

    [Fact]
    public async Task A_host_serves_a_layer_that_it_still_receives()
    {
        var (sender, relay) = Pools();
        var last = new MemoryPool(Records.Here, 8192, Pieces);
        var thin = sender.Blank(DeviceSize);
        thin.Write(0, Records.Noise((int)DeviceSize));
        var map = sender.Add(thin);
        await using var first = new TlsLink(Records.There, sender);
        await using var second = new TlsLink(Records.Here, relay);
        var receiving = Reception(relay, map, [], async _ => await first.ConnectAsync());
        relay.Receiving = () => receiving.Served;
        var relayed = receiving.RunAsync(CancellationToken.None, CancellationToken.None);
        // Until the relay has a target it refuses, and is asked again.
        var outcome = await ReceiveAsync(last, map, [], async _ => await second.ConnectAsync());
        Assert.Equal(ReceptionEnd.Committed, (await relayed.WaitAsync(Deadline)).End);
        Assert.True(outcome.End == ReceptionEnd.Committed, outcome.Reason);
        Assert.Equal(thin.Content, last.Layers[map.Digest].Content);
        Assert.InRange(first.WireBytes, DeviceSize, DeviceSize * 103 / 100 + 16 * 1024);
    }

    [Fact]
    public async Task A_layer_that_no_source_has_is_given_up_with_the_sources_reason()
    {
        var (sender, receiver) = Pools();
        await using var link = new TlsLink(Records.There, sender);
        var map = ContentMap.OfZeros(new ByteSize((ulong)DeviceSize), Pieces);
        var outcome = await ReceiveAsync(
            receiver, map, [], async attempt => attempt < 3 ? await link.ConnectAsync() : null);
        Assert.Equal(ReceptionEnd.GivenUp, outcome.End);
        Assert.Contains("this host has no such layer", outcome.Reason, StringComparison.Ordinal);
        Assert.True(receiver.IsEmptyOfReceptions);
    }

    [Fact]
    public async Task A_reception_that_is_cancelled_midway_leaves_nothing_and_its_sender_goes_free()
    {
        var (sender, receiver) = Pools();
        await using var link = new TlsLink(Records.There, sender);
        var thin = sender.Blank(DeviceSize);
        thin.Write(0, Records.Noise((int)DeviceSize));
        using var cancelled = new CancellationTokenSource();
        var map = sender.Add(thin);
        var reception = Reception(receiver, map, [], async _ => await link.ConnectAsync());
        // After the first sync: some pieces are there.
        receiver.BeforeKeepingProgress = cancelled.Cancel;
        var outcome = await reception.RunAsync(cancelled.Token, CancellationToken.None).WaitAsync(Deadline);
        Assert.Equal(new ReceptionOutcome(ReceptionEnd.GivenUp, "it is not wanted any more"), outcome);
        Assert.True(receiver.IsEmptyOfReceptions);
        Assert.Single(await link.FaultsAsync().WaitAsync(Deadline));
    }

    [Fact]
    public async Task A_reception_that_is_stopped_goes_on_after_the_next_start_with_what_was_noted()
    {
        var (sender, receiver) = Pools();
        await using var link = new TlsLink(Records.There, sender);
        var thin = sender.Blank(DeviceSize);
        thin.Write(0, Records.Noise((int)DeviceSize));
        var map = sender.Add(thin);
        using var stopping = new CancellationTokenSource();
        var reception = Reception(receiver, map, [], async _ => await link.ConnectAsync());
        receiver.BeforeKeepingProgress = stopping.Cancel;
        var outcome = await reception.RunAsync(CancellationToken.None, stopping.Token).WaitAsync(Deadline);
        Assert.Equal(ReceptionEnd.Stopped, outcome.End);
        receiver.BeforeKeepingProgress = null;
        var (progress, kept) = receiver.Kept()!.Value;
        Assert.False(progress.Verified.IsEmpty);
        var before = link.WireBytes;
        var again = Reception(receiver, map, [], async _ => await link.ConnectAsync(), (progress, kept));
        outcome = await again.RunAsync(CancellationToken.None, CancellationToken.None).WaitAsync(Deadline);
        Assert.True(outcome.End == ReceptionEnd.Committed, outcome.Reason);
        Assert.Equal(thin.Content, receiver.Layers[map.Digest].Content);
        var missing = (long)(map.PieceCount - progress.Verified.Count) * Pieces.Bytes;
        Assert.InRange(link.WireBytes - before, missing, missing * 102 / 100 + 16 * 1024);
    }

    [Fact]
    public async Task A_port_that_throws_ends_the_reception_by_its_exception_and_does_not_hang_it()
    {
        var (sender, receiver) = Pools();
        await using var link = new TlsLink(Records.There, sender);
        var map = sender.Add(sender.Blank(DeviceSize));
        receiver.BeforeCommit = () => throw new InvalidOperationException("a fault of the program");
        var fault = await Assert.ThrowsAnyAsync<Exception>(
            () => ReceiveAsync(receiver, map, [], async _ => await link.ConnectAsync()));
        Assert.Contains("a fault of the program", fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_peer_that_sends_something_else_is_named_and_the_sender_serves_on()
    {
        var (sender, receiver) = Pools();
        var map = sender.Add(sender.Blank(DeviceSize));
        await using var link = new TlsLink(Records.There, sender);
        await using (var stream = await link.ConnectAsync())
        {
            await stream.WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());
            // The sender's greeting, and then its end.
            while (await stream.ReadAsync(new byte[100]).AsTask().WaitAsync(Deadline) > 0)
            {
            }
        }
        await MustReceiveAsync(receiver, map, link);
        Assert.Equal(
            (string?[])["the peer does not speak the protocol of transfers", null], await link.FaultsAsync());
    }

    private static (MemoryPool Sender, MemoryPool Receiver) Pools() =>
        (new MemoryPool(Records.There, SenderBlock, Pieces), new MemoryPool(Records.Here, ReceiverBlock, Pieces));

    private static void Change(MemoryThin thin, Random random, int count)
    {
        var bytes = new byte[64 * 1024];
        for (; count > 0; count--)
        {
            var start = random.Next((int)(DeviceSize / 512) - 128) * 512L;
            var length = random.Next(1, 128) * 512;
            random.NextBytes(bytes);
            if (random.Next(4) == 0)
                thin.Zero(start, length);
            else
                thin.Write(start, bytes.AsSpan(0, length));
        }
    }

    private static async Task MustReceiveAsync(MemoryPool into, ContentMap map, TlsLink link)
    {
        var outcome = await ReceiveAsync(into, map, [], async _ => await link.ConnectAsync());
        Assert.True(outcome.End == ReceptionEnd.Committed, outcome.Reason);
    }

    private static Task<ReceptionOutcome> ReceiveAsync(
        MemoryPool into, ContentMap map, IReadOnlyList<ContentMap> ancestors, Func<int, Task<Stream?>> connect) =>
        Reception(into, map, ancestors, connect).RunAsync(CancellationToken.None, CancellationToken.None)
            .WaitAsync(Deadline);

    private static LayerReception Reception(
        MemoryPool into, ContentMap map, IReadOnlyList<ContentMap> ancestors, Func<int, Task<Stream?>> connect,
        (ReceivingProgress Progress, ContentMap Map)? kept = null)
    {
        var settings = new ReceiverSettings(into.Identity, Pieces, ByteSize.GiB(1)) { SyncEvery = 8 };
        var request = TransferRun.RequestFor(map, [.. ancestors]);
        var receiver = kept is var (progress, keptMap)
            ? new Receiver(request, settings, progress, keptMap)
            : new Receiver(request, settings);
        return new LayerReception(
            receiver, into, new Connector(connect),
            new ConnectionSettings { LongestPause = TimeSpan.FromMilliseconds(20), ConnectionsInVain = int.MaxValue },
            TimeProvider.System);
    }

    private sealed class Connector(Func<int, Task<Stream?>> connect) : ISourceConnector
    {
        private int _attempts;

        public Task<Stream?> ConnectAsync(string? fault, CancellationToken cancellation) => connect(_attempts++);
    }
}
