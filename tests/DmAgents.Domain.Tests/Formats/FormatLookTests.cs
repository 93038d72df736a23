using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Formats;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Tests.Deciding;
using DmAgents.Domain.Tests.Effects;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Tests.Formats;

/// <summary>Which of a live pool's file systems this host's kernel takes.</summary>
public sealed class FormatLookTests
{
    private readonly TestPool _pool = new();
    private readonly DeviceRecord _base;

    public FormatLookTests()
    {
        _base = _pool.Base();
        Change(_base, "casefold");
        _pool.Simulated.Running = new KernelVersion(5, 1);
    }

    [Fact]
    public void A_base_of_a_younger_kernel_is_found_and_nothing_is_left_live()
    {
        var concern = Assert.Single(LookAll(_base));

        Assert.Equal((_base.Id, true), (concern.Id, concern.BarsReading));
        Assert.Equal<UnknownFeature>(
            [new UnknownFeature("casefold", new KernelVersion(5, 2), BarsReading: true)], concern.Features);
        Assert.True(_pool.Simulated.Find(_pool.Context.NameOf(_base.Id)).FailedWith(KernelFault.NotFound));
    }

    [Fact]
    public void Under_a_kernel_that_knows_it_or_has_it_of_its_distribution_nothing_is_found()
    {
        _pool.Simulated.Backports = ["casefold"];
        Assert.Empty(LookAll(_base));

        _pool.Simulated.Backports = [];
        _pool.Simulated.Running = new KernelVersion(5, 2);
        Assert.Empty(LookAll(_base));
    }

    [Fact]
    public void What_descends_from_a_base_is_not_looked_at_but_what_has_lost_its_parent_is()
    {
        var child = _pool.Container(2, "web");

        Assert.Equal([_base.Id], LookAll(_base, child).Select(concern => concern.Id));
        Assert.Equal([child.Id], LookAll(child).Select(concern => concern.Id));
    }

    [Fact]
    public void Of_the_agents_own_format_the_name_is_enough_and_of_a_younger_agents_it_is_not()
    {
        Assert.Empty(LookAll(_base with { Format = FileSystemFormat.Ext4.Name }));
        Assert.Single(LookAll(_base with { Format = new FormatName("ext4-9") }));
    }

    [Theory]
    [InlineData(DevicePhase.Creating)]
    [InlineData(DevicePhase.Removing)]
    [InlineData(DevicePhase.Lost)]
    public void What_is_not_in_the_pool_for_its_owner_is_not_looked_at(DevicePhase phase) =>
        Assert.Empty(LookAll(_base with { Phase = phase }));

    [Fact]
    public void What_is_to_be_live_and_is_not_is_left_to_what_makes_it_so()
    {
        var wanted = _base with { Use = DeviceUse.Active };
        Assert.Empty(LookAll(wanted));
        Assert.True(_pool.Simulated.Find(_pool.Context.NameOf(_base.Id)).FailedWith(KernelFault.NotFound));

        Assert.True(_pool.Simulated.ActivateThin(_pool.Context.TableOf(_base)).Succeeded);

        Assert.Single(LookAll(wanted));
    }

    [Fact]
    public void What_the_pool_does_not_have_is_not_made_live()
    {
        var state = StateOf(_base);

        Assert.Empty(new FormatLook(_pool.Kernel, _pool.Context).LookAll(state, new HashSet<ThinId>()));
        Assert.Single(new FormatLook(_pool.Kernel, _pool.Context).LookAll(state, present: null));
    }

    [Fact]
    public void A_device_that_is_live_stays_so_and_what_cannot_be_read_is_not_judged()
    {
        _pool.Simulated.ActivateThin(_pool.Context.TableOf(_base with { ReadOnly = true }));

        Assert.Single(LookAll(_base));
        Assert.Empty(LookAll(_base with { FileSystem = FileSystemKind.Xfs }));

        Assert.True(_pool.Simulated.Find(_pool.Context.NameOf(_base.Id)).Succeeded);
    }

    [Fact]
    public void A_mount_is_refused_by_the_feature_and_not_by_a_number()
    {
        var web = _pool.Container(2, "web");

        var error = _pool.Use.Settle(web with { Use = DeviceUse.Mounted }).Error!;

        Assert.Equal((KernelFault.NotSupported, 0), (error.Fault, error.Errno));
        Assert.Contains("casefold (from Linux 5.2 on)", error.Detail, StringComparison.Ordinal);
    }

    private void Change(DeviceRecord device, string feature)
    {
        var name = _pool.Context.NameOf(device.Id);
        Assert.True(_pool.Simulated.ActivateThin(_pool.Context.TableOf(device)).Succeeded);
        Assert.Equal(KernelResult.Done, _pool.Simulated.GiveFeature(name.Path, feature));
        Assert.Equal(KernelResult.Done, _pool.Simulated.Remove(name, deferred: false));
    }

    private ImmutableArray<FormatConcern> LookAll(params DeviceRecord[] devices) =>
        new FormatLook(_pool.Kernel, _pool.Context).LookAll(
            StateOf(devices), _pool.Thins.ToHashSet());

    private static PoolState StateOf(params DeviceRecord[] devices) =>
        Given.Pool with { Devices = devices.ToImmutableDictionary(device => device.Id) };
}
