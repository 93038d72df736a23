using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using static DmAgents.Domain.Tests.Deciding.Given;

namespace DmAgents.Domain.Tests.Deciding;

public sealed class PoolDecisionTests
{
    [Fact]
    public void Making_a_pool_again_under_its_uuid_is_so_already()
    {
        Assert.Equal(new Decision.AlreadySo(null), PoolDecider.Decide(Pool, Health, Initialize(Pool.Identity!.Uuid)));
        Assert.Equal(RefusalKind.Exists,
            RefusedBy(Pool, Initialize(new PoolUuid(new Guid(9, 0, 0, new byte[8])))).Kind);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(511)]
    [InlineData(513)]
    public void A_quarantined_id_comes_back_with_a_size_of_whole_sectors(ulong bytes)
    {
        var state = Pool.Apply(new PoolEvents.Quarantined(new ThinId(7), "found", At));
        var undelete = new PoolCommands.Undelete(
            NewRequest(), new ThinId(7), Layer("x"), new ByteSize(bytes), FileSystemKind.Ext4, At);

        Assert.Equal(RefusalKind.Invalid, RefusedBy(state, undelete).Kind);
        PoolInvariants.Hold(state.Do(undelete with { Size = ByteSize.MiB(1) }));
    }

    [Fact]
    public void An_id_that_comes_back_does_not_begin_the_search_for_free_ids_anew()
    {
        var state = Pool.Apply(new PoolEvents.Quarantined(new ThinId(2), "found", At))
            .Do(Create(Container("a"))).Do(Create(Container("b"))).Do(Remove(Container("b")));
        var next = state.Ledger.Next;

        var after = state.Do(new PoolCommands.Undelete(
            NewRequest(), new ThinId(2), Layer("x"), ByteSize.MiB(1), FileSystemKind.Ext4, At));

        Assert.Equal(next, after.Ledger.Next);
    }

    [Fact]
    public void A_full_pool_grows_and_a_broken_one_does_not()
    {
        var longer = Backing with { Data = [Backing.Data[0],
            Backing.Data[0] with { Disk = new DevicePath("/dev/disk3") }] };
        var grow = new PoolCommands.Grow(NewRequest(), longer, At);

        Assert.IsType<Decision.Accepted>(
            PoolDecider.Decide(Pool, HealthOf(PoolMode.OutOfDataSpace, usedPercent: 100), grow));
        Assert.IsType<Decision.Accepted>(
            PoolDecider.Decide(Pool, HealthOf(PoolMode.ReadWrite, usedPercent: 1, metadataPercent: 99), grow));
        foreach (var health in new[]
        {
            null, HealthOf(PoolMode.ReadOnly, 1), HealthOf(PoolMode.Failed, 1),
                HealthOf(PoolMode.ReadWrite, 1, needsCheck: true),
        })
            Assert.IsType<Decision.Refused>(PoolDecider.Decide(Pool, health, grow));
    }

    private static PoolCommands.Initialize Initialize(PoolUuid uuid) => new(
        NewRequest(), uuid, new PoolName("test-pool"), Backing, PoolBlockSize.Default, FileSystemKind.Ext4, BaseSize,
            At);
}
