using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Processes;

namespace DmAgents.Kernel.Tests.Processes;

public sealed class PoolClaimsTests
{
    [Fact]
    public void Who_has_a_pool_is_named()
    {
        var pool = new PoolUuid(Guid.NewGuid());
        using var claim = PoolClaims.Claim(pool).Value;

        var refused = PoolClaims.Claim(pool).Error!;

        Assert.Equal(KernelFault.Busy, refused.Fault);
        Assert.Contains($"process {Environment.ProcessId}", refused.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_claim_is_free_again_when_it_is_let_go()
    {
        var pool = new PoolUuid(Guid.NewGuid());
        PoolClaims.Claim(pool).Value.Dispose();

        using var again = PoolClaims.Claim(pool).Value;
    }

    [Theory]
    [InlineData(0u, "another agent, process 4711,")]
    [InlineData(1000u, "process 4711 of the user with uid 1000, which is no agent (end it: kill 4711),")]
    public void One_who_is_not_root_is_told_to_be_no_agent(uint user, string expected) =>
        Assert.Equal(expected, PoolClaims.Describe(4711, user));
}
