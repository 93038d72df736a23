using System.Collections.Immutable;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;

namespace DmAgents.Actors.Tests.Fleet.Entities;

/// <summary>Images, containers and hosts' ledgers, sharded over hosts and journaled.</summary>
public sealed class ImageAndContainerTests : IAsyncLifetime
{
    private static readonly ImageReference Image = new("registry.example:5000/team/app:1.2");
    private static readonly HostName Web1 = new("web1");
    private static readonly HostName Web2 = new("web2");
    private static readonly PoolSpace Small = new(ByteSize.MiB(100), ByteSize.MiB(1));
    private static readonly PoolSpace Large = new(ByteSize.GiB(100), ByteSize.GiB(1));
    private static readonly ImmutableArray<LineageLayer> Lineage = [new(EntityFleet.Layer(0), Small)];
    private static readonly Digest Config = EntityFleet.Layer(9).Digest;

    private readonly SqliteDatabase _database = new();
    private readonly EntityFleet _fleet;

    public ImageAndContainerTests() => _fleet = new EntityFleet(_database);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        try
        {
            await _fleet.DisposeAsync();
        }
        finally
        {
            _database.Dispose();
        }
    }

    [Fact]
    public async Task A_copy_is_decided_and_its_space_promised_from_any_host_and_survives_a_restart()
    {
        // So that a snapshot is part of what is recovered.
        _fleet.Times = _fleet.Times with { EventsPerSnapshot = 3 };
        await _fleet.Form(2);
        await Capacity(Web1);
        await Capacity(Web2);
        await Ask(0, new ImageCommands.Define(NewRequest(), Config, Lineage, 2, Replace: false, EntityFleet.At));
        await Ask(1, new ImageCommands.Announce(
            Web1, EntityFleet.Stamped(1), new ImageHolding(Config, HoldingKind.Whole, InUse: false), EntityFleet.At));

        var considered = Assert.IsType<ImageReplies.Considered>(await Ask(0, new ImageCommands.Consider(
            [.. await Offers()],
            new ImagePolicy(TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(10)),
            EntityFleet.At)));

        Assert.Equal(0, considered.Missing);
        var order = Assert.IsType<ImageWork.Promise>(Assert.Single(ImageWork.Of(await Shown(1))));
        Assert.Equal(Web2, order.Host);
        var kept = Assert.IsType<HostReplies.Kept>(await EntityFleet.Done(
            _fleet.Hosts[1], order.Host, new HostCommands.Promise(
                order.Id, order.Incarnation, order.Space, TimeSpan.FromMinutes(1), EntityFleet.At)));
        await Ask(1, new ImageCommands.NotePromise(
            order.Id.Number, kept.Promise.Pool, TimeSpan.FromMinutes(1), EntityFleet.At));

        await _fleet.Restart();

        for (var host = 0; host < 2; host++)
        {
            var image = await Shown(host);
            Assert.Contains(ImageWork.Of(image), work => work is ImageWork.Copy copy && copy.Host == Web2);
            Assert.Equal(Web2, Assert.Single(image.Decisions).Chosen);
            Assert.Equal(2, image.Decisions[0].Candidates.Length);
            var ledger = EntityFleet.Reply(await _fleet.Hosts[host].Keeper.Entities!.Show(Web2, default));
            Assert.Equal(kept.Promise, Assert.Single(ledger.Promises));
        }
    }

    [Fact]
    public async Task A_container_is_placed_once_and_its_next_epoch_is_fenced_after_a_restart()
    {
        await _fleet.Form(2);
        await Capacity(Web1);
        await Capacity(Web2);
        var name = new ContainerName("web");
        var create = new ContainerCommands.Create(
            NewRequest(), Image, Web2, Lineage, [.. await Offers()], EntityFleet.At);

        var placed = Assert.IsType<ContainerReplies.Placed>(await Ask(0, name, create));
        Assert.Equal((Web2, 1ul), (placed.Host, placed.Epoch.Number));
        // The same request on the other host.
        Assert.Equal(placed, await Ask(1, name, create));

        await _fleet.Restart();

        Assert.Equal(placed, await Ask(1, name, create));
        Assert.IsType<ContainerReplies.Owns>(await Ask(0, name, new ContainerCommands.Announce(
            Web2, EntityFleet.Stamped(1), placed.Epoch, EntityFleet.At)));
        Assert.IsType<ContainerReplies.Fenced>(await Ask(0, name, new ContainerCommands.Announce(
            Web1, EntityFleet.Stamped(1), placed.Epoch, EntityFleet.At)));
        var shown = EntityFleet.Reply(await _fleet.Hosts[1].Keeper.Entities!.Show(name, default));
        Assert.Equal((ContainerPhase.Owned, Web2), (shown.Phase, shown.Host));
    }

    private static RequestId NewRequest() => new(Guid.NewGuid());

    private async Task Capacity(HostName host) => Assert.IsType<HostReplies.Heard>(await EntityFleet.Done(
        _fleet.Hosts[0], host, new HostCommands.Announce(
            EntityFleet.Stamped(1),
            new HostCapacity([new PoolCapacity(new PoolName("fast"), Large, Large, Admits: true)], "1.0"),
            EntityFleet.At)));

    private async Task<List<HostOffer>> Offers()
    {
        var offers = new List<HostOffer>();
        foreach (var host in new[] { Web1, Web2 })
        {
            var ledger = EntityFleet.Reply(await _fleet.Hosts[0].Keeper.Entities!.Show(host, default));
            offers.Add(ledger.Offer(EntityFleet.At)!);
        }
        return offers;
    }

    private async Task<ImageReply> Ask(int host, ImageCommand command) =>
        EntityFleet.Reply(await _fleet.Hosts[host].Keeper.Entities!.Ask(Image, command, CancellationToken.None));

    private async Task<ContainerReply> Ask(int host, ContainerName name, ContainerCommand command) =>
        EntityFleet.Reply(await _fleet.Hosts[host].Keeper.Entities!.Ask(name, command, CancellationToken.None));

    private async Task<ImageState> Shown(int host) =>
        EntityFleet.Reply(await _fleet.Hosts[host].Keeper.Entities!.Show(Image, CancellationToken.None));
}
