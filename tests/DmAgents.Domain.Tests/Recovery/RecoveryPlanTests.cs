using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Tests.Deciding;
using DmAgents.Domain.Units;
using static DmAgents.Domain.Tests.Deciding.Given;

namespace DmAgents.Domain.Tests.Recovery;

public sealed class RecoveryPlanTests
{
    private static readonly PoolState Image = Pool.Imported("image", "a");

    private static readonly PoolContext Context =
        new(Pool.Identity!, new PoolPaths("/state", Pool.Identity!.Name), DiscardOnRemove: false);

    [Fact]
    public void Nothing_is_planned_where_journal_pool_and_kernel_agree()
    {
        var state = Image.Do(Create(Container("c"), Layer("a")));

        var plan = RecoveryPlan.Make(state, PictureOf(state), Context, At);

        Assert.Empty(plan.Findings);
        Assert.Empty(plan.Deactivate);
        Assert.Empty(plan.Create);
        Assert.Empty(plan.Settle);
        Assert.Empty(plan.Delete);
    }

    [Fact]
    public void What_is_live_as_it_should_be_is_not_looked_at_again()
    {
        var state = Image.Do(Create(Container("a"), Layer("a"), use: DeviceUse.Active))
            .Do(Create(Container("m"), Layer("a"), use: DeviceUse.Mounted)).Do(CreateView(View("v"), Layer("a")));
        var (active, mounted, shown) = (
            state.Find(Container("a"))!, state.Find(Container("m"))!, state.Find(Layer("a"))!);
        var all = PictureOf(state, Live(active, 1), Live(mounted, 2), Live(shown, 3))
            with { Mounted = [MountOf(mounted, 2)] };
        ThinId[] Settled(KernelPicture picture) => [.. RecoveryPlan.Make(state, picture, Context, At).Settle];
        KernelPicture Without(DeviceRecord device, Func<LiveDevice, LiveDevice> change) =>
            all with { Live = all.Live.SetItem(device.Id, change(all.Live[device.Id])) };

        Assert.Empty(Settled(all));
        Assert.Equal([active.Id], Settled(all with { Live = all.Live.Remove(active.Id) }));
        Assert.Equal([active.Id], Settled(Without(active, d => d with { Suspended = true })));
        Assert.Equal([active.Id], Settled(Without(active, d => d with { RemovalDeferred = true })));
        Assert.Equal([active.Id], Settled(Without(active, d => d with { Length = new(8) })));
        Assert.Equal([shown.Id], Settled(Without(shown, d => d with { ReadOnly = false })));
        Assert.Equal([mounted.Id], Settled(all with { Mounted = [] }));
        Assert.Equal([mounted.Id], Settled(all with { Mounted = [MountOf(mounted, 9)] }));
        Assert.Equal([active.Id], Settled(all with { Mounted = [.. all.Mounted, MountOf(active, 1)] }));
    }

    [Fact]
    public void A_base_is_made_before_what_descends_from_it_whatever_the_clock_said()
    {
        var first = Create(Container("c")) with { At = At };
        var state = Pool.After(Assert.IsType<Decision.Accepted>(PoolDecider.Decide(Pool, Health, first)).Events);
        var second = Create(Container("d")) with { At = At.AddHours(-1) };
        state = state.After(Assert.IsType<Decision.Accepted>(PoolDecider.Decide(state, Health, second)).Events);

        var plan = RecoveryPlan.Make(state, PictureOf(Pool), Context, At);

        Assert.Equal(DeviceKind.Base, state.Devices[plan.Create[0].Id].Kind);
        Assert.Equal(3, plan.Create.Length);
    }

    [Fact]
    public void A_removed_containers_mount_goes_where_its_successor_is_to_be_mounted()
    {
        var state = Image.Do(Create(Container("c"), Layer("a"), use: DeviceUse.Mounted));
        var old = state.Find(Container("c"))!;
        state = state.Do(Remove(Container("c"), force: true));
        var alone = PictureOf(state, Live(old, 1)) with { Mounted = [MountOf(old, 1)] };
        var succeeded = state.Do(Create(Container("c"), Layer("a"), use: DeviceUse.Mounted));
        var successor = succeeded.Find(Container("c"))!;
        var both = PictureOf(succeeded, Live(old, 1), Live(successor, 2));

        Assert.Empty(RecoveryPlan.Make(state, alone, Context, At).Unmount);
        Assert.Equal(Context.MountOf(old), Assert.Single(
            RecoveryPlan.Make(succeeded, both with { Mounted = [MountOf(old, 1)] }, Context, At).Unmount));
        Assert.Empty(RecoveryPlan.Make(succeeded, both with { Mounted = [MountOf(successor, 2)] }, Context,
            At).Unmount);
    }

    [Fact]
    public void An_interrupted_import_is_undone_also_where_the_pool_has_lost_it()
    {
        var state = Image.Do(Create(DeviceKey.Import("b"), Layer("a")));

        var plan = RecoveryPlan.Make(state, PictureOf(Image), Context, At);

        Assert.Null(state.After(plan.Findings).Find(DeviceKey.Import("b")));
    }

    [Fact]
    public void A_commit_that_no_image_came_to_need_is_undone_and_may_be_asked_for_again()
    {
        var commit = new PoolCommands.CommitLive(NewRequest(), Container("c"), Layer("live"), ImportLabels, At);
        var state = Image.Do(Create(Container("c"), Layer("a"), use: DeviceUse.Mounted)).Do(commit);

        var plan = RecoveryPlan.Make(state, PictureOf(state), Context, At);

        var after = state.After(plan.Findings);
        Assert.Null(after.Find(Layer("live")));
        Assert.IsType<Decision.Accepted>(PoolDecider.Decide(after, Health, commit));
    }

    [Fact]
    public void What_an_older_pool_has_under_the_id_of_a_later_device_is_another_one_and_goes_to_quarantine()
    {
        var state = Later.Do(Create(Container("c"), Layer("a"), use: DeviceUse.Mounted));
        var device = state.Find(Container("c"))!;

        var lost = state.After(RecoveryPlan.Make(state, PictureOf(state, Live(device, 1)), Context, At).Findings);

        PoolInvariants.Hold(lost);
        Assert.Equal(DevicePhase.Lost, lost.Devices[device.Id].Phase);
        Assert.Equal([device.Id], lost.Ledger.Quarantine.Keys);
        Assert.Empty(RecoveryPlan.Make(lost, PictureOf(lost), Context, At).Findings);
        // What would reach the other one by this one's name is refused.
        Assert.Contains($"purge {device.Id}", RefusedBy(lost, Remove(Container("c"))).Next, StringComparison.Ordinal);
        Assert.Equal(RefusalKind.WrongState, RefusedBy(lost, new PoolCommands.Undelete(
            NewRequest(), device.Id, Container("d"), BaseSize, FileSystemKind.Ext4, At)).Kind);

        var back = lost.After(RecoveryPlan.Make(lost, PictureOf(lost, madeIn: 9), Context, At).Findings);
        PoolInvariants.Hold(back);
        Assert.Equal(DevicePhase.Ready, back.Devices[device.Id].Phase);
        Assert.Empty(back.Ledger.Quarantine);

        var purged = lost.After(new PoolEvents.Purged(device.Id, At)).Do(Remove(Container("c"), force: true));
        Assert.Equal(DevicePhase.Removing, purged.Devices[device.Id].Phase);
    }

    [Fact]
    public void Of_a_device_that_was_to_go_the_other_one_under_its_id_does_not_go()
    {
        var removed = Later.Do(Create(Container("c"), Layer("a")));
        var id = removed.Find(Container("c"))!.Id;
        removed = removed.Do(Remove(Container("c")));

        var plan = RecoveryPlan.Make(removed, PictureOf(removed), Context, At);

        Assert.Empty(plan.Delete);
        var after = removed.After(plan.Findings);
        PoolInvariants.Hold(after);
        Assert.Equal([id], after.Ledger.Quarantine.Keys);
        Assert.DoesNotContain(id, after.Devices.Keys);
    }

    [Fact]
    public void LVM_counts_in_the_transaction_id_itself()
    {
        var state = Later.Do(Create(Container("c"), Layer("a")));
        var lvm = state with
        {
            Identity = state.Identity! with { Backing = new PoolBacking.Existing(new("vg-pool"), OwnedByLvm: true) },
        };

        Assert.Empty(RecoveryPlan.Make(lvm, PictureOf(lvm), Context, At).Findings);
    }

    /// <summary>Devices that are made from here on are later than what <see cref="PictureOf"/> has.</summary>
    private static PoolState Later => Image.After(new PoolEvents.CheckpointReached(new TransactionId(8), At));

    private static MountEntry MountOf(DeviceRecord device, uint minor) =>
        new(new DeviceNumber(254, minor), Context.MountOf(device), "ext4", device.ReadOnly);

    /// <summary>The pool has every device of the state but those that are being made, and nothing is live.</summary>
    private static KernelPicture PictureOf(PoolState state, params LiveDevice[] live) =>
        PictureOf(state, madeIn: 1, live);

    private static KernelPicture PictureOf(PoolState state, ulong madeIn, params LiveDevice[] live) => new(
        Health.Status,
        state.Devices.Values.Where(d => d.Phase != DevicePhase.Creating)
            .ToImmutableSortedDictionary(d => d.Id, d => new ThinUsage(d.Id, 1, null, new TransactionId(madeIn))),
        live.ToImmutableSortedDictionary(l => DeviceNames.ThinIdOf(state.Identity!.Uuid, l.Uuid)!.Value, l => l),
        []);

    private static LiveDevice Live(DeviceRecord device, uint minor) => new(
        Context.NameOf(device.Id), DeviceNames.ThinDeviceId(Context.Identity.Uuid, device.Id),
            new DeviceNumber(254, minor),
        OpenCount: 1, Suspended: false, device.ReadOnly, RemovalDeferred: false, device.Size.Sectors);

    [Fact]
    public void What_an_import_under_way_has_made_is_left_alone_until_it_ends()
    {
        var import = NewRequest();
        var labels = ImmutableSortedDictionary<string, string>.Empty.Add(DeviceLabels.Import, import.ToString());
        var filling = WorkUnderWay.KeyOf(import, 1);
        var committed = new PoolCommands.Commit(NewRequest(), Container("x"), Layer("first"), labels, At);
        var state = Image.Do(Create(Container("x"), Layer("a"))).Do(committed).Do(Create(filling, Layer("first")));
        RecoveryPlan Plan(params RequestId[] underWay) =>
            RecoveryPlan.Make(state, PictureOf(state), Context, At, [.. underWay]);

        Assert.Empty(Plan(import).Findings);
        Assert.NotNull(state.After(Plan(import, NewRequest()).Findings).Find(filling));
        var ended = state.After(Plan(NewRequest()).Findings);
        Assert.Null(ended.Find(filling));
        Assert.Null(ended.Find(Layer("first")));
    }

    [Fact]
    public void A_reception_goes_on_if_it_is_under_way_and_is_undone_if_not()
    {
        var transfer = NewRequest();
        var key = WorkUnderWay.ReceptionOf(transfer, 3);
        var state = Image.Do(Receive(key.Name, Layer("a"), ByteSize.GiB(1)));
        RecoveryPlan Plan(params RequestId[] underWay) =>
            RecoveryPlan.Make(state, PictureOf(state), Context, At, [.. underWay]);

        Assert.Empty(Plan(transfer).Findings);
        Assert.Equal(state.Find(key)!.Id, Assert.Single(Plan(transfer).Settle));
        Assert.Null(state.After(Plan(NewRequest()).Findings).Find(key));
    }

    [Fact]
    public void A_layer_that_a_dead_agent_read_for_another_host_is_not_live_any_more()
    {
        var transfer = NewRequest();
        var state = Image.Do(CreateView(DeviceKey.Transfer($"{transfer.Value:N}"), Layer("a")));
        var layer = state.Find(Layer("a"))!;
        RecoveryPlan Plan(params RequestId[] underWay) => RecoveryPlan.Make(
            state, PictureOf(state, Live(layer, 1)), Context, At, [.. underWay]);

        Assert.Empty(Plan(transfer).Findings);
        Assert.Empty(Plan(transfer).Deactivate);
        var after = Plan();
        Assert.IsType<PoolEvents.ViewRemoved>(Assert.Single(after.Findings));
        Assert.Equal(Context.NameOf(layer.Id), Assert.Single(after.Deactivate));
    }

    [Fact]
    public void A_request_is_under_way_until_all_its_parts_have_ended()
    {
        var (work, pool, request) = (new WorkUnderWay(), Pool.Identity!.Name, NewRequest());
        var whole = work.Begin(pool, request);
        var late = work.Begin(pool, request);
        whole.Dispose();
        whole.Dispose();

        Assert.Equal([request], work.Of(pool));
        Assert.Empty(work.Of(new PoolName("other")));

        late.Dispose();
        Assert.Empty(work.Of(pool));
    }

    [Fact]
    public void A_mount_that_lost_its_writes_is_looked_at_again()
    {
        var state = Image.Do(Create(Container("m"), Layer("a"), use: DeviceUse.Mounted));
        var mounted = state.Find(Container("m"))!;
        var picture = PictureOf(state, Live(mounted, 2)) with
        {
            Mounted = [MountOf(mounted, 2) with { ReadOnly = true }],
        };

        Assert.Equal<ThinId>([mounted.Id], RecoveryPlan.Make(state, picture, Context, At).Settle);
    }
}
