using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Tests.Transfers;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using Grpc.Core;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>Whole agents: images get their copies, and containers their hosts, whichever host is asked.</summary>
public sealed class FleetSpreadTests : FleetWithDatabase
{
    /// <summary>Hosts that the fleet decided for. Before all hosts have announced what they have, it may also decide
    /// that none fits.</summary>
    private static List<string> Chosen(ImageSpread image) =>
        [.. image.Decisions.Select(decision => decision.Host).Where(host => host.Length > 0).Distinct().Order()];

    private static readonly ImageReference App = new("app:1");
    private static readonly DeviceKey Web = DeviceKey.Container("web");

    [Fact]
    public async Task Copies_are_made_on_request_explained_and_let_go_but_for_what_an_operator_brought()
    {
        var agents = await Fleet.Form(3);
        await MakeImage(agents[0]);
        await SetCopies(agents[1], 3);

        var spread = await Explained(agents[2], image => Whole(image) == 3);

        foreach (var agent in agents)
            Assert.Contains(App, agent.State.Images.Keys);
        var layers = agents.Select(agent => agent.State.ContentOf(
            agent.State.Images[App].TopLayer)).Distinct();
        Assert.NotNull(Assert.Single(layers));
        Assert.Equal(3u, spread.CopiesWanted);
        Assert.Equal(["host2", "host3"], Chosen(spread));
        Assert.All(spread.Decisions.Where(decision => decision.Host.Length > 0), decision => Assert.Contains(
            decision.Candidates, candidate => candidate.Host == "host1" && candidate.Verdict == SpreadCandidate.Types.Verdict.HasIt));

        await SetCopies(agents[2], 1);

        await Explained(agents[0], image => Whole(image) == 1);
        await TwoAgents.Eventually(
            () => !agents[1].State.Images.ContainsKey(App) && !agents[2].State.Images.ContainsKey(App),
            "what the fleet made is gone");
        // The layers went with their image.
        Assert.DoesNotContain(agents[1].State.Devices.Values, device => device.Kind == Domain.Devices.DeviceKind.Layer
            && device.Phase == DevicePhase.Ready);
        Assert.Contains(App, agents[0].State.Images.Keys);
    }

    [Fact]
    public async Task A_lost_hosts_copy_is_restored_on_another_and_the_host_that_returns_is_counted_once()
    {
        Fleet.RestoreAfter = TimeSpan.FromSeconds(1);
        var agents = await Fleet.Form(3);
        await MakeImage(agents[0]);
        await SetCopies(agents[0], 2);
        var first = await Explained(agents[0], image => Whole(image) == 2);
        var lost = agents.Single(agent => agent != agents[0] && agent.State.Images.ContainsKey(App));
        var other = agents.Single(agent => agent != agents[0] && agent != lost);
        Assert.Single(Chosen(first));

        await lost.Stop();
        await Explained(agents[0], image => Chosen(image).Count == 2 && Whole(image) == 2);
        Assert.Contains(App, other.State.Images.Keys);

        // It comes back with its copy, and one of the fleet's own two goes.
        var next = Fleet.Replace(lost, await lost.Next());
        await TwoAgents.Eventually(
            () => next.Picture is { Phase: PoolPhase.Open }
                && next.State.Images.ContainsKey(App) != other.State.Images.ContainsKey(App),
            "one of the three copies goes");
        var last = await Explained(agents[0], image => Whole(image) == 2 && image.Hosts.All(
            host => host.Holding == SpreadHost.Types.Holding.Whole));
        Assert.Equal(2, Chosen(last).Count);
        Assert.Contains(App, agents[0].State.Images.Keys);
    }

    [Fact]
    public async Task A_container_is_made_on_the_named_host_with_its_image_listed_and_removed_from_anywhere()
    {
        var agents = await Fleet.Form(2);
        await MakeImage(agents[0]);
        await Explained(agents[1], image => Whole(image) == 1);

        var placed = await Place(agents[0], "host2");

        Assert.Equal("host2", placed.Host);
        var present = await Listed(agents[0], list => list is [{ Phase: FleetContainer.Types.Phase.Present }]);
        Assert.Equal(("web", "host2", 1ul, "app:1"), (present[0].Name, present[0].Host, present[0].Epoch, present[0].Image));
        Assert.NotNull(agents[1].State.Find(Web));
        Assert.Null(agents[0].State.Find(Web));
        Assert.Contains(App, agents[1].State.Images.Keys);
        var exists = await Assert.ThrowsAsync<RpcException>(() => Place(agents[1], ""));
        Assert.Contains("host2 has a container of this name", exists.Status.Detail, StringComparison.Ordinal);

        // Without being told so, host1 removes nothing that is host2's.
        var missing = await Assert.ThrowsAsync<RpcException>(() => Remove(agents[0]));
        Assert.Equal(StatusCode.NotFound, missing.StatusCode);
        Assert.Contains("dmagent container remove web --fleet", NextOf(missing), StringComparison.Ordinal);
        Assert.Contains("host2", NextOf(missing), StringComparison.Ordinal);
        await Listed(agents[0], list => list is [{ Phase: FleetContainer.Types.Phase.Present }]);
        Assert.NotNull(agents[1].State.Find(Web));

        var request = new RemoveContainerRequest { RequestId = NewId(), Container = "web", Fleet = true };
        var removed = await new Containers.ContainersClient(agents[0].AdminChannel).RemoveAsync(request);

        Assert.Equal("host2", removed.Host);
        await Listed(agents[1], list => list.Count == 0);
        await TwoAgents.Eventually(() => agents[1].State.Find(Web) is null, "it is removed");
        // A repeated request finds it removed; another one finds nothing.
        Assert.Equal("", (await new Containers.ContainersClient(agents[0].AdminChannel).RemoveAsync(request)).Host);
        request.RequestId = NewId();
        var gone = await Assert.ThrowsAsync<RpcException>(async () =>
            await new Containers.ContainersClient(agents[0].AdminChannel).RemoveAsync(request));
        Assert.Equal(StatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task A_name_made_by_hand_on_two_hosts_is_removed_on_the_host_that_is_asked_and_never_on_the_other()
    {
        var agents = await Fleet.Form(2);
        foreach (var agent in agents)
            await MakeByHand(agent);
        await Listed(agents[0], list => list is [{ Phase: FleetContainer.Types.Phase.Present }]);

        await Remove(agents[0]);
        // A clean-up that is run once more.
        var again = await Assert.ThrowsAsync<RpcException>(() => Remove(agents[0]));

        Assert.Equal(StatusCode.NotFound, again.StatusCode);
        Assert.Null(agents[0].State.Find(Web));
        var left = await Listed(agents[0], list => list is [{ Host: "host2" }] || list.Count == 0);
        Assert.DoesNotContain(left, container => container.Phase == FleetContainer.Types.Phase.Removing);
        Assert.Equal(DevicePhase.Ready, agents[1].State.Find(Web)!.Phase);
    }

    [Fact]
    public async Task A_container_that_no_host_is_named_for_is_made_where_the_image_is_and_its_name_is_free_after_its_removal()
    {
        var agents = await Fleet.Form(2);
        await MakeImage(agents[1]);
        await Explained(agents[0], image => Whole(image) == 1);

        Assert.Equal("host2", (await Place(agents[0], "")).Host);
        await Listed(agents[0], list => list is [{ Phase: FleetContainer.Types.Phase.Present }]);

        await new Containers.ContainersClient(agents[1].AdminChannel).RemoveAsync(
            new RemoveContainerRequest { RequestId = NewId(), Pool = ServedAgent.Pool.Value, Container = "web" });
        await Listed(agents[0], list => list.Count == 0);
        // Under the next epoch.
        await Place(agents[0], "");
        var again = await Listed(agents[0], list => list is [{ Phase: FleetContainer.Types.Phase.Present }]);
        Assert.Equal(2ul, again[0].Epoch);
    }

    [Fact]
    public async Task Without_a_database_a_container_is_local_and_a_named_host_is_refused()
    {
        Fleet.Database = null;
        var agents = await Fleet.Form(1);
        var client = new Api.Admin.V1.Spread.SpreadClient(agents[0].AdminChannel);

        Assert.True((await client.PlaceContainerAsync(
            new PlaceContainerRequest { RequestId = NewId(), Name = "web", Image = "app:1" })).Local);
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await client.PlaceContainerAsync(
            new PlaceContainerRequest { RequestId = NewId(), Name = "web", Image = "app:1", Host = "host2" }));
        Assert.Contains("fleet.database is not set", refused.Status.Detail, StringComparison.Ordinal);
        // An import is refused before anything is read of it.
        using var import = new Api.Admin.V1.Images.ImagesClient(agents[0].AdminChannel).Import(new ImportImageRequest
        {
            RequestId = NewId(), Path = "/nowhere", Pool = ServedAgent.Pool.Value, Copies = 2,
        });
        refused = await Assert.ThrowsAsync<RpcException>(() => import.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Contains("fleet.database is not set", refused.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_number_of_copies_of_an_import_is_set_as_soon_as_the_fleet_knows_the_image()
    {
        var agents = await Fleet.Form(2);
        await MakeImage(agents[0]);

        await agents[0].Get<Agent.Spread.ImageSpread>().SetCopiesWhenKnown(
            new RequestId(Guid.NewGuid()), App, 2, CancellationToken.None);

        await Explained(agents[1], image => image.CopiesWanted == 2 && Whole(image) == 2);
    }

    /// <summary>The target dies while it copies, or its word is lost: the copy is made once in the end.</summary>
    [Fact]
    public async Task A_target_that_stops_while_it_copies_is_counted_once_when_it_is_back()
    {
        var agents = await Fleet.Form(2);
        await TwoAgents.Tag(agents[0], App, await TwoAgents.AddLayer(agents[0], null, 1, ByteSize.MiB(40)));
        await SetCopies(agents[0], 2);
        await TwoAgents.Eventually(
            () => agents[1].State.Images.ContainsKey(App) || agents[1].Get<Agent.Transfers.ImageCopies>().All.Any(),
            "the copy begins");

        await agents[1].Stop();
        var next = Fleet.Replace(agents[1], await agents[1].Next());

        var spread = await Explained(
            agents[0], image => Whole(image) == 2 && image.CopiesUnderWay.Count == 0);
        Assert.Equal(["host1", "host2"], spread.Hosts.Select(host => host.Host));
        Assert.Contains(App, next.State.Images.Keys);
        await TwoAgents.NothingIsLeft(next);
    }

    private static async Task MakeByHand(ServedAgent agent) => await agent.Do(new PoolCommands.CreateSnapshot(
        new RequestId(Guid.NewGuid()), Web, await TwoAgents.AddLayer(agent, null, 1, ByteSize.MiB(2)), Size: null,
        FileSystem: null, DeviceUse.Idle, ImmutableSortedDictionary<string, string>.Empty, DateTimeOffset.UnixEpoch));

    private static async Task<RemoveContainerReply> Remove(ServedAgent agent) =>
        await new Containers.ContainersClient(agent.AdminChannel).RemoveAsync(
            new RemoveContainerRequest { RequestId = NewId(), Pool = ServedAgent.Pool.Value, Container = "web" });

    internal static string NextOf(RpcException refused) =>
        Problem.Parser.ParseFrom(refused.Trailers.GetValueBytes("dmagents-problem-bin")).Next;

    internal static int Whole(ImageSpread image) =>
        image.Hosts.Count(host => host.Holding == SpreadHost.Types.Holding.Whole);

    internal static string NewId() => Guid.NewGuid().ToString();

    internal static async Task MakeImage(ServedAgent agent) =>
        await TwoAgents.Tag(agent, App, await TwoAgents.AddLayer(agent, null, 1, ByteSize.MiB(2)));

    private static async Task SetCopies(ServedAgent agent, uint copies)
    {
        await Explained(agent, _ => true);
        await new Api.Admin.V1.Spread.SpreadClient(agent.AdminChannel).SetImageCopiesAsync(
            new SetImageCopiesRequest { RequestId = NewId(), Image = App.Value, Copies = copies });
    }

    internal static async Task<FleetContainer> Place(ServedAgent agent, string host) =>
        (await new Api.Admin.V1.Spread.SpreadClient(agent.AdminChannel).PlaceContainerAsync(new PlaceContainerRequest
        {
            RequestId = NewId(), Name = "web", Image = App.Value, Host = host,
        })).Placed;

    internal static async Task<IList<FleetContainer>> Listed(
        ServedAgent agent, Func<IList<FleetContainer>, bool> holds) => await Until(
            async () => (IList<FleetContainer>)(await new Api.Admin.V1.Spread.SpreadClient(agent.AdminChannel)
                .ListContainersAsync(new ListFleetContainersRequest())).Containers,
            holds);

    internal static Task<ImageSpread> Explained(ServedAgent agent, Func<ImageSpread, bool> holds) => Until(
        async () => await new Api.Admin.V1.Spread.SpreadClient(agent.AdminChannel).ExplainImageAsync(
            new ExplainImageRequest { Image = App.Value }),
        holds);

    /// <summary>While entities move there may be no answer.</summary>
    private static async Task<T> Until<T>(Func<Task<T>> ask, Func<T, bool> holds)
    {
        for (var waited = 0; ; waited++)
        {
            string last;
            try
            {
                var answer = await ask();
                if (holds(answer))
                    return answer;
                last = $"{answer}";
            }
            catch (RpcException refused)
            {
                last = refused.Status.Detail;
            }
            Assert.True(waited < 2000, $"it does not come to be so: {last}");
            await Task.Delay(50);
        }
    }
}
