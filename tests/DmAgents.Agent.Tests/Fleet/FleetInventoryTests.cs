using System.Collections.Immutable;
using DmAgents.Agent.Fleet.Inventory;
using DmAgents.Agent.Spread;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Tests.Transfers;
using DmAgents.Agent.UseCases;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using Grpc.Core;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>What a host has is what the fleet believes, whatever happens between: asked from another host.</summary>
public sealed class FleetInventoryTests : FleetWithDatabase
{
    private static readonly HostName One = new("host1");
    private static readonly HostName Two = new("host2");
    private static readonly ImageReference App = new("app:1");
    private static readonly ContainerName Web = new("web");

    /// <summary>Without those of the ledger: what a pool has free changes by itself.</summary>
    private const string Rows = "select count(*) from journal where persistence_id not like 'ledger-%'";

    private const string RowsOfLocations = "select count(*) from journal where persistence_id like 'location-%'";

    [Fact]
    public async Task A_hosts_pools_images_layers_and_containers_are_known_on_another_host()
    {
        var agents = await Fleet.Form(2);
        var layer = await MakeImage(agents[0]);
        await MakeContainer(agents[0], layer);

        await Image(agents[1], image => image.IsKnown && image.Holders.SequenceEqual([One]));
        var ledger = await Ledger(agents[1], One, host => host.IsThere && host.Capacity.Pools.Length == 1);
        var copy = Assert.Single((await Located(agents[1], layer, copies => copies.Length == 1)));
        var container = await Container(agents[1], state => state.Phase == ContainerPhase.Owned);

        var pool = ledger.Capacity.Pools[0];
        Assert.Equal(ServedAgent.Pool, pool.Pool);
        Assert.True(pool.Admits);
        Assert.Equal(agents[0].Picture.Health!.DataTotal, pool.Total.Data);
        Assert.True(pool.Free.Data > ByteSize.Zero && pool.Free.Metadata > ByteSize.Zero);
        Assert.Equal((One, true), (copy.Host, copy.Verified));
        Assert.Equal(agents[0].State.ContentOf(agents[0].State.Find(layer)!.Id), copy.Digest);
        Assert.Equal((One, new ContainerEpoch(1)), (container.Host, container.Epoch));
        // The host announces it under the epoch that it was given, and keeps that over a restart.
        await Container(agents[1], state => state.Hosts[One].Epoch == new ContainerEpoch(1));
        var lineage = Assert.Single((await Image(agents[1], _ => true)).Lineage);
        // With the file system that it was written into.
        Assert.InRange(lineage.Space.Data.Bytes, ByteSize.MiB(2).Bytes, ByteSize.MiB(4).Bytes);
    }

    [Fact]
    public async Task What_a_host_drops_is_dropped_and_what_changed_while_the_database_was_away_follows_its_return()
    {
        var agents = await Fleet.Form(2);
        var layer = await MakeImage(agents[0]);
        await Image(agents[1], image => image.Holders.SequenceEqual([One]));
        SharedDatabase.GoAway();
        await Database(agents[0], isReady: false);

        await MakeContainer(agents[0], layer);
        await agents[0].Do(new PoolCommands.UntagImage(NewRequest(), App, DateTimeOffset.UnixEpoch));
        SharedDatabase.ComeBack();

        await Image(agents[1], image => image.IsKnown && image.Hosts[One].Holding is null);
        await Container(agents[1], state => state is { Phase: ContainerPhase.Owned, Host: not null });
    }

    [Fact]
    public async Task A_host_that_begins_anew_is_another_incarnation_and_corrects_what_changed_meanwhile()
    {
        var agents = await Fleet.Form(2);
        await MakeImage(agents[1]);
        var first = await Image(agents[0], image => image.Holders.SequenceEqual([Two]));
        var before = first.Hosts[Two].Hearing.Last.Incarnation;

        await agents[1].Stop();
        // Also if it could not say so itself.
        var lost = await Image(agents[0], image => image.Hosts[Two] is { Hearing.Gone: true, LostSince: not null });
        Assert.Empty(lost.Holders);
        Assert.Equal(HostAbsence.Lost, (await Ledger(agents[0], Two, host => !host.IsThere)).Absence);
        SharedDatabase.GoAway();
        var next = Fleet.Replace(agents[1], await agents[1].Next());
        await next.Do(new PoolCommands.UntagImage(NewRequest(), App, DateTimeOffset.UnixEpoch));
        SharedDatabase.ComeBack();

        var image = await Image(agents[0], state => !state.Hosts[Two].Hearing.Gone);
        Assert.Null(image.Hosts[Two].Holding);
        Assert.True(image.Hosts[Two].Hearing.Last.Incarnation > before);
        await Ledger(agents[0], Two, host => host.IsThere);
    }

    [Fact]
    public async Task The_copies_of_a_lost_host_are_nowhere_until_it_is_back()
    {
        Fleet.RestoreAfter = TimeSpan.FromSeconds(1);
        var agents = await Fleet.Form(3);
        var layer = await MakeImage(agents[2]);
        await Located(agents[0], layer, copies => copies.Length == 1);

        await agents[2].Stop();
        await Located(agents[1], layer, copies => copies.IsEmpty);

        Fleet.Replace(agents[2], await agents[2].Next());
        await Located(agents[1], layer, copies => copies is [{ Verified: true }]);
    }

    [Fact]
    public async Task A_restart_of_a_host_writes_no_location()
    {
        var agents = await Fleet.Form(2);
        var layer = await MakeImage(agents[1]);
        await Image(agents[0], image => image.Holders.SequenceEqual([Two]));
        await Located(agents[0], layer, copies => copies is [{ Verified: true }]);
        await Settled(agents[0]);
        var rows = SharedDatabase.Execute(RowsOfLocations);

        await agents[1].Stop();
        await Image(agents[0], image => image.Hosts[Two] is { Hearing.Gone: true, LostSince: not null });
        await Ledger(agents[0], Two, host => !host.IsThere);
        // Nothing can be had of it: no host is named as one that has the layer.
        var inventory = new Inventory.InventoryClient(agents[0].AdminChannel);
        await Refused(StatusCode.NotFound, inventory.LocateAsync(new LocateLayersRequest { Layer = layer.Name }));
        var next = Fleet.Replace(agents[1], await agents[1].Next());
        await Image(agents[0], image => image.Holders.SequenceEqual([Two]));
        await Settled(agents[0]);

        Assert.Equal(rows, SharedDatabase.Execute(RowsOfLocations));
        await Located(agents[0], layer, copies => copies is [{ Verified: true }]);
        // What changes afterwards is heard.
        await next.Do(new PoolCommands.UntagImage(NewRequest(), App, DateTimeOffset.UnixEpoch));
        await Located(agents[0], layer, copies => copies.IsEmpty);
    }

    [Fact]
    public async Task A_host_that_leaves_takes_its_copies_with_it_and_is_not_awaited()
    {
        var agents = await Fleet.Form(2);
        var layer = await MakeImage(agents[1]);
        await Image(agents[0], image => image.Holders.SequenceEqual([Two]));
        await Located(agents[0], layer, copies => copies.Length == 1);

        agents[1].Get<LoneCopies>().Patience = FleetAgents.Patience;
        var refused = await Assert.ThrowsAsync<RefusedException>(
            () => agents[1].Get<FleetLeaver>().Leave(force: false, CancellationToken.None));
        Assert.Contains("no other verified copy of app:1", refused.Refusal.Why, StringComparison.Ordinal);
        Assert.Contains("dmagent image copies app:1 2", refused.Refusal.Next, StringComparison.Ordinal);
        await FleetAgents.IsMemberOf(agents[1], 2);

        await agents[1].Get<FleetLeaver>().Leave(force: true, CancellationToken.None);

        Assert.Contains(App, agents[1].State.Images.Keys);
        await Ledger(agents[0], Two, host => host.Absence == HostAbsence.Left);
        var image = await Image(agents[0], state => state.Hosts[Two] is { Hearing.Gone: true, LostSince: null });
        Assert.Null(image.Hosts[Two].Holding);
        await Located(agents[0], layer, copies => copies.IsEmpty);
        Assert.Empty(Directory.GetFiles(agents[1].Settings.FleetPaths.Directory));
    }

    [Fact]
    public async Task A_host_that_lost_what_it_kept_of_its_announcements_still_corrects_the_fleet()
    {
        var agents = await Fleet.Form(2);
        var layer = await MakeImage(agents[1]);
        var before = (await Image(agents[0], image => image.Holders.SequenceEqual([Two])))
            .Hosts[Two].Hearing.Last.Incarnation;
        await Located(agents[0], layer, copies => copies.Length == 1);
        await agents[1].Stop();
        File.Delete(Path.Combine(agents[1].Settings.FleetPaths.Directory, "announced.json"));
        SharedDatabase.GoAway();
        var next = Fleet.Replace(agents[1], await agents[1].Next());
        await next.Do(new PoolCommands.UntagImage(NewRequest(), App, DateTimeOffset.UnixEpoch));
        SharedDatabase.ComeBack();

        var image = await Image(
            agents[0], state => state.Hosts[Two].Hearing is { Gone: false } heard && heard.Last.Incarnation > before);
        Assert.Null(image.Hosts[Two].Holding);
    }

    [Fact]
    public async Task A_host_that_was_given_up_by_mistake_begins_anew_by_itself()
    {
        var agents = await Fleet.Form(2);
        await MakeImage(agents[1]);
        var known = await Image(agents[0], image => image.Holders.SequenceEqual([Two]));
        var incarnation = known.Hosts[Two].Hearing.Last.Incarnation;
        var entities = await Ready(agents[0]);
        await entities.Ask(App, new ImageCommands.NoteGone(
            Two, incarnation, HostAbsence.Lost, DateTimeOffset.UnixEpoch), CancellationToken.None);

        // Anything that it says of the image is refused.
        await agents[1].Do(new PoolCommands.UntagImage(NewRequest(), App, DateTimeOffset.UnixEpoch));

        await Image(agents[0], image => image.Hosts[Two].Hearing is { Gone: false } heard
            && heard.Last.Incarnation > incarnation && image.Hosts[Two].Holding is null);
    }

    [Fact]
    public async Task What_is_repeated_is_not_journaled()
    {
        Fleet.Announce = Fleet.Announce with { Repeat = TimeSpan.FromMilliseconds(200) };
        var agents = await Fleet.Form(1);
        var layer = await MakeImage(agents[0]);
        await MakeContainer(agents[0], layer);
        var known = await Image(agents[0], image => image.IsKnown && image.Holders.SequenceEqual([One]));
        await Container(agents[0], state => state is { Phase: ContainerPhase.Owned }
            && state.Hosts[One].Epoch == new ContainerEpoch(1));
        await Settled(agents[0]);

        var rows = SharedDatabase.Execute(Rows);
        var asked = SharedDatabase.Probes;
        // Some looks later: time in which everything is repeated many times.
        await TwoAgents.Eventually(() => SharedDatabase.Probes > asked + 40, "the database is looked at");

        // Each repetition of what is said to three entities would be three; what was late yet may be among them.
        Assert.InRange(SharedDatabase.Execute(Rows) - rows, 0, 4);
        // It was repeated indeed: an image that takes the host for gone hears of it again, although nothing changed.
        var incarnation = known.Hosts[One].Hearing.Last.Incarnation;
        var entities = await Ready(agents[0]);
        await entities.Ask(App, new ImageCommands.NoteGone(
            One, incarnation, HostAbsence.Lost, DateTimeOffset.UnixEpoch), CancellationToken.None);
        await Image(agents[0], image =>
            image.Hosts[One].Hearing is { Gone: false } heard && heard.Last.Incarnation > incarnation);
    }

    [Fact]
    public async Task A_question_is_answered_and_the_copy_does_not_count_until_it_ends()
    {
        var agents = await Fleet.Form(2);
        await MakeImage(agents[0]);
        await Image(agents[1], image => image.Holders.SequenceEqual([One]));

        using (var question = agents[0].Get<DropQuestions>().Ask(App, HoldingKind.Dropping)!)
        {
            var answer = await question.Answer.WaitAsync(FleetAgents.Patience);
            Assert.Contains("no other host", Assert.IsType<ImageReplies.MustKeep>(answer).Refusal.Why, StringComparison.Ordinal);
            Assert.Empty((await Image(agents[1], _ => true)).Holders);
        }

        await Image(agents[1], image => image.Holders.SequenceEqual([One]));
    }

    [Fact]
    public async Task Any_host_says_which_hosts_images_and_layers_there_are_and_refuses_while_the_database_is_away()
    {
        var agents = await Fleet.Form(2);
        var layer = await MakeImage(agents[0]);
        await Image(agents[1], image => image.IsKnown && image.Holders.SequenceEqual([One]));
        await Ledger(agents[1], One, host => host.IsThere);
        await Ledger(agents[1], Two, host => host.IsThere);
        var inventory = new Inventory.InventoryClient(agents[1].AdminChannel);

        var hosts = (await inventory.ListHostsAsync(new ListFleetHostsRequest())).Hosts;
        var shown = await inventory.ShowHostAsync(new ShowFleetHostRequest { Host = "host1" });
        var image = Assert.Single((await inventory.ListImagesAsync(new ListFleetImagesRequest())).Images);
        var ofImage = await inventory.LocateAsync(new LocateLayersRequest { Layer = App.Value });
        var ofChain = await inventory.LocateAsync(new LocateLayersRequest { Layer = layer.Name });

        Assert.Equal(["host1", "host2"], hosts.Select(host => host.Host));
        Assert.All(hosts, host => Assert.Equal(InventoryHost.Types.State.Up, host.State));
        Assert.Equal([false, true], hosts.Select(host => host.IsThisHost));
        Assert.Equal((true, ServedAgent.Pool.Value), (shown.IsHeard, Assert.Single(shown.Pools).Pool));
        Assert.Equal((App.Value, 1u), (image.Reference, image.Layers));
        Assert.Equal(["host1"], image.Hosts);
        Assert.Equal(ofChain, ofImage);
        var copy = Assert.Single(Assert.Single(ofChain.Layers).Copies);
        Assert.Equal(("host1", true), (copy.Host, copy.Verified));
        await Refused(StatusCode.NotFound, inventory.ShowHostAsync(new ShowFleetHostRequest { Host = "host9" }));
        await Refused(StatusCode.NotFound, inventory.LocateAsync(new LocateLayersRequest { Layer = "app:9" }));
        await Refused(
            StatusCode.NotFound, inventory.LocateAsync(new LocateLayersRequest { Layer = "sha256:" + new string('0', 64) }));
        await Refused(StatusCode.InvalidArgument, inventory.LocateAsync(new LocateLayersRequest { Layer = "No Layer" }));

        SharedDatabase.GoAway();
        await Database(agents[1], isReady: false);

        await Refused(StatusCode.FailedPrecondition, inventory.ListHostsAsync(new ListFleetHostsRequest()));
        await Refused(StatusCode.FailedPrecondition, inventory.ListImagesAsync(new ListFleetImagesRequest()));
        await Refused(StatusCode.FailedPrecondition, inventory.LocateAsync(new LocateLayersRequest { Layer = App.Value }));
    }

    private static async Task Refused<T>(StatusCode code, AsyncUnaryCall<T> call) =>
        Assert.Equal(code, (await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync)).StatusCode);

    private async Task Settled(ServedAgent agent)
    {
        // All that is announced follows at once; the last of it is that of the container's epoch.
        var before = -1L;
        for (var same = 0; same < 10;)
        {
            var now = SharedDatabase.Execute(Rows);
            (same, before) = now == before ? (same + 1, now) : (0, now);
            await Task.Delay(100);
        }
        Assert.NotNull(agent.Picture);
    }

    private static async Task<DeviceKey> MakeImage(ServedAgent agent)
    {
        var layer = await TwoAgents.AddLayer(agent, null, 1, ByteSize.MiB(2));
        await TwoAgents.Tag(agent, App, layer);
        return layer;
    }

    private static Task MakeContainer(ServedAgent agent, DeviceKey parent) => agent.Do(new PoolCommands.CreateSnapshot(
        NewRequest(), DeviceKey.Container(Web.Value), parent, Size: null, FileSystem: null, DeviceUse.Idle,
        ImmutableSortedDictionary<string, string>.Empty, DateTimeOffset.UnixEpoch));

    private static async Task Database(ServedAgent agent, bool isReady)
    {
        using var patience = new CancellationTokenSource(FleetAgents.Patience);
        await agent.Get<Actors.Fleet.FleetKeeper>().Entities!.Database.When(
            status => status.IsReady == isReady, patience.Token);
    }

    private static Task<ImageState> Image(ServedAgent from, Func<ImageState, bool> holds) =>
        Shown(from, entities => entities.Show(App, CancellationToken.None), holds);

    private static Task<HostLedger> Ledger(ServedAgent from, HostName host, Func<HostLedger, bool> holds) =>
        Shown(from, entities => entities.Show(host, CancellationToken.None), holds);

    private static Task<ContainerState> Container(ServedAgent from, Func<ContainerState, bool> holds) =>
        Shown(from, entities => entities.Show(Web, CancellationToken.None), holds);

    private static async Task<ImmutableArray<LayerCopy>> Located(
        ServedAgent from, DeviceKey layer, Func<ImmutableArray<LayerCopy>, bool> holds)
    {
        var chain = ChainId.Parse(layer.Name);
        var state = await Shown(
            from, entities => entities.Show(LayerBucket.Of(chain), CancellationToken.None),
            bucket => holds(bucket.Layers.CopiesOf(chain)));
        return state.Layers.CopiesOf(chain);
    }
}
