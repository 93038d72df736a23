using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Ports;
using DmAgents.Engine.Tests.Support;
using DmAgents.Testing.Contracts;
using DmAgents.Testing.Docker;

namespace DmAgents.Engine.Tests.Pools;

/// <summary>A pool that was Docker's: taken over, examined, returned or kept.</summary>
public sealed class TakeoverSpec : PoolSpec
{
    /// <summary>The number of tests that share the steps of an undo and of a takeover.</summary>
    private const int Slices = 3;

    private DockerWorld _docker = null!;

    public static TheoryData<int> Each => [0, 1, 2];

    [Fact]
    public void What_Docker_had_is_there_and_its_tree_is_seen_where_it_is_mounted()
    {
        var life = TakenOver();

        Agrees(life);
        life.Done(Ask.Use(Ask.Container("web"), DeviceUse.Mounted, readOnly: true));
        Assert.Equal(["file"], Host.Kernel.ListFiles(TestHost.MountOf(Ask.Container("web"))).Must());
        life.Done(Ask.Create("mine", Ask.Layer("a"), DeviceUse.Mounted));
        Assert.Equal(
            "content"u8.ToArray(), Host.Kernel.ReadFile(TestHost.MountOf(Ask.Container("mine")), "file").Must());
    }

    [Fact]
    public void A_killed_agent_comes_back_with_all_of_it()
    {
        var life = TakenOver();
        life.Done(Ask.Create("mine", Ask.Layer("a"), DeviceUse.Mounted));
        life.Die();
        Host.Kernel.PowerCut();

        var next = Reopened();

        Agrees(next);
        Assert.True(next.State.Takeover!.CanBeUndone);
        Assert.True(Host.IsMounted(Ask.Container("mine")));
    }

    [Fact]
    public void Under_the_name_of_Dockers_pool_is_a_device_that_is_none()
    {
        TakenOver();

        var guard = Host.Kernel.Find(_docker.DockerPool).Must();

        Assert.True(guard.ReadOnly);
        Assert.Equal(DeviceNames.GuardId(TestHost.PoolUuid), guard.Uuid);
    }

    [Fact]
    public void Where_Docker_was_faster_after_a_reboot_the_agent_opens_nothing_until_it_has_ended()
    {
        var life = TakenOver();
        life.Die();
        Host.Kernel.PowerCut();
        // The simulation keeps directories only in memory.
        Host.Kernel.EnsureDirectory(DockerWorld.Request.Directory).Must();
        _docker.Assemble();

        var next = Live();

        next.Shows(PoolPhase.Unavailable);
        Assert.Contains("stop it (systemctl stop docker", next.Machine.Reason, StringComparison.Ordinal);
        _docker.End();
        next.IsOpen();
    }

    [Fact]
    public void Given_back_it_is_as_Docker_left_it()
    {
        var life = TakenOver();
        life.Done(Ask.Create("mine", Ask.Layer("a"), DeviceUse.Mounted));
        life.Done(Ask.CommitLive("web", Ask.Layer("of-web")));

        life.Done(Return());

        Assert.NotNull(life.Ended);
        IsAsDockerLeftIt();
    }

    [Fact]
    public void It_is_not_given_back_under_somebody_who_works_in_it_and_stays_as_it_is()
    {
        var life = TakenOver();
        life.Done(Ask.Create("mine", Ask.Layer("a"), DeviceUse.Mounted));
        using (Host.Kernel.HoldMount(TestHost.MountOf(Ask.Container("mine"))))
        {
            Assert.Equal(RefusalKind.Busy, life.Refused(Return()).Kind);
            life.IsOpen();
            Agrees(life);
        }

        life.Done(Return());
        IsAsDockerLeftIt();
    }

    [Fact]
    public void Confirmed_it_is_the_agents_and_goes_with_its_files()
    {
        var life = TakenOver();
        life.Done(new PoolCommands.ConfirmTakeover(Ask.NewRequest(), Ask.At));

        Assert.Equal(RefusalKind.WrongState, life.Refused(Return()).Kind);
        life.Done(Ask.Remove("web"));
        life.Done(Retire());

        Assert.False(Host.Kernel.InspectFile(DockerWorld.Request.Data).Succeeded);
        Assert.Empty(Host.Kernel.ListDevices("").Must());
    }

    [Fact]
    public void Before_it_is_confirmed_the_pool_is_not_removed_and_its_files_not_either()
    {
        var life = TakenOver();

        Assert.Contains("--undo", life.Refused(Retire()).Next,
            StringComparison.Ordinal);
        Assert.True(Host.Kernel.InspectFile(DockerWorld.Request.Data).Succeeded);
    }

    [Fact]
    public void A_pool_that_changed_since_it_was_looked_at_is_left_alone()
    {
        _docker = new DockerWorld(Host.Kernel);
        var command = _docker.Command(Ask.NewRequest(), TestHost.PoolName, TestHost.PoolUuid);
        _docker.Assemble();
        Host.Kernel.SetTransactionId(_docker.DockerPool, new(3), new(4)).Must();
        _docker.End();

        var life = Live();
        var refusal = life.Refused(command);

        Assert.Contains("transaction id is 4", refusal.Why, StringComparison.Ordinal);
        Assert.NotNull(life.Ended);
        Assert.Empty(Host.Kernel.ListDevices("").Must());
    }

    [Fact]
    public void Until_it_is_confirmed_its_metadata_are_neither_repaired_nor_given_up()
    {
        var life = TakenOver();
        var backup = new MetadataSource.Backup(new BackupName(Ask.At));

        var repaired = life.Refused(new PoolCommands.RepairMetadata(Ask.NewRequest(), backup, Next: null, Ask.At));

        Assert.Equal(RefusalKind.WrongState, repaired.Kind);
        Assert.Contains("until the adoption is confirmed", repaired.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void While_it_is_given_back_it_is_not_removed_and_who_asks_again_waits_for_the_same_end()
    {
        var life = TakenOver();
        var held = life.Kernel.HoldNext(nameof(IKernel.SetTransactionId));
        var first = life.Ask(Return());
        life.Reach(held);

        var again = life.Ask(Return());
        var removed = life.Refused(Retire());
        held.Open();

        Assert.Contains("given back", removed.Why, StringComparison.Ordinal);
        Assert.IsAssignableFrom<PoolReplies.Success>(first.Value);
        Assert.IsAssignableFrom<PoolReplies.Success>(again.Value);
        life.Ends();
        IsAsDockerLeftIt();
    }

    [Fact]
    public void What_somebody_else_has_made_in_it_meanwhile_is_not_deleted_with_what_the_agent_made()
    {
        var life = TakenOver();
        Host.Kernel.CreateThin(TestHost.Pool, new ThinId(77)).Must();

        var refusal = life.Refused(Return());

        Assert.Contains("thin id 77", refusal.Why, StringComparison.Ordinal);
        Assert.Contains(Host.Kernel.ListThins(TestHost.Pool).Must(), thin => thin.Id.Value == 77);
    }

    [Theory, MemberData(nameof(Each))]
    public void A_death_at_any_step_of_giving_back_is_gone_on_with(int slice)
    {
        for (var step = slice; DiesGivingBack(step); step += Slices)
            Assert.InRange(step, 0, 200);
    }

    [Theory, MemberData(nameof(Each))]
    public void A_death_at_any_step_of_taking_over_leaves_it_taken_over_or_not(int slice)
    {
        for (var step = slice; DiesTakingOver(step); step += Slices)
            Assert.InRange(step, 0, 200);
    }

    private static PoolCommands.Return Return() => new(Ask.NewRequest(), Ask.At);

    private static PoolCommands.Retire Retire() => new(Ask.NewRequest(), Force: true, Ask.At);

    private bool DiesGivingBack(int step)
    {
        MoveToNewHost();
        var life = TakenOver();
        life.Done(Ask.Create("mine", Ask.Layer("a"), DeviceUse.Mounted));
        Settled(life);
        life.Kernel.DieAtStep(step);
        var reply = life.Ask(Return());
        var isDone = life.IsDoneOrDies(reply);
        life.Die();
        if (isDone)
        {
            IsAsDockerLeftIt();
            return false;
        }

        var next = Live();
        next.RunUntil(() => next.HasStopped || next.Machine.Phase == PoolPhase.Open, () => "it neither opens nor ends");
        if (!next.HasStopped)
            next.Done(Return());
        next.Ends();
        IsAsDockerLeftIt();
        next.Die();
        return true;
    }

    private bool DiesTakingOver(int step)
    {
        MoveToNewHost();
        _docker = new DockerWorld(Host.Kernel);
        var command = _docker.Command(Ask.NewRequest(), TestHost.PoolName, TestHost.PoolUuid);
        var life = Live();
        life.Kernel.DieAtStep(step);
        var reply = life.Ask(command);
        var isDone = life.IsDoneOrDies(reply);
        life.Die();

        var next = Live();
        next.Done(command);
        next.IsOpen();
        Agrees(next);
        next.Done(Return());
        IsAsDockerLeftIt();
        next.Die();
        return !isDone;
    }

    private PoolLife TakenOver()
    {
        _docker = new DockerWorld(Host.Kernel);
        var life = Live();
        life.Done(_docker.Command(Ask.NewRequest(), TestHost.PoolName, TestHost.PoolUuid));
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
