using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>A pool has one agent.</summary>
public abstract class PoolClaimContract(KernelFixture fixture) : KernelContract(fixture)
{
    private readonly PoolUuid _pool = new(Guid.NewGuid());

    [Fact]
    public void A_claimed_pool_is_busy_until_it_is_let_go_of()
    {
        var claim = Kernel.Claim(_pool).Must();

        var refused = Kernel.Claim(_pool);
        claim.Dispose();
        claim.Dispose();

        refused.Outcome.MustBeRefused(KernelFault.Busy);
        Assert.Contains("another agent", refused.Error!.Detail, StringComparison.Ordinal);
        Kernel.Claim(_pool).Must().Dispose();
    }

    [Fact]
    public void Pools_are_claimed_each_by_itself()
    {
        using var one = Kernel.Claim(_pool).Must();
        using var other = Kernel.Claim(new PoolUuid(Guid.NewGuid())).Must();
    }
}
