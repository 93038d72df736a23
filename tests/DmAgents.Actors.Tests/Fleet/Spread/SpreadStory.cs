using System.Collections.Concurrent;
using System.Collections.Immutable;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Actors.Fleet.Spread;
using DmAgents.Actors.Tests.Fleet.Entities;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Orders;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;

namespace DmAgents.Actors.Tests.Fleet.Spread;

/// <summary>
/// Three hosts with entities in one journal, whatever that is: an image gets its second copy, a host with a copy is
/// lost, and another one gets it. What hosts announce is announced here.
/// </summary>
internal sealed class SpreadStory
{
    private static readonly ImageReference Image = new("registry.example:5000/team/app:1.2");
    private static readonly Digest Config = EntityFleet.Layer(9).Digest;
    private static readonly PoolSpace Large = new(ByteSize.GiB(100), ByteSize.GiB(1));
    private static readonly ImmutableArray<LineageLayer> Lineage =
        [new(EntityFleet.Layer(0), new PoolSpace(ByteSize.MiB(100), ByteSize.MiB(1)))];

    private readonly EntityFleet _fleet;
    private readonly ConcurrentQueue<(HostName Host, HostOrders.CopyImage Order)> _orders = new();

    private SpreadStory(EntityFleet fleet)
    {
        _fleet = fleet;
        fleet.Spread = host => new SpreadSettings(TimeSpan.FromSeconds(1), order =>
        {
            if (order is HostOrders.CopyImage copy)
                _orders.Enqueue((host, copy));
        })
        {
            Look = TimeSpan.FromMilliseconds(200), Rest = TimeSpan.FromMilliseconds(400),
        };
    }

    public static async Task Tell(EntityFleet fleet)
    {
        var story = new SpreadStory(fleet);
        await fleet.Form(3);
        for (var host = 1; host <= 3; host++)
            await story.Capacity(new HostName($"web{host}"));
        await story.Ask(new ImageCommands.Define(
            new RequestId(Guid.NewGuid()), Config, Lineage, 2, Replace: false, story.Now));
        await story.Holds(new HostName("web1"));

        var second = await story.Copied([new HostName("web1")]);

        // The one with the image's entity may be the lost one.
        var lost = fleet.Hosts.Single(host => host.Name == second.Value);
        await lost.Keeper.LeaveAsync(CancellationToken.None);
        fleet.Hosts.Remove(lost);
        try
        {
            await story.Answered(entities => entities.Ask(
                second, new HostCommands.NoteGone(new Incarnation(1), HostAbsence.Lost, story.Now), default));
            story._orders.Clear();
            var third = await story.Copied([new HostName("web1")]);
            Assert.DoesNotContain(third.Value, new[] { "web1", second.Value });
            var state = await story.Shown();
            Assert.Contains("is lost", state.Decisions[^1].Why, StringComparison.Ordinal);
            Assert.Equal(2, state.Holders.Count());
        }
        finally
        {
            await lost.DisposeAsync();
        }
    }

    private DateTimeOffset Now { get; } = TimeProvider.System.GetUtcNow();

    /// <summary>Heeds the next order for a copy as its host would. The holders repeat what they have: it is what
    /// brings the image's entity back if its host is gone.</summary>
    private async Task<HostName> Copied(IReadOnlyList<HostName> holders)
    {
        (HostName Host, HostOrders.CopyImage Order) sent = default;
        await Eventually.Holds(
            async () =>
            {
                foreach (var holder in holders)
                    await Holds(holder);
                return _orders.TryDequeue(out sent);
            },
            () => "no copy is ordered", FleetHost.Patience);
        Assert.NotNull(sent.Order);
        Assert.Equal(Image, sent.Order.Copy.Image);
        Assert.Contains(holders[0], sent.Order.Sources);
        Assert.IsType<ImageReplies.CopyContinues>(await Ask(new ImageCommands.NoteProgress(
            sent.Order.Copy.Number, TimeSpan.FromMinutes(2), TimeProvider.System.GetUtcNow())));
        await Holds(sent.Host);
        // Asked again it is over: a late order does nothing.
        Assert.IsType<ImageReplies.NoSuchCopy>(await Ask(new ImageCommands.NoteProgress(
            sent.Order.Copy.Number, TimeSpan.FromMinutes(2), TimeProvider.System.GetUtcNow())));
        await Eventually.Holds(
            async () => (await Answered(entities => entities.Show(sent.Host, default))).Promises.IsEmpty,
            () => "its space is still promised", FleetHost.Patience);
        return sent.Host;
    }

    private Task<ImageReply> Holds(HostName host) => Ask(new ImageCommands.Announce(
        host, EntityFleet.Stamped(1), new ImageHolding(Config, HoldingKind.Whole, InUse: false), Now));

    private async Task Capacity(HostName host) => Assert.IsType<HostReplies.Heard>(await Answered(
        entities => entities.Ask(
            host, new HostCommands.Announce(
                EntityFleet.Stamped(1),
                new HostCapacity([new PoolCapacity(new PoolName("fast"), Large, Large, Admits: true)], "1.0"), Now),
            default)));

    private Task<ImageReply> Ask(ImageCommand command) =>
        Answered(entities => entities.Ask(Image, command, default));

    private Task<ImageState> Shown() => Answered(entities => entities.Show(Image, default));

    /// <summary>While entities move there may be no answer.</summary>
    private async Task<TReply> Answered<TReply>(Func<FleetEntities, Task<EntityAnswer<TReply>>> ask)
        where TReply : class
    {
        EntityAnswer<TReply> answer = default;
        await Eventually.Holds(
            async () => (answer = await ask(_fleet.Hosts[0].Keeper.Entities!)).Reply is not null,
            () => $"{answer.Refusal}", FleetHost.Patience);
        return answer.Reply!;
    }
}
