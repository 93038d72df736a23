using DmAgents.Domain.Pools.Adoption;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Tests.Effects;

namespace DmAgents.Domain.Tests.Recovery;

public sealed class PoolReadingTests
{
    public static TheoryData<string, bool> Failures => new()
    {
        { nameof(IKernel.PoolStatus), false },
        { nameof(IKernel.PoolStatus), true },
        { nameof(IKernel.ListThins), false },
        { nameof(IKernel.ListThins), true },
    };

    [Theory, MemberData(nameof(Failures))]
    public void A_pool_that_cannot_be_read_is_as_live_as_it_was(string call, bool wasLive)
    {
        var pool = new TestPool();
        var before = wasLive ? pool : Closed(pool);
        pool.Kernel.FailNext(call, KernelFault.Failed);

        var read = new PoolReading(pool.Kernel, before.Context).Read();

        Assert.True(read.FailedWith(KernelFault.Failed));
        Assert.Equal(wasLive, pool.Simulated.Find(pool.Context.Device).Succeeded);
    }

    private static TestPool Closed(TestPool pool)
    {
        Assert.Equal(KernelResult.Done, new AssemblyEffects(pool.Kernel, pool.Context).Close());
        return pool;
    }
}
