using Akka.Actor;
using DmAgents.Actors.Hosts;
using DmAgents.Actors.Pools;
using DmAgents.Actors.Tests.Journals;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Actors.Tests.Hosts;

public sealed class HostSpec : ActorSpec
{
    private static readonly PoolName Name = TestHost.PoolName;
    private static readonly PoolName OtherName = new("test-other");
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly HostMessages.ToPool CreatePool = new(TestHost.PoolName, Ask.ToInitialize);

    [Fact]
    public async Task A_created_pool_takes_commands()
    {
        var life = Live();
        var host = life.StartHost();

        Done(await Tell(host, CreatePool));

        Done(await ToPool(life, Name, Ask.Create("web")));
        await Agrees(life);
        Assert.Equal(["host-pool-registered.v1"], Host.Journal.Manifests("host"));
    }

    [Fact]
    public async Task A_pool_that_is_not_there_is_not_removed()
    {
        var host = Live().StartHost();

        Assert.Equal(
            RefusalKind.NotFound,
            Refused(await Tell(host, RemovePool())).Kind);
    }

    [Fact]
    public async Task A_name_is_given_once()
    {
        var host = Live().StartHost();
        Done(await Tell(host, CreatePool));

        var again = await Tell(host, CreatePool);
        var other = await Tell(host, new HostMessages.ToPool(Name, Ask.Initialize(Name, new PoolUuid(Guid.NewGuid()))));

        Assert.True(Assert.IsAssignableFrom<PoolReplies.Success>(again).AlreadySo);
        Assert.Equal(RefusalKind.Exists, Refused(other).Kind);
    }

    [Fact]
    public async Task A_command_to_an_actor_that_has_stopped_is_refused_at_once()
    {
        var life = Live();
        life.Log.Expect(_ => true);
        Done(await Tell(life.StartHost(), CreatePool));
        var pool = life.Board.Find(Name)!.Actor;
        await pool.GracefulStop(Patience);

        var refusal = Refused(await Tell(pool, Ask.Create("web")));

        Assert.Equal(RefusalKind.Busy, refusal.Kind);
        Assert.Contains("has not begun", refusal.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pool_that_is_being_forgotten_takes_no_command()
    {
        var life = LiveWithPool();
        life.Tell(PoolMessages.EndIfNeverMade.Instance);

        var refusal = await life.Refused(Ask.ToInitialize);

        Assert.Equal(RefusalKind.Busy, refusal.Kind);
        Assert.Contains("is being forgotten", refusal.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pool_whose_creation_fails_is_forgotten_and_its_name_is_free()
    {
        var life = Live();
        var host = life.StartHost();
        life.Kernel.FailNext(nameof(IKernel.OpenPool), KernelFault.Invalid);

        Refused(await Tell(host, CreatePool));
        await Eventually.Holds(() => life.Board.Find(Name) is null, () => "the board still shows it");

        Done(await Tell(host, new HostMessages.ToPool(Name, Ask.Initialize(Name, new PoolUuid(Guid.NewGuid())))));
    }

    [Fact]
    public async Task Pools_are_back_after_a_restart()
    {
        var life = Live();
        var host = life.StartHost();
        Done(await Tell(host, CreatePool));
        Done(await Tell(host, new HostMessages.ToPool(OtherName, Ask.Initialize(
            OtherName, new PoolUuid(Guid.NewGuid()), LoopFiles(OtherName)))));
        var create = Ask.Create("web", use: DeviceUse.Mounted);
        Done(await ToPool(life, Name, create));
        await life.Die();

        var next = Live();
        var nextHost = next.StartHost();

        Assert.True(Done(await ToPool(next, Name, create)).AlreadySo);
        Done(await ToPool(next, OtherName, Ask.Create("web")));
        Assert.Equal([OtherName, Name], next.Board.All.Select(p => p.Name));
        await Agrees(next);
    }

    [Fact]
    public async Task A_pool_that_was_registered_and_never_made_is_forgotten_after_a_restart()
    {
        var life = Live();
        var host = life.StartHost();
        life.Log.Expect(error => $"{error.Message}".Contains("by itself", StringComparison.Ordinal));
        life.Journal.AroundCommit = _ =>
        {
            // The registration is durable; the pool's own first event will not be.
            if (Host.Journal.Rows("host").Length > 0)
                life.Journal.Cut();
        };
        host.Tell(CreatePool);
        await Eventually.Holds(() => Host.Journal.Rows("host").Length > 0, () => "it was not registered");
        await life.Die();

        var next = Live();
        var nextHost = next.StartHost();

        await Eventually.Holds(
            () => Host.Journal.Manifests("host").Contains("host-pool-forgotten.v1"), () => "it was not forgotten");
        // Whoever waits for the host's pools to be open does not wait for this one.
        Assert.Empty((await nextHost.Ask<HostMessages.Ready>(HostMessages.AwaitReady.Instance)).Pools);
        Done(await Tell(nextHost, new HostMessages.ToPool(Name, Ask.Initialize(Name, new PoolUuid(Guid.NewGuid())))));
    }

    [Fact]
    public async Task A_removed_pool_leaves_no_row_in_the_journal()
    {
        var life = Live(Settings with { SnapshotEvery = 5 });
        var host = life.StartHost();
        Done(await Tell(host, CreatePool));
        for (var n = 0; n < 5; n++)
            Done(await ToPool(life, Name, Ask.Create($"web{n}")));

        Done(await Tell(host, RemovePool(force: true)));

        await IsErased();
        Done(await Tell(host, CreatePool));
    }

    [Fact]
    public async Task The_rows_of_a_removed_pool_go_at_the_next_start_if_a_crash_left_them()
    {
        var life = Live();
        var host = life.System.ActorOf(HostActor.Props(life.SetupOf, TimeProvider.System, ActorRefs.Nobody), "host");
        Done(await Tell(host, CreatePool));
        Done(await Tell(host, RemovePool(force: true)));
        await Eventually.Holds(
            () => Host.Journal.Manifests("host").Contains("host-pool-forgotten.v1"), () => "it was not forgotten");
        Assert.NotEmpty(Host.Journal.Rows(ActorHost.PersistenceId));
        // Its name is free, but this request's pool cannot begin with the rows of the former one.
        Assert.Equal(RefusalKind.Busy, Refused(await Tell(host, CreatePool)).Kind);
        await life.Die();

        var next = Live();
        var nextHost = next.StartHost();

        await IsErased();
        Done(await Tell(nextHost, CreatePool));
        await Agrees(next);
    }

    [Fact]
    public async Task A_host_begins_at_its_snapshot()
    {
        History = new Actors.Journals.JournalSettings(20);
        var life = Live();
        var host = life.StartHost();
        Done(await Tell(host, CreatePool));
        for (var n = 0; n < 70; n++)
        {
            life.Kernel.FailNext(nameof(IKernel.OpenPool), KernelFault.Invalid);
            Refused(await Tell(host, new HostMessages.ToPool(
                OtherName, Ask.Initialize(OtherName, new PoolUuid(Guid.NewGuid()), LoopFiles(OtherName)))));
            await Eventually.Holds(() => life.Board.Find(OtherName) is null, () => "the board still shows it");
        }
        await Eventually.Holds(
            () => Host.Journal.Snapshots("host") is [{ Number: >= 200 } only]
                && Host.Journal.Rows("host")[0].Number == only.Number - 19,
            () => $"the journal begins with {Host.Journal.Rows("host")[0].Number}");
        await life.Die();

        var next = Live();
        next.StartHost();

        Done(await ToPool(next, Name, Ask.Create("web")));
        Assert.Equal([Name], next.Board.All.Select(p => p.Name));
    }

    private Task IsErased() => Eventually.Holds(
        () => Host.Journal.Rows(ActorHost.PersistenceId).IsEmpty
            && Host.Journal.Snapshots(ActorHost.PersistenceId).IsEmpty
            && Host.Journal.Manifests("host").Contains("host-journal-erased.v1"),
        () => "rows are left of it");

    [Fact]
    public async Task A_pool_whose_actor_stopped_by_itself_is_started_again()
    {
        var life = Live();
        var host = life.StartHost();
        Done(await Tell(host, CreatePool));
        Done(await ToPool(life, Name, Ask.Create("web")));
        await Agrees(life);
        life.Log.Expect(error => error.Cause is IOException
            || $"{error.Message}".Contains("by itself", StringComparison.Ordinal));
        var before = life.Picture.Actor;
        life.Journal.Next(WriteFate.Failed);
        before.Tell(Ask.Create("lost"));
        // It is unavailable for a moment only.
        await Eventually.Holds(
            () => life.Log.Has(error => $"{error.Message}".Contains("by itself", StringComparison.Ordinal)),
            () => "the pool has not stopped");

        await Eventually.Holds(
            () => life.Picture is { Phase: PoolPhase.Open } shown && !shown.Actor.Equals(before),
            () => $"the pool is {life.Picture.Phase}");

        Done(await ToPool(life, Name, Ask.Create("other")));
        await Agrees(life);
    }

    [Fact]
    public async Task A_removed_pool_is_gone_and_its_name_is_free()
    {
        var life = Live();
        var host = life.StartHost();
        Done(await Tell(host, CreatePool));

        Done(await Tell(host, RemovePool()));

        await Eventually.Holds(
            () => Host.Journal.Manifests("host").Contains("host-pool-forgotten.v1"), () => "it was not forgotten");
        await Eventually.Holds(() => life.Board.Find(Name) is null, () => "the board still shows it");
        Done(await Tell(host, new HostMessages.ToPool(Name, Ask.Initialize(Name, new PoolUuid(Guid.NewGuid())))));
    }

    [Fact]
    public async Task A_removed_pool_is_not_back_after_a_restart()
    {
        var life = Live();
        var host = life.StartHost();
        Done(await Tell(host, CreatePool));
        Done(await Tell(host, RemovePool()));
        await Eventually.Holds(
            () => Host.Journal.Manifests("host").Contains("host-pool-forgotten.v1"), () => "it was not forgotten");
        await life.Die();

        var next = Live();
        var nextHost = next.StartHost();

        Assert.Empty(next.Board.All);
    }

    [Fact]
    public async Task A_host_whose_journal_fails_says_so_and_goes_on_with_its_pools()
    {
        var life = Live();
        life.Log.Expect(_ => true);
        var keeper = life.System.ActorOf(HostKeeper.Props(
            HostActor.Props(life.SetupOf, TimeProvider.System, life.Sweeper), TimeSpan.FromMilliseconds(50)));
        Done(await Tell(keeper, CreatePool));
        life.Journal.Next(WriteFate.Failed);
        var other = new HostMessages.ToPool(OtherName, Ask.Initialize(
            OtherName, new PoolUuid(Guid.NewGuid()), LoopFiles(OtherName)));

        Assert.Equal(RefusalKind.TimedOut, Refused(await Tell(keeper, other)).Kind);

        Done(await Tell(keeper, other));
        await Eventually.Holds(
            () => life.Picture is { Phase: PoolPhase.Open } shown && !shown.Actor.IsNobody(),
            () => "the pool is not back");
        Done(await ToPool(life, Name, Ask.Create("web")));
        await Agrees(life);
        await keeper.Ask<HostMessages.Stopped>(HostMessages.Stop.Instance, Patience);
    }

    [Fact]
    public async Task A_stop_is_told_when_every_pool_has_stopped()
    {
        var life = Live();
        var host = life.StartHost();
        Done(await Tell(host, CreatePool));
        var held = life.Kernel.HoldNext(nameof(IKernel.Format));
        var create = ToPool(life, Name, Ask.Create("web"));
        await held.Reached;

        var stopped = host.Ask<HostMessages.Stopped>(HostMessages.Stop.Instance, Patience);
        await Eventually.Holds(() => life.Picture.Phase == PoolPhase.Stopping, () => "the pool is not told");
        Assert.False(stopped.IsCompleted);
        held.Open();

        await stopped;
        Done(await create);
        Assert.Null(life.State.Checkpoint.Intended);
        Assert.Equal(life.State.Checkpoint.Reached, Host.Kernel.PoolStatus(TestHost.Pool).Value.TransactionId);
    }

    private static PoolBacking.LoopFiles LoopFiles(PoolName name)
    {
        var paths = new PoolPaths(TestHost.StateDirectory, name);
        return new PoolBacking.LoopFiles(
            new LoopFilePart(paths.DataFile, ByteSize.GiB(1)), new LoopFilePart(paths.MetadataFile, ByteSize.MiB(16)));
    }

    [Fact]
    public async Task A_stop_waits_for_the_actor_of_a_pool_that_is_forgotten()
    {
        var life = Live();
        var host = life.StartHost();
        Done(await Tell(host, CreatePool));
        var shown = life.Board.Find(Name)!;
        var held = life.Kernel.HoldNext(nameof(IKernel.PoolStatus));
        shown.Actor.Tell(PoolMessages.LookAtStatus.Instance);
        await held.Reached;
        host.Tell(new PoolMessages.Ended(Name, shown.Uuid, "by the test's order"));
        await Eventually.Holds(() => life.Board.Find(Name) is null, () => "it is not forgotten");

        var stopped = host.Ask<HostMessages.Stopped>(HostMessages.Stop.Instance, Patience);

        // Behind the stop in the host's mailbox.
        await host.Ask<HostMessages.Ready>(HostMessages.AwaitReady.Instance, Patience);
        Assert.False(stopped.IsCompleted);
        held.Open();
        await stopped;
    }

    private static Task<PoolReply> Tell(IActorRef host, object message) => host.Ask<PoolReply>(message, Patience);

    /// <summary>As the services do: a pool's actor stands on the board.</summary>
    private static async Task<PoolReply> ToPool(AgentLife life, PoolName pool, PoolCommand command)
    {
        await Eventually.Holds(() => life.Board.Find(pool) is not null, () => $"pool {pool} has not shown itself");
        return await life.Board.Find(pool)!.Actor.Ask<PoolReply>(command, Patience);
    }

    private static HostMessages.ToPool RemovePool(bool force = false) =>
        new(Name, new PoolCommands.Retire(Ask.NewRequest(), force, Ask.At));

    private static PoolReplies.Success Done(PoolReply reply)
    {
        Assert.False(reply is PoolReplies.Refused, $"{reply}");
        return Assert.IsAssignableFrom<PoolReplies.Success>(reply);
    }

    private static Refusal Refused(PoolReply reply) => Assert.IsType<PoolReplies.Refused>(reply).Refusal;
}
