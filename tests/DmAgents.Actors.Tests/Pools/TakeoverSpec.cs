using DmAgents.Actors.Pools;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Mending;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Ports;
using DmAgents.Testing.Contracts;
using DmAgents.Testing.Docker;
using Eventually = DmAgents.Actors.Tests.Support.Eventually;

namespace DmAgents.Actors.Tests.Pools;

/// <summary>A pool that was Docker's: taken over, looked at, given back or kept.</summary>
public sealed class TakeoverSpec : ActorSpec
{
    /// <summary>Steps of an undo and of a takeover are shared by so many tests.</summary>
    private const int Slices = 3;

    private DockerWorld _docker = null!;

    public static TheoryData<int> Each => [0, 1, 2];

    [Fact]
    public async Task What_Docker_had_is_there_and_its_tree_is_seen_where_it_is_mounted()
    {
        var life = await TakenOver();

        await Agrees(life);
        await life.Done(Ask.Use(Ask.Container("web"), DeviceUse.Mounted, readOnly: true));
        Assert.Equal(["file"], Host.Kernel.ListFiles(TestHost.MountOf(Ask.Container("web"))).Must());
        await life.Done(Ask.Create("mine", Ask.Layer("a"), DeviceUse.Mounted));
        Assert.Equal(
            "content"u8.ToArray(), Host.Kernel.ReadFile(TestHost.MountOf(Ask.Container("mine")), "file").Must());
    }

    [Fact]
    public async Task A_killed_agent_comes_back_with_all_of_it()
    {
        var life = await TakenOver();
        await life.Done(Ask.Create("mine", Ask.Layer("a"), DeviceUse.Mounted));
        await life.Die();
        Host.Kernel.PowerCut();

        var next = await Reopened();

        await Agrees(next);
        Assert.True(next.State.Takeover!.CanBeUndone);
        Assert.True(Host.IsMounted(Ask.Container("mine")));
    }

    [Fact]
    public async Task Under_the_name_of_Dockers_pool_is_a_device_that_is_none()
    {
        await TakenOver();

        var guard = Host.Kernel.Find(_docker.DockerPool).Must();

        Assert.True(guard.ReadOnly);
        Assert.Equal(DeviceNames.GuardId(TestHost.PoolUuid), guard.Uuid);
    }

    [Fact]
    public async Task Where_Docker_was_faster_after_a_reboot_the_agent_opens_nothing_until_it_has_ended()
    {
        var life = await TakenOver();
        await life.Die();
        Host.Kernel.PowerCut();
        // The simulation keeps directories in memory only.
        Host.Kernel.EnsureDirectory(DockerWorld.Request.Directory).Must();
        _docker.Assemble();

        var next = LiveWithPool();

        await Eventually.Holds(
            () => next.Board.Find(TestHost.PoolName) is { Phase: PoolPhase.Unavailable } picture
                && picture.Reason.Contains("stop it (systemctl stop docker", StringComparison.Ordinal),
            () => $"the pool is {next.Board.Find(TestHost.PoolName)?.Phase}");
        _docker.End();
        await next.IsOpen();
    }

    [Fact]
    public async Task Given_back_it_is_as_Docker_left_it()
    {
        var life = await TakenOver();
        await life.Done(Ask.Create("mine", Ask.Layer("a"), DeviceUse.Mounted));
        await life.Done(Ask.CommitLive("web", Ask.Layer("of-web")));

        await life.Done(Return());

        Parent.ExpectMsg<PoolMessages.Ended>();
        IsAsDockerLeftIt();
    }

    [Fact]
    public async Task It_is_not_given_back_under_somebody_who_works_in_it_and_stays_as_it_is()
    {
        var life = await TakenOver();
        await life.Done(Ask.Create("mine", Ask.Layer("a"), DeviceUse.Mounted));
        using (Host.Kernel.HoldMount(TestHost.MountOf(Ask.Container("mine"))))
        {
            Assert.Equal(RefusalKind.Busy, (await life.Refused(Return())).Kind);
            await life.IsOpen();
            await Agrees(life);
        }

        await life.Done(Return());
        IsAsDockerLeftIt();
    }

    [Fact]
    public async Task Confirmed_it_is_the_agents_and_goes_with_its_files()
    {
        var life = await TakenOver();
        await life.Done(new PoolCommands.ConfirmTakeover(Ask.NewRequest(), Ask.At));

        Assert.Equal(RefusalKind.WrongState, (await life.Refused(Return())).Kind);
        await life.Done(Ask.Remove("web"));
        await life.Done(Retire());

        Assert.False(Host.Kernel.InspectFile(DockerWorld.Request.Data).Succeeded);
        Assert.Empty(Host.Kernel.ListDevices("").Must());
    }

    [Fact]
    public async Task Before_it_is_confirmed_the_pool_is_not_removed_and_its_files_not_either()
    {
        var life = await TakenOver();

        Assert.Contains("--undo", (await life.Refused(Retire())).Next,
            StringComparison.Ordinal);
        Assert.True(Host.Kernel.InspectFile(DockerWorld.Request.Data).Succeeded);
    }

    [Fact]
    public async Task A_pool_that_changed_since_it_was_looked_at_is_left_alone()
    {
        _docker = new DockerWorld(Host.Kernel);
        var command = _docker.Command(Ask.NewRequest(), TestHost.PoolName, TestHost.PoolUuid);
        _docker.Assemble();
        Host.Kernel.SetTransactionId(_docker.DockerPool, new(3), new(4)).Must();
        _docker.End();

        var refusal = await LiveWithPool().Refused(command);

        Assert.Contains("transaction id is 4", refusal.Why, StringComparison.Ordinal);
        Parent.ExpectMsg<PoolMessages.Ended>();
        Assert.Empty(Host.Kernel.ListDevices("").Must());
    }

    [Fact]
    public async Task Until_it_is_confirmed_its_metadata_are_neither_mended_nor_given_up()
    {
        var life = await TakenOver();
        var backup = new MetadataSource.Backup(new BackupName(Ask.At));

        var mended = await life.Refused(new PoolCommands.MendMetadata(Ask.NewRequest(), backup, Next: null, Ask.At));

        Assert.Equal(RefusalKind.WrongState, mended.Kind);
        Assert.Contains("until the adoption is confirmed", mended.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_it_is_given_back_it_is_not_removed_and_who_asks_again_waits_for_the_same_end()
    {
        var life = await TakenOver();
        var held = life.Kernel.HoldNext(nameof(IKernel.SetTransactionId));
        var first = life.Ask(Return());
        await held.Reached;

        var again = life.Ask(Return());
        var removed = await life.Refused(Retire());
        held.Open();

        Assert.Contains("given back", removed.Why, StringComparison.Ordinal);
        Assert.IsAssignableFrom<PoolReplies.Success>(await first);
        Assert.IsAssignableFrom<PoolReplies.Success>(await again);
        await life.PoolHasStopped;
        IsAsDockerLeftIt();
    }

    [Fact]
    public async Task What_somebody_else_has_made_in_it_meanwhile_is_not_deleted_with_what_the_agent_made()
    {
        var life = await TakenOver();
        Host.Kernel.CreateThin(TestHost.Pool, new ThinId(77)).Must();

        var refusal = await life.Refused(Return());

        Assert.Contains("thin id 77", refusal.Why, StringComparison.Ordinal);
        Assert.Contains(Host.Kernel.ListThins(TestHost.Pool).Must(), thin => thin.Id.Value == 77);
    }

    [Theory, MemberData(nameof(Each))]
    public async Task A_death_at_any_step_of_giving_back_is_gone_on_with(int slice)
    {
        for (var step = slice; await DiesGivingBack(step); step += Slices)
            Assert.InRange(step, 0, 200);
    }

    [Theory, MemberData(nameof(Each))]
    public async Task A_death_at_any_step_of_taking_over_leaves_it_taken_over_or_not(int slice)
    {
        for (var step = slice; await DiesTakingOver(step); step += Slices)
            Assert.InRange(step, 0, 200);
    }

    private static PoolCommands.Return Return() => new(Ask.NewRequest(), Ask.At);

    private static PoolCommands.Retire Retire() => new(Ask.NewRequest(), Force: true, Ask.At);

    private async Task<bool> DiesGivingBack(int step)
    {
        MoveToNewHost();
        var life = await TakenOver();
        await life.Done(Ask.Create("mine", Ask.Layer("a"), DeviceUse.Mounted));
        await Settled(life);
        life.Kernel.DieAtStep(step);
        var reply = life.Ask(Return());
        await Task.WhenAny(life.PoolHasStopped, reply);
        await Task.WhenAny(life.PoolHasStopped, Task.Delay(50));
        var isDone = reply.IsCompletedSuccessfully && await reply is PoolReplies.Success;
        await life.Die();
        if (isDone)
        {
            IsAsDockerLeftIt();
            return false;
        }

        var next = LiveWithPool();
        await Task.WhenAny(next.PoolHasStopped, next.IsOpen());
        if (!next.PoolHasStopped.IsCompleted)
            await next.Done(Return());
        await next.PoolHasStopped;
        IsAsDockerLeftIt();
        await next.Die();
        return true;
    }

    private async Task<bool> DiesTakingOver(int step)
    {
        MoveToNewHost();
        _docker = new DockerWorld(Host.Kernel);
        var command = _docker.Command(Ask.NewRequest(), TestHost.PoolName, TestHost.PoolUuid);
        var life = LiveWithPool();
        life.Kernel.DieAtStep(step);
        var reply = life.Ask(command);
        await Task.WhenAny(life.PoolHasStopped, reply);
        var isDone = reply.IsCompletedSuccessfully && await reply is PoolReplies.Success;
        await life.Die();

        var next = LiveWithPool();
        await next.Done(command);
        await next.IsOpen();
        await Agrees(next);
        await next.Done(Return());
        IsAsDockerLeftIt();
        await next.Die();
        return !isDone;
    }

    private async Task<AgentLife> TakenOver()
    {
        _docker = new DockerWorld(Host.Kernel);
        var life = LiveWithPool();
        await life.Done(_docker.Command(Ask.NewRequest(), TestHost.PoolName, TestHost.PoolUuid));
        return life;
    }

    private void IsAsDockerLeftIt()
    {
        Assert.Empty(Host.Kernel.ListDevices("").Must());
        Assert.Empty(Host.Kernel.Mounts().Must());
        var found = _docker.Found();
        Assert.Equal([1u, 2u, 3u], found.Content.Thins.Select(thin => thin.Id.Value));
        Assert.Equal(DockerWorld.Transaction, found.Content.TransactionId);
        Assert.Empty(found.LeftOver);
        Assert.Null(Host.Kernel.InspectFile(DockerWorld.Request.Data).Must().Attached);
    }
}
