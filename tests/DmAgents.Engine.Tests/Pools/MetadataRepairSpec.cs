using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Engine.Pools;
using DmAgents.Engine.Tests.Support;
using DmAgents.Testing.Faults;

namespace DmAgents.Engine.Tests.Pools;

/// <summary>A pool whose metadata are damaged, flagged or lost gets usable ones, wherever the agent dies
/// meanwhile.</summary>
public sealed class MetadataRepairSpec : PoolSpec
{
    private static readonly BackupName Name = new(Ask.At);

    private static readonly PoolBacking Next = TestHost.Backing with
    {
        Metadata = [TestHost.Part(TestHost.SpareDisk, ByteSize.MiB(64))],
    };

    [Fact]
    public void Damaged_metadata_keep_the_pool_closed_and_a_repair_brings_it_back_with_what_could_be_saved()
    {
        var (life, web, lost) = WithDamage();

        var refused = life.Refused(Ask.Create("other"));
        Assert.Contains($"dmagent pool repair-metadata {TestHost.PoolName}", refused.Next, StringComparison.Ordinal);
        Assert.True(life.Machine.MetadataAreDamaged);
        life.Done(Repair());

        Agrees(life);
        Assert.True(Host.IsMounted(Ask.Container("web")));
        Assert.Equal(DevicePhase.Ready, life.State.Devices[web].Phase);
        Assert.Equal(DevicePhase.Lost, life.State.Devices[lost].Phase);
        Assert.Equal(Next, life.State.Identity!.Backing);
        Assert.Equal<DiskPart>(TestHost.Backing.Metadata, Assert.Single(life.State.Kept).Parts);
        Assert.False(life.Machine.MetadataAreDamaged);
        life.Done(Ask.Create("other"));
    }

    [Fact]
    public void The_agent_dies_at_any_call_of_a_repair_and_the_next_one_does_it_again()
    {
        for (var step = 0; DiesInRepair(step, powerCut: false); step++)
            Assert.InRange(step, 0, 200);
    }

    [Fact]
    public void Power_is_cut_at_any_call_of_a_repair_and_the_next_agent_does_it_again()
    {
        for (var step = 0; DiesInRepair(step, powerCut: true); step++)
            Assert.InRange(step, 0, 200);
    }

    [Fact]
    public void The_journal_dies_before_or_after_it_knows_of_the_new_metadata()
    {
        for (var step = 0; step < 4; step++)
        {
            MoveToNewHost();
            var (life, web, _) = WithDamage();
            var passed = 0;
            void Pass()
            {
                if (passed++ == step)
                    throw new AgentDiedException();
            }
            life.BeforeCommit = Pass;
            life.AfterCommit = _ => Pass();
            var repair = Repair();
            life.IsDoneOrDies(life.Ask(repair));
            life.Die();

            Repaired(repair, web);
        }
    }

    [Fact]
    public void The_same_request_again_is_the_same_repair()
    {
        var (life, _, _) = WithDamage();
        var repair = Repair();
        var held = life.Kernel.HoldNext(nameof(IKernel.RepairMetadata));
        var first = life.Ask(repair);
        life.Reach(held);
        var second = life.Ask(repair);
        held.Open();

        Assert.IsAssignableFrom<PoolReplies.Success>(first.Value);
        Assert.IsAssignableFrom<PoolReplies.Success>(second.Value);
        Assert.True(life.Done(repair).AlreadySo);
        Assert.Single(life.State.Kept);
        Assert.Single(life.Kernel.CallLog, call => call.Operation == nameof(IKernel.RepairMetadata));
    }

    [Fact]
    public void A_repair_that_fails_leaves_the_pool_as_it_was_and_says_why()
    {
        var (life, _, _) = WithDamage();
        life.Kernel.FailNext(nameof(IKernel.RepairMetadata), KernelFault.Failed);

        Assert.Equal(RefusalKind.Failed, life.Refused(Repair()).Kind);

        life.Shows(PoolPhase.Unavailable);
        Assert.Empty(life.State.Kept);
        Assert.Equal(TestHost.Backing, life.State.Identity!.Backing);
        life.Done(Repair());
    }

    [Fact]
    public void A_mark_is_cleared_and_the_pool_opened_with_the_metadata_that_it_has()
    {
        var life = Opened();
        var web = life.Done(Ask.Create("web", use: DeviceUse.Active)).Device!;
        Agrees(life);
        NeedsCheck(life);

        life.Done(Repair());

        Agrees(life);
        Assert.True(Host.IsLive(web.Id));
        Assert.Equal(TestHost.Backing, life.State.Identity!.Backing);
        Assert.Empty(life.State.Kept);
        life.Done(Ask.Create("other"));
    }

    [Fact]
    public void Whoever_has_a_container_mounted_is_not_surprised()
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        Agrees(life);
        NeedsCheck(life);

        var refused = life.Refused(Repair());

        Assert.Equal(RefusalKind.Busy, refused.Kind);
        Assert.Contains("web", refused.Why, StringComparison.Ordinal);
        Assert.True(Host.IsMounted(Ask.Container("web")));
    }

    [Fact]
    public void A_pool_that_the_kernel_has_given_up_and_whose_check_fails_is_repaired()
    {
        // Only one check fails: a retry by timer would open the pool before the repair.
        var life = Opened(Settings with { RetryInterval = TimeSpan.FromHours(1) });
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        Agrees(life);
        Host.Kernel.FailPool(TestHost.Pool);
        life.Kernel.FailNext(nameof(IKernel.CheckMetadata), KernelFault.Invalid);
        life.Tell(PoolInputs.LookAtStatus.Instance);
        life.Shows(PoolPhase.Unavailable);

        life.Done(Repair());

        Agrees(life);
        Assert.True(Host.IsMounted(Ask.Container("web")));
    }

    [Fact]
    public void A_device_that_somebody_has_open_stays_and_the_pool_is_opened_again()
    {
        var life = Opened();
        var web = life.Done(Ask.Create("web", use: DeviceUse.Active)).Device!;
        Agrees(life);
        NeedsCheck(life);
        using var held = Host.Kernel.HoldDevice(TestHost.Thin(web.Id).Path);

        Assert.Equal(RefusalKind.Busy, life.Refused(Repair()).Kind);

        life.IsOpen();
        Assert.True(Host.IsLive(web.Id));
    }

    [Fact]
    public void A_writable_pool_has_nothing_to_repair() =>
        Assert.Equal(RefusalKind.WrongState, ((Opened()).Refused(Repair())).Kind);

    [Fact]
    public void A_backup_brings_back_what_there_was_at_its_time()
    {
        var life = Opened();
        var old = MakeLayer(life, "old");
        var gone = MakeLayer(life, "gone");
        Agrees(life);
        BackUp(life);
        life.Done(Ask.Remove(Ask.Layer("gone")));
        var later = MakeLayer(life, "later");
        Settled(life);
        life.Die();
        Host.Kernel.PowerCut();
        Assert.True(Host.Kernel.Zero(TestHost.MetadataDisk, DiskLabel.Reserved.Bytes, ByteSize.KiB(4)).Succeeded);
        var next = Live();
        next.Shows(PoolPhase.Unavailable);

        next.Done(new PoolCommands.RepairMetadata(Ask.NewRequest(), new MetadataSource.Backup(Name), Next, Ask.At));

        Agrees(next);
        Assert.Equal(DevicePhase.Ready, next.State.Devices[old.Id].Phase);
        Assert.Equal(DevicePhase.Lost, next.State.Devices[later.Id].Phase);
        Assert.Contains(gone.Id, next.State.Ledger.Quarantine.Keys);
        next.Die();
        Agrees(Reopened());
    }

    [Fact]
    public void A_device_that_was_lost_is_there_again_when_the_pool_has_it_again()
    {
        var life = Opened();
        var web = life.Done(Ask.Create("web", use: DeviceUse.Active)).Device!;
        Agrees(life);
        BackUp(life);
        Assert.True(Host.Kernel.Remove(TestHost.Thin(web.Id), deferred: false).Succeeded);
        Assert.True(Host.Kernel.DeleteThin(TestHost.Pool, web.Id).Succeeded);
        life.Done(new PoolCommands.Repair(Ask.NewRequest(), Accept: null, Ask.At));
        Assert.Equal(DevicePhase.Lost, life.State.Devices[web.Id].Phase);

        life.Done(new PoolCommands.RepairMetadata(Ask.NewRequest(), new MetadataSource.Backup(Name), Next, Ask.At));

        Assert.Equal(DevicePhase.Ready, life.State.Devices[web.Id].Phase);
        Assert.True(Host.IsLive(web.Id));
        Agrees(life);
    }

    [Fact]
    public void What_was_kept_goes_when_it_is_given_up_and_only_then()
    {
        var (life, _, _) = WithDamage();
        life.Done(Repair());
        Assert.NotNull(LabelOf(TestHost.MetadataDisk));
        Assert.Equal(RefusalKind.WrongState, life.Refused(Ask.Spares(TestHost.MetadataDisk)).Kind);

        life.Kernel.FailNext(nameof(IKernel.Zero), KernelFault.Failed);
        Assert.Equal(RefusalKind.Failed, life.Refused(Discard()).Kind);
        Assert.Single(life.State.Kept);
        life.Done(Discard());

        Assert.Empty(life.State.Kept);
        Assert.Null(LabelOf(TestHost.MetadataDisk));
        Assert.True(life.Done(Discard()).AlreadySo);
        life.Done(Ask.Spares(TestHost.MetadataDisk));
        Agrees(life);
    }

    [Fact]
    public void A_pool_that_is_removed_takes_what_was_kept_and_its_backups_with_it()
    {
        var (life, _, _) = WithDamage();
        life.Done(Repair());
        BackUp(life);

        life.Done(new PoolCommands.Retire(Ask.NewRequest(), Force: true, Ask.At));

        Assert.Null(LabelOf(TestHost.MetadataDisk));
        Assert.Null(LabelOf(TestHost.SpareDisk));
        Assert.DoesNotContain(Host.Files.Paths, path => path.Contains("/backups/", StringComparison.Ordinal));
    }

    [Fact]
    public void How_a_backup_went_is_journaled()
    {
        var life = Opened();
        life.Done(Note(new BackupOutcome.Made(
            Name, new TransactionId(1), Thins: 0, ByteSize.KiB(1), TimeSpan.Zero)));
        life.Done(Note(new BackupOutcome.Failed("no space")));

        Assert.True(life.Done(Note(new BackupOutcome.Failed("no space"))).AlreadySo);
        life.Die();

        Assert.Equal(new BackupRecord(Name.ToString(), "no space", Ask.At), Reopened().State.LastBackup);
    }

    [Fact]
    public void Whether_a_backup_can_be_restored_is_journaled()
    {
        var (first, second) = ("20260102T030405Z", "20260102T040405Z");
        var life = Opened();
        life.Done(Note(new BackupOutcome.Proved(NameOf(first), TimeSpan.FromSeconds(1))));
        life.Done(Note(new BackupOutcome.NotProved(NameOf(second), "out of bounds", TimeSpan.FromSeconds(2))));
        life.Die();

        var proofs = Reopened().State.Proofs;

        Assert.Equal(new BackupProof(null, TimeSpan.FromSeconds(1), Ask.At), proofs.Of(first));
        Assert.Equal(new BackupProof("out of bounds", TimeSpan.FromSeconds(2), Ask.At), proofs.Of(second));
        Assert.Equal(first, proofs.LatestProved);
    }

    private static BackupName NameOf(string text) =>
        BackupName.TryParse(text, out var name) ? name : throw new ArgumentException(text);

    private static PoolCommands.NoteBackup Note(BackupOutcome outcome) => new(Ask.NewRequest(), outcome, Ask.At);

    private static PoolCommands.RepairMetadata Repair() =>
        new(Ask.NewRequest(), new MetadataSource.Present(), Next, Ask.At);

    private static PoolCommands.DiscardMetadata Discard() => new(Ask.NewRequest(), Ask.At);

    /// <summary>An agent with a closed pool: its metadata have a mounted container, and a device that no repair can
    /// recover.</summary>
    private (PoolLife Life, ThinId Web, ThinId Lost) WithDamage()
    {
        var life = Opened();
        var web = life.Done(Ask.Create("web", use: DeviceUse.Mounted)).Device!;
        var lost = life.Done(Ask.Create("lost")).Device!;
        Settled(life);
        life.Die();
        Host.Kernel.PowerCut();
        var metadata = new MetadataDeviceEffects(
            Host.Kernel, new PoolContext(life.State.Identity!, TestHost.Paths, DiscardOnRemove: false));
        Host.Kernel.DamageMetadata(metadata.Attach().Value, lost.Id);
        var next = Live();
        next.Shows(PoolPhase.Unavailable);
        return (next, web.Id, lost.Id);
    }

    /// <summary>False if the repair ended before that step.</summary>
    private bool DiesInRepair(int step, bool powerCut)
    {
        MoveToNewHost();
        var (life, web, _) = WithDamage();
        var repair = Repair();
        var held = life.Kernel.HoldNext(nameof(IKernel.Mounts));
        var reply = life.Ask(repair);
        life.Reach(held);
        life.Kernel.DieAtStep(step);
        held.Open();
        var died = !life.IsDoneOrDies(reply);
        life.Die();
        if (powerCut)
            Host.Kernel.PowerCut();
        Repaired(repair, web);
        return died;
    }

    /// <summary>The next agent gets the same request, and reaches the same result as without the crash.</summary>
    private void Repaired(PoolCommands.RepairMetadata repair, ThinId web)
    {
        var next = Live();
        next.RunUntil(
            () => next.Machine.Phase is PoolPhase.Open or PoolPhase.Unavailable,
            () => "the pool neither opens nor does not");
        next.Done(repair);
        Agrees(next);
        Assert.Equal(DevicePhase.Ready, next.State.Devices[web].Phase);
        Assert.True(Host.IsMounted(Ask.Container("web")));
        Assert.Equal(Next, next.State.Identity!.Backing);
        Assert.Single(next.State.Kept);
        next.Die();
    }

    private void NeedsCheck(PoolLife life)
    {
        Host.Kernel.BreakMetadata(TestHost.Pool);
        Reads(life, PoolCondition.NeedsCheck);
    }

    private static void Reads(PoolLife life, PoolCondition condition)
    {
        life.Tell(PoolInputs.LookAtStatus.Instance);
        life.RunUntil(
            () => life.Machine.Health?.Condition == condition, () => $"the pool is {life.Machine.Health?.Condition}");
    }

    private void BackUp(PoolLife life)
    {
        var context = new PoolContext(life.State.Identity!, TestHost.Paths, DiscardOnRemove: false);
        Assert.True(new BackupEffects(Host.Kernel, Host.Files, context).Make(Name).Succeeded);
    }

    private DiskLabel? LabelOf(DevicePath disk)
    {
        Span<byte> bytes = new byte[DiskLabel.Length];
        Assert.True(Host.Kernel.Read(disk, ByteSize.Zero, bytes).Succeeded);
        return DiskLabel.Read(bytes);
    }
}
