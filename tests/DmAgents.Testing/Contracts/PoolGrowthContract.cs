using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>Another table for a live pool.</summary>
public abstract class PoolGrowthContract(KernelFixture fixture) : KernelContract(fixture)
{
    [Fact]
    public void A_longer_table_grows_the_data_and_keeps_content_under_a_live_thin_device()
    {
        var (pool, longer) = PoolAndLongerTable();
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 9, count: 4);

        Kernel.ReloadPool(longer).Must();

        Assert.Equal((4ul, 2048ul), (pool.UsedBlocks, pool.Status.Data.Total));
        Assert.Equal(longer.DataLength, Kernel.Find(pool.Name).Must().Length);
        pool.MustHold(1, block: 0, fill: 9, count: 4);
        pool.Write(1, block: 5, fill: 3);
        pool.MustHold(1, block: 5, fill: 3);
    }

    [Fact]
    public void Growth_survives_closing()
    {
        var (pool, longer) = PoolAndLongerTable();
        Kernel.ReloadPool(longer).Must();
        Kernel.ClosePool(pool.Name).Must();

        Kernel.OpenPool(longer).Must();

        Assert.Equal(2048ul, pool.Status.Data.Total);
    }

    [Fact]
    public void A_shorter_table_is_refused_and_the_pool_goes_on()
    {
        var pool = Scope.OpenPool(dataMebibytes: 64);
        pool.CreateActive(1);

        Kernel.ReloadPool(pool.Table with { DataLength = ByteSize.MiB(32).Sectors })
            .MustBeRefused(KernelFault.Invalid);

        Assert.Equal(1024ul, pool.Status.Data.Total);
        pool.Write(1, block: 0, fill: 1);
        pool.MustHold(1, block: 0, fill: 1);
    }

    [Fact]
    public void Features_change_at_once()
    {
        var pool = Scope.OpenPool(noSpace: NoSpacePolicy.Queue, discard: DiscardPolicy.NoPassdown);

        Kernel.ReloadPool(pool.Table with { NoSpace = NoSpacePolicy.Error, Discard = DiscardPolicy.Ignore }).Must();

        Assert.Equal((NoSpacePolicy.Error, DiscardPolicy.Ignore), (pool.Status.NoSpace, pool.Status.Discard));
    }

    [Fact]
    public void A_reloaded_pool_is_not_suspended()
    {
        var pool = Scope.OpenPool();
        Kernel.Suspend(pool.Name, freeze: false).Must();

        Kernel.ReloadPool(pool.Table).Must();

        Assert.False(Kernel.Find(pool.Name).Must().Suspended);
    }

    [Fact]
    public void A_longer_metadata_device_is_taken_up_by_a_reload()
    {
        var pool = Scope.OpenPool(metadataMebibytes: 4);
        var metadata = new MappedName(pool.Table.Metadata.Value["/dev/mapper/".Length..]);
        var longer = new LinearTable(
            metadata,
            DeviceNames.MetadataId(pool.Uuid),
            [new LinearSegment(Fixture.MetadataDisk, new SectorCount(0), ByteSize.MiB(8).Sectors)]);

        Kernel.ReloadLinear(longer).Must();
        Kernel.ReloadPool(pool.Table).Must();

        Assert.Equal(2048ul, pool.Status.Metadata.Total);
        pool.Create(1);
    }

    [Fact]
    public void A_pool_that_is_not_live_cannot_be_reloaded()
    {
        var pool = Scope.OpenPool();
        Kernel.ClosePool(pool.Name).Must();

        Kernel.ReloadPool(pool.Table).MustBeRefused(KernelFault.NotFound);
    }

    /// <summary>A pool that has half of its data device.</summary>
    private (ContractPool Pool, ThinPoolTable Longer) PoolAndLongerTable()
    {
        var (name, uuid) = Scope.NewPool();
        var data = Scope.OpenSlice(DeviceNames.Data(name), DeviceNames.DataId(uuid), Fixture.DataDisk, 128);
        var pool = Scope.OpenPool(dataMebibytes: 64, dataDevice: data.Path);
        return (pool, pool.Table with { DataLength = ByteSize.MiB(128).Sectors });
    }
}
