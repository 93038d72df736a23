using System.Text;
using DmAgents.Actors.Tests.Fleet.Entities;
using DmAgents.Agent.Fleet.Inventory;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Tests.Transfers;
using DmAgents.Agent.Transfers;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>Which hosts are asked for a layer in a fleet with a database.</summary>
public sealed class FleetLayerLocationTests : IAsyncLifetime
{
    private static readonly HostName One = new("host1");
    private static readonly HostName Two = new("host2");
    private static readonly ChainId Layer = new(Digest.Of(Encoding.ASCII.GetBytes("a layer")));

    private static readonly ChainId OtherLayer = new(Digest.Of(Encoding.ASCII.GetBytes("another layer")));

    private readonly FleetAgents _fleet = new();
    private readonly SqliteDatabase _database = new();

    public Task InitializeAsync()
    {
        _fleet.Database = _database;
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _fleet.DisposeAsync();
        _database.Dispose();
    }

    [Fact]
    public async Task The_buckets_name_hosts_that_have_a_layer_or_bring_it_as_long_as_there_is_a_database()
    {
        var agents = await _fleet.Form(2);
        await TwoAgents.Tag(
            agents[0], new("app:1"), await TwoAgents.AddLayer(agents[0], null, 1, ByteSize.MiB(2), Layer));
        await Eventually(async () => await IsVerified(agents[1]), "the layer is announced with its content");
        Assert.Equal([One], await Find(agents[1]));

        using (agents[1].Get<ILayerLocations>().Begin(Layer, One))
        {
            await Eventually(
                async () => await Find(agents[0]) is [_, _] all && all.Contains(Two), "it is said who brings it");
        }
        await Eventually(async () => await Find(agents[0]) is [_], "it is said that that has ended");

        _database.GoAway();
        await Eventually(async () => await Find(agents[1]) is null, "there are none to be asked");
    }

    [Fact]
    public async Task A_new_layer_does_not_wait_for_the_next_round_of_announcements()
    {
        _fleet.Announce = _fleet.Announce with { Pace = TimeSpan.FromHours(1) };
        var agents = await _fleet.Form(2);
        await Eventually(async () => await Find(agents[1]) is not null, "the bucket answers");

        foreach (var (layer, seed) in new[] { (Layer, 1), (OtherLayer, 2) })
        {
            await AddImage(agents[0], seed, layer);
            await IsAnnounced(agents[1], layer);
        }
    }

    /// <summary>An image, because the pool removes a layer that no image needs.</summary>
    private static async Task AddImage(ServedAgent agent, int seed, ChainId layer) => await TwoAgents.Tag(
        agent, new($"app:{seed}"), await TwoAgents.AddLayer(agent, null, seed, ByteSize.MiB(1), layer));

    private static Task IsAnnounced(ServedAgent agent, ChainId layer) => Eventually(
        async () => await agent.Get<ILayerLocations>().FindAsync(layer, FleetAgents.Patience, CancellationToken.None)
            is [var host] && host == One,
        "the layer is announced");

    private static Task<IReadOnlyList<HostName>?> Find(ServedAgent agent) =>
        agent.Get<ILayerLocations>().FindAsync(Layer, FleetAgents.Patience, CancellationToken.None);

    private static async Task<bool> IsVerified(ServedAgent agent)
    {
        try
        {
            var located = await agent.Get<FleetLookup>().Locate(Layer.Value, CancellationToken.None);
            return located is [{ Where.Copies: [{ Verified: true, Digest: not null }] }];
        }
        catch (UseCases.RefusedException)
        {
            return false;
        }
    }

    private static async Task Eventually(Func<Task<bool>> holds, string what)
    {
        using var patience = new CancellationTokenSource(FleetAgents.Patience);
        while (!await holds())
        {
            Assert.False(patience.IsCancellationRequested, $"it does not come to be so: {what}");
            await Task.Delay(50);
        }
    }
}
