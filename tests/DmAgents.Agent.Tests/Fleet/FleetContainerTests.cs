using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Fleet;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Tests.Transfers;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using Grpc.Core;
using static DmAgents.Agent.Tests.Fleet.FleetSpreadTests;
using Phase = DmAgents.Api.Admin.V1.FleetContainer.Types.Phase;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>Whole agents: what a host does not do for the fleet, or only with its reason.</summary>
public sealed class FleetContainerTests : FleetWithDatabase
{
    private static readonly DeviceKey Web = DeviceKey.Container("web");
    private static readonly ContainerName Name = new("web");
    private static readonly PoolName Second = new("second");

    [Fact]
    public async Task Of_two_of_one_name_on_one_host_the_fleet_removes_none_and_an_operator_the_named_one()
    {
        var agent = (await Fleet.Form(1))[0];
        await MakeTwo(agent);
        await Listed(agent, list => list is [{ Phase: Phase.Present }]);
        Assert.Equal(ContainerEpoch.None, EpochIn(agent, ServedAgent.Pool));
        Assert.Equal(ContainerEpoch.None, EpochIn(agent, Second));

        await Remove(agent, fleet: true);

        var asked = await Listed(agent, list => list is [{ Phase: Phase.Removing, Why.Length: > 0 }]);
        Assert.Contains("the pools second, test-pool have one of this name each", asked[0].Why, StringComparison.Ordinal);
        Assert.NotNull(agent.State.Find(Web));
    }

    [Fact]
    public async Task What_an_operator_removes_from_one_pool_stays_in_the_other_and_is_the_fleets_from_then_on()
    {
        var agent = (await Fleet.Form(1))[0];
        await MakeTwo(agent);
        await Listed(agent, list => list is [{ Phase: Phase.Present }]);

        await Remove(agent, fleet: false);

        await TwoAgents.Eventually(() => EpochIn(agent, Second) != ContainerEpoch.None, "the other one is the fleet's");
        var left = Assert.Single(await Listed(agent, list => list.Count == 1));
        Assert.Equal((Phase.Present, "host1"), (left.Phase, left.Host));
    }

    [Fact]
    public async Task What_is_in_a_pool_that_is_not_open_keeps_its_epoch_and_counts_as_removed_only_when_that_is_known()
    {
        var agent = (await Fleet.Form(1))[0];
        await MakeTwo(agent);
        await Remove(agent, fleet: false);
        await TwoAgents.Eventually(() => EpochIn(agent, Second) != ContainerEpoch.None, "it is the fleet's");
        var epoch = EpochIn(agent, Second);

        // For the disks of a pool that is unavailable the host would wait first.
        Share(agent, Second, PoolPhase.WrongPool);
        await Listed(agent, list => list is [{ Phase: Phase.Vanished }]);
        Assert.Equal(epoch, EpochIn(agent, Second));
        Share(agent, Second, PoolPhase.Open);
        await Listed(agent, list => list is [{ Phase: Phase.Present }]);

        Share(agent, Second, PoolPhase.Opening);
        await Remove(agent, fleet: true);
        var asked = await Listed(agent, list => list is [{ Phase: Phase.Removing, Why.Length: > 0 }]);
        Assert.Contains("pool second may have it, and is not open", asked[0].Why, StringComparison.Ordinal);

        agent.Get<PoolBoard>().Forget(Second);
        await Listed(agent, list => list.Count == 0);
    }

    [Fact]
    public async Task A_mounted_container_stays_says_why_and_is_removed_when_it_is_not_mounted_any_more()
    {
        var agents = await Fleet.Form(2);
        await MakeImage(agents[1]);
        await Explained(agents[0], image => Whole(image) == 1);
        await Place(agents[0], "host2");
        await Listed(agents[0], list => list is [{ Phase: Phase.Present }]);
        var containers = new Containers.ContainersClient(agents[1].AdminChannel);
        await containers.MountAsync(new MountContainerRequest
        {
            RequestId = NewId(), Pool = ServedAgent.Pool.Value, Container = "web",
        });

        await Remove(agents[0], fleet: true);

        var asked = await Listed(agents[0], list => list is [{ Phase: Phase.Removing, Why.Length: > 0 }]);
        Assert.Contains("host2: ", asked[0].Why, StringComparison.Ordinal);
        Assert.Contains("mounted", asked[0].Why, StringComparison.Ordinal);
        Assert.NotNull(agents[1].State.Find(Web));
        await containers.UnmountAsync(new UnmountContainerRequest
        {
            RequestId = NewId(), Pool = ServedAgent.Pool.Value, Container = "web",
        });
        await Listed(agents[0], list => list.Count == 0);
        await TwoAgents.Eventually(() => agents[1].State.Find(Web) is null, "it is removed");
    }

    [Fact]
    public async Task A_container_whose_epoch_cannot_be_written_is_not_left_behind()
    {
        var agents = await Fleet.Form(2);
        await MakeImage(agents[1]);
        await Explained(agents[0], image => Whole(image) == 1);
        // No file takes the place of a directory.
        Directory.CreateDirectory(Path.Combine(agents[1].Settings.FleetPaths.Directory, "epochs.json"));

        var refused = await Assert.ThrowsAsync<RpcException>(() => Place(agents[0], "host2"));

        Assert.Contains("epochs.json", refused.Status.Detail, StringComparison.Ordinal);
        await TwoAgents.Eventually(() => agents[1].State.Find(Web) is null, "nothing is left of it");
    }

    [Fact]
    public async Task While_the_database_is_away_a_container_of_a_local_image_is_made_here_and_known_later()
    {
        var agents = await Fleet.Form(2);
        await MakeImage(agents[0]);
        await Explained(agents[1], image => Whole(image) == 1);
        SharedDatabase.GoAway();
        foreach (var agent in agents)
            await TwoAgents.Eventually(() => agent.Get<FleetEntityAccess>().Database is { IsReady: false }, "it is away");

        var here = await Asked(agents[0], "");

        Assert.Equal((true, ServedAgent.Pool.Value), (here.Local, here.Pool));
        Assert.Contains("is away since", here.NotAskedBecause, StringComparison.Ordinal);
        var elsewhere = await Assert.ThrowsAsync<RpcException>(() => Asked(agents[1], ""));
        Assert.Contains(
            "a host that has the image makes it by itself: dmagent container create web --image app:1",
            NextOf(elsewhere), StringComparison.Ordinal);
        var named = await Assert.ThrowsAsync<RpcException>(() => Asked(agents[0], "host1"));
        Assert.Contains("is away since", named.Status.Detail, StringComparison.Ordinal);

        var containers = new Containers.ContainersClient(agents[0].AdminChannel);
        await containers.CreateAsync(new CreateContainerRequest
        {
            RequestId = NewId(), Name = "web", Image = "app:1", Pool = here.Pool,
        });
        SharedDatabase.ComeBack();
        await Listed(agents[1], list => list is [{ Host: "host1", Phase: Phase.Present }]);
    }

    /// <summary>The image may be announced at any moment: then the fleet places the container.</summary>
    [Fact]
    public async Task A_container_of_an_image_that_the_fleet_has_not_heard_of_yet_is_made()
    {
        var agent = (await Fleet.Form(1))[0];
        await Ready(agent);
        await MakeImage(agent);

        var reply = await Asked(agent, "");

        if (reply.Local)
        {
            Assert.Equal(ServedAgent.Pool.Value, reply.Pool);
            Assert.Contains("the fleet has no image of this name", reply.NotAskedBecause, StringComparison.Ordinal);
        }
        else
            Assert.Equal("host1", reply.Placed.Host);
    }

    private static async Task<PlaceContainerReply> Asked(ServedAgent agent, string host) =>
        await new Api.Admin.V1.Spread.SpreadClient(agent.AdminChannel).PlaceContainerAsync(new PlaceContainerRequest
        {
            RequestId = NewId(), Name = "web", Image = "app:1", Host = host,
        });

    /// <summary>A pool on the board as the agent's own one was with the container, in this phase.</summary>
    private static void Share(ServedAgent agent, PoolName name, PoolPhase phase)
    {
        var board = agent.Get<PoolBoard>();
        board.Show((board.Find(name) ?? agent.Picture with { Name = name, Uuid = new PoolUuid(Guid.NewGuid()) }) with
        {
            Phase = phase,
            // It opens for as long as the test lasts.
            Since = TimeProvider.System.GetUtcNow().AddDays(1),
            Actor = Akka.Actor.ActorRefs.Nobody,
        });
    }

    private static ContainerEpoch EpochIn(ServedAgent agent, PoolName name)
    {
        var pool = agent.Get<PoolBoard>().Find(name)!;
        return agent.Get<FleetStore>().Epochs.EpochOf(pool.Uuid, Name, pool.State.Find(Web)!);
    }

    /// <summary>One in the agent's pool, and the same in a second pool, which no actor changes.</summary>
    private static async Task MakeTwo(ServedAgent agent)
    {
        var layer = await TwoAgents.AddLayer(agent, null, 1, ByteSize.MiB(2));
        // Both of the name are there before the fleet hears of one.
        using var expected = agent.Get<FleetStore>().Epochs.Expect(Name);
        await agent.Do(new PoolCommands.CreateSnapshot(
            new RequestId(Guid.NewGuid()), Web, layer, Size: null, FileSystem: null, DeviceUse.Idle,
            ImmutableSortedDictionary<string, string>.Empty, DateTimeOffset.UnixEpoch));
        await TwoAgents.Eventually(() => agent.State.Find(Web) is { Phase: DevicePhase.Ready }, "it is made");
        Share(agent, Second, PoolPhase.Open);
    }

    private static async Task Remove(ServedAgent agent, bool fleet) =>
        await new Containers.ContainersClient(agent.AdminChannel).RemoveAsync(new RemoveContainerRequest
        {
            RequestId = NewId(), Container = "web", Pool = fleet ? "" : ServedAgent.Pool.Value, Fleet = fleet,
        });
}
