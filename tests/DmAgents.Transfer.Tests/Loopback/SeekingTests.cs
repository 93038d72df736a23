using DmAgents.Domain.Units;
using DmAgents.Transfer.Connections;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Receiving;
using DmAgents.Transfer.Tests.Machines;
using DmAgents.Transfer.Tests.Support;
using DmAgents.Transfer.Tests.Wire;

namespace DmAgents.Transfer.Tests.Loopback;

/// <summary>When a reception looks for further sources.</summary>
public sealed class SeekingTests
{
    private const long DeviceSize = 1024 * 1024;
    private static readonly PieceSize Pieces = new(64 * 1024);
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task A_hint_ends_the_pause_before_the_next_search()
    {
        var (sender, receiver) = (
            new MemoryPool(Records.There, 4096, Pieces), new MemoryPool(Records.Here, 4096, Pieces));
        await using var link = new TlsLink(Records.There, sender);
        var thin = sender.Blank(DeviceSize);
        thin.Write(0, Records.Noise((int)DeviceSize));
        var map = sender.Add(thin);
        using var held = new ManualResetEventSlim();
        receiver.BeforeWrite = held.Wait;
        var sources = new Sought(link);
        var reception = new LayerReception(
            new Receiver(
                TransferRun.RequestFor(map),
                new ReceiverSettings(receiver.Identity, Pieces, ByteSize.GiB(1)) { MaxSources = 2 }),
            receiver, sources, new ConnectionSettings { SeekAfter = 2 * Deadline, SeekAtLeastAfter = Deadline },
            TimeProvider.System);
        var receiving = reception.RunAsync(CancellationToken.None, CancellationToken.None);
        await sources.Searched.WaitAsync(Deadline);

        reception.SeekNow();

        await sources.SearchedAgain.WaitAsync(Deadline);
        held.Set();
        Assert.Equal(ReceptionEnd.Committed, (await receiving.WaitAsync(Deadline)).End);
    }

    /// <summary>Searches find nothing.</summary>
    private sealed class Sought(TlsLink link) : ISourceConnector
    {
        private readonly TaskCompletionSource[] _searched = [new(), new()];
        private int _searches;

        public Task Searched => _searched[0].Task;

        public Task SearchedAgain => _searched[1].Task;

        public async Task<Stream?> ConnectAsync(string? fault, CancellationToken cancellation) =>
            await link.ConnectAsync();

        public Task<Stream?> ConnectFurtherAsync(CancellationToken cancellation)
        {
            var search = Interlocked.Increment(ref _searches);
            if (search <= _searched.Length)
                _searched[search - 1].TrySetResult();
            return Task.FromResult<Stream?>(null);
        }
    }
}
