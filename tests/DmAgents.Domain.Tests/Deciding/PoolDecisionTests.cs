using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using static DmAgents.Domain.Tests.Deciding.Given;

namespace DmAgents.Domain.Tests.Deciding;

public sealed class PoolDecisionTests
{
    [Fact]
    public void Making_a_pool_again_under_its_uuid_is_so_already()
    {
        Assert.Equal(new Decision.AlreadySo(null), PoolDecider.Decide(Pool, Health, Initialize(Pool.Identity!.Uuid)));
        Assert.Equal(RefusalKind.Exists, RefusedBy(Pool, Initialize(new PoolUuid(new Guid(9, 0, 0, new byte[8])))).Kind);
    }

    private static PoolCommands.Initialize Initialize(PoolUuid uuid) => new(
        NewRequest(), uuid, new PoolName("test-pool"), Backing, PoolBlockSize.Default, FileSystemKind.Ext4, BaseSize, At);
}
