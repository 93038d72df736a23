using Akka.Actor;
using DmAgents.Actors.Hosts;
using DmAgents.Actors.Pools;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Tests.Hosts;

/// <summary>The one way to a host's pools: by value within the process, and by the gateway's path for actors.</summary>
public sealed class HostPoolsSpec : ActorSpec
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly PoolName Name = TestHost.PoolName;

    [Fact]
    public async Task The_gateway_has_a_stable_path_and_hands_commands_to_their_pools()
    {
        var (life, _) = await Made();
        var gateway = life.System.ActorSelection($"/user/{PoolsGateway.Name}");

        var made = await gateway.Ask<PoolReply>(new HostMessages.ToPool(Name, Ask.Create("web")), Patience);
        var unknown = await gateway.Ask<PoolReply>(
            new HostMessages.ToPool(new PoolName("other"), Ask.Create("web")), Patience);

        Assert.NotNull(Assert.IsType<PoolReplies.Created>(made).Device);
        Assert.Equal(RefusalKind.NotFound, Assert.IsType<PoolReplies.Refused>(unknown).Refusal.Kind);
    }

    [Fact]
    public async Task A_pool_that_the_host_does_not_have_is_refused_at_once()
    {
        var (_, pools) = await Made();

        var reply = await pools.Ask(new PoolName("other"), Ask.Create("web"), CancellationToken.None);

        Assert.Equal(RefusalKind.NotFound, Assert.IsType<PoolReplies.Refused>(reply).Refusal.Kind);
    }

    [Fact]
    public async Task A_patient_caller_hears_when_the_pool_has_stopped()
    {
        var (life, pools) = await Made();
        life.Log.Expect(error => $"{error.Message}".Contains("by itself", StringComparison.Ordinal));
        var held = life.Kernel.HoldNext(nameof(Domain.Ports.IKernel.CreateSnapshot));
        var asked = pools.AskPatiently(Name, Ask.Create("web"), CancellationToken.None);
        await held.Reached;

        life.Picture.Actor.Tell(PoisonPill.Instance);
        held.Open();

        Assert.Equal(RefusalKind.TimedOut, Assert.IsType<PoolReplies.Refused>(await asked).Refusal.Kind);
    }

    [Fact]
    public async Task A_pools_actor_that_stops_again_before_the_pool_was_open_is_logged_once()
    {
        var (life, _) = await Made();
        life.Log.Expect(error => $"{error.Message}".Contains("by itself", StringComparison.Ordinal));
        int Logged() => life.Log.Alarms.Count(alarm => alarm.Contains("by itself", StringComparison.Ordinal));
        var held = life.Kernel.HoldNext(nameof(Domain.Ports.IKernel.PoolStatus));
        var first = life.Picture.Actor;
        first.Tell(PoisonPill.Instance);
        await held.Reached;
        await life.Shows(PoolPhase.Opening);

        var second = life.Picture.Actor;
        second.Tell(PoisonPill.Instance);
        held.Open();
        await Eventually.Holds(
            () => life.Picture.Phase == PoolPhase.Open && !life.Picture.Actor.Equals(second), () => "it is not open");
        Assert.Equal(1, Logged());

        life.Picture.Actor.Tell(PoisonPill.Instance);
        await Eventually.Holds(() => Logged() == 2, () => "it is not logged again");
    }

    [Fact]
    public async Task A_watcher_gets_a_picture_and_then_every_change_in_order()
    {
        var (life, pools) = await Made();
        using var end = new CancellationTokenSource(Patience);
        await using var watch = pools.Board.Watch(Name, end.Token).GetAsyncEnumerator(end.Token);
        Assert.True(await watch.MoveNextAsync());
        var next = Assert.IsType<PoolChange.Whole>(watch.Current).Picture.Number + 1;

        await pools.Ask(Name, Ask.Create("web"), end.Token);
        await pools.Ask(Name, Ask.Remove("web"), end.Token);

        var seen = new List<PoolNotice>();
        while (!seen.Any(notice => notice.Event is PoolEvents.RemovalIntended) && await watch.MoveNextAsync())
            seen.AddRange(((PoolChange.Happened)watch.Current).Notices.Notices);
        Assert.Equal(Enumerable.Range(0, seen.Count).Select(i => next + i), seen.Select(notice => notice.Number));
        var made = Assert.Single(seen, notice => notice.Event is PoolEvents.SnapshotIntended).Device;
        Assert.Equal(DeviceKey.Container("web"), made?.Key);
    }

    [Fact]
    public async Task A_watcher_that_is_too_slow_starts_again_with_a_picture()
    {
        var (life, pools) = await Made();
        using var end = new CancellationTokenSource(Patience);
        var feed = new PoolFeed(capacity: 1);
        await using var watch = feed.Watch(Name, () => life.Picture, end.Token).GetAsyncEnumerator(end.Token);
        await watch.MoveNextAsync();
        var number = life.Picture.Number;

        foreach (var missed in new[] { 1, 2, 3 })
            feed.Publish(Notices(number + missed));

        Assert.True(await watch.MoveNextAsync());
        Assert.IsType<PoolChange.Happened>(watch.Current);
        Assert.True(await watch.MoveNextAsync());
        Assert.IsType<PoolChange.Whole>(watch.Current);
    }

    [Fact]
    public async Task A_gap_in_the_numbers_brings_a_picture()
    {
        var (life, _) = await Made();
        using var end = new CancellationTokenSource(Patience);
        var feed = new PoolFeed(capacity: 8);
        await using var watch = feed.Watch(Name, () => life.Picture, end.Token).GetAsyncEnumerator(end.Token);
        await watch.MoveNextAsync();

        feed.Publish(Notices(life.Picture.Number + 2));

        Assert.True(await watch.MoveNextAsync());
        Assert.IsType<PoolChange.Whole>(watch.Current);
    }

    [Fact]
    public async Task The_watch_of_a_removed_pool_ends()
    {
        var (_, pools) = await Made();
        using var end = new CancellationTokenSource(Patience);
        var watched = Task.Run(async () =>
        {
            await foreach (var _ in pools.Board.Watch(Name, end.Token))
            {
            }
        });

        var reply = await pools.Ask(
            Name, new PoolCommands.Retire(Ask.NewRequest(), Force: true, Ask.At), CancellationToken.None);

        Assert.IsType<PoolReplies.Retired>(reply);
        await watched;
    }

    [Fact]
    public async Task Nobody_polls_for_a_picture()
    {
        var (life, pools) = await Made();
        var awaited = pools.Board.When(
            Name, picture => picture?.State.Find(DeviceKey.Container("web")) is not null, CancellationToken.None);
        Assert.False(awaited.IsCompleted);

        await pools.Ask(Name, Ask.Create("web"), CancellationToken.None);

        Assert.NotNull((await awaited.WaitAsync(Patience))?.State.Find(DeviceKey.Container("web")));
    }

    private static PoolNotices Notices(long number) => new(
        Name, TestHost.PoolUuid, [new PoolNotice(number, new PoolEvents.Found(new ThinId(1), Ask.At), Device: null)]);

    private async Task<(AgentLife Life, HostPools Pools)> Made()
    {
        var life = Live();
        var pools = new HostPools(life.Board, Patience, TimeProvider.System);
        pools.Start(life.System, life.HostProps, TimeSpan.FromMilliseconds(50));
        Assert.IsType<PoolReplies.PoolCreated>(await pools.Ask(Name, Ask.ToInitialize, CancellationToken.None));
        return (life, pools);
    }
}
