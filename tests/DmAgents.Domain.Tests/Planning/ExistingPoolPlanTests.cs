using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Testing.Simulation;

namespace DmAgents.Domain.Tests.Planning;

public sealed class ExistingPoolPlanTests
{
    private static readonly PoolPaths Paths = new("/state", new PoolName("test-pool"));
    private static readonly MappedName Pool = new("test-vg-pool");

    private readonly SimulatedKernel _kernel = new();

    [Theory]
    [InlineData("LVM-abc", true)]
    [InlineData("", false)]
    public void An_empty_pool_is_taken_with_its_own_block_size(string uuid, bool ofLvm)
    {
        Open(uuid);

        var plan = Assert.IsType<BackingPlan.Planned>(Plan());

        Assert.Equal(new PoolBacking.Existing(Pool, ofLvm), plan.Backing);
        Assert.Equal(ByteSize.KiB(256), plan.BlockSize.Bytes);
        Assert.Equal(ByteSize.GiB(1), plan.DataSize);
    }

    [Fact]
    public void A_pool_with_a_thin_device_is_for_adoption()
    {
        Open();
        Assert.True(_kernel.CreateThin(Pool, new ThinId(0)).Succeeded);

        Assert.Contains("adopt", Refused(RefusalKind.WrongState).Next, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pool_that_somebody_has_counted_in_is_for_adoption()
    {
        Open();
        Assert.True(_kernel.SetTransactionId(Pool, TransactionId.Initial, new TransactionId(3)).Succeeded);

        Assert.Contains("adopt", Refused(RefusalKind.WrongState).Next, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pool_with_data_is_for_adoption()
    {
        Open();
        var thin = new ThinTable(
            new MappedName("test-thin"), new MappedUuid(""), Pool, new ThinId(1), new SectorCount(2048),
                ReadOnly: false);
        Assert.True(_kernel.CreateThin(Pool, thin.Id).Succeeded && _kernel.ActivateThin(thin).Succeeded);
        Assert.True(_kernel.Write(thin.Name.Path, ByteSize.Zero, new byte[4096]).Succeeded);
        Assert.True(_kernel.Remove(thin.Name, deferred: false).Succeeded
            && _kernel.DeleteThin(Pool, thin.Id).Succeeded);
        Assert.IsType<BackingPlan.Planned>(Plan());
        Assert.True(_kernel.CreateThin(Pool, thin.Id).Succeeded && _kernel.ActivateThin(thin).Succeeded);
        Assert.True(_kernel.Write(thin.Name.Path, ByteSize.Zero, new byte[4096]).Succeeded);

        Assert.Contains("of data", Refused(RefusalKind.WrongState).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pool_in_need_of_a_check_is_refused()
    {
        Open();
        _kernel.BreakMetadata(Pool);

        Assert.Contains("check", Refused(RefusalKind.WrongState).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_missing_no_pool_or_the_agents_own_is_refused()
    {
        Refused(RefusalKind.NotFound);
        var disk = _kernel.AddDisk("/dev/test-x", ByteSize.MiB(8));
        _kernel.OpenLinear(new LinearTable(Pool, new MappedUuid(""), [new(disk, default, new SectorCount(8))]));
        Refused(RefusalKind.Invalid);
        _kernel.Remove(Pool, deferred: false);
        Open(DeviceNames.PoolId(new PoolUuid(Guid.NewGuid())).Value);
        Refused(RefusalKind.WrongState);
    }

    private void Open(string uuid = "") => Assert.Equal(KernelResult.Done, _kernel.OpenPool(new ThinPoolTable(
        Pool, new MappedUuid(uuid), _kernel.AddDisk("/dev/test-m", ByteSize.MiB(16)),
        _kernel.AddDisk("/dev/test-d", ByteSize.GiB(1)), ByteSize.GiB(1).Sectors,
        new PoolBlockSize(ByteSize.KiB(256)), LowWaterMark: 1)));

    private BackingPlan Plan() => new BackingPlanner(_kernel).Plan(
        Paths, new BackingRequest.Existing(Pool), PoolBlockSize.Default, force: false);

    private Refusal Refused(RefusalKind kind)
    {
        var refusal = Assert.IsType<BackingPlan.Refused>(Plan()).Refusal;
        Assert.Equal(kind, refusal.Kind);
        return refusal;
    }
}
