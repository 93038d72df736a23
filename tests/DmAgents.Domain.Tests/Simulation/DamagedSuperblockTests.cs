using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Tests.Effects;

namespace DmAgents.Domain.Tests.Simulation;

/// <summary>A superblock that is gone: what it told is taken from what the journal knows.</summary>
public sealed class DamagedSuperblockTests
{
    [Fact]
    public void A_repair_takes_the_transaction_id_that_it_is_told()
    {
        var pool = new TestPool();
        pool.Container(2, "web");
        var metadata = DeviceNames.Metadata(pool.Context.Identity.Name).Path;
        Assert.True(pool.Simulated.ClosePool(pool.Context.Device).Succeeded);
        pool.Simulated.DamageSuperblock(metadata);

        Assert.True(pool.Simulated.CheckMetadata(metadata).FailedWith(KernelFault.Invalid));
        Assert.True(pool.Simulated.RepairMetadata(
            metadata, new LoopFile("/scratch"), TestPool.Spare,
            new MetadataShape(new TransactionId(41), PoolBlockSize.Default, 1024)).Succeeded);

        var content = pool.Simulated.ReadMetadata(TestPool.Spare).Value;
        Assert.Equal(new TransactionId(41), content.TransactionId);
        Assert.Equal(2, content.Thins.Length);
    }
}
