using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Tests.Deciding;
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
        var all = PictureOf(state, Live(active, 1), Live(mounted, 2), Live(shown, 3)) with { Mounted = [MountOf(mounted, 2)] };
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

    private static MountEntry MountOf(DeviceRecord device, uint minor) =>
        new(new DeviceNumber(254, minor), Context.MountOf(device), "ext4", device.ReadOnly);

    /// <summary>The pool has every device of the state but those that are being made, and nothing is live.</summary>
    private static KernelPicture PictureOf(PoolState state, params LiveDevice[] live) => new(
        Health.Status,
        state.Devices.Values.Where(d => d.Phase != DevicePhase.Creating)
            .ToImmutableSortedDictionary(d => d.Id, d => new ThinUsage(d.Id, 1, null, new TransactionId(1))),
        live.ToImmutableSortedDictionary(l => DeviceNames.ThinIdOf(state.Identity!.Uuid, l.Uuid)!.Value, l => l),
        []);

    private static LiveDevice Live(DeviceRecord device, uint minor) => new(
        Context.NameOf(device.Id), DeviceNames.ThinDeviceId(Context.Identity.Uuid, device.Id),
            new DeviceNumber(254, minor),
        OpenCount: 1, Suspended: false, device.ReadOnly, RemovalDeferred: false, device.Size.Sectors);
}
