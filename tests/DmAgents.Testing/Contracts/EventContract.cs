using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>Events of pools: when one is raised, and how a watch tells of it.</summary>
public abstract class EventContract(KernelFixture fixture) : KernelContract(fixture)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public void A_pool_that_passes_its_low_water_mark_has_one_event()
    {
        var pool = Scope.OpenPool(dataMebibytes: 4, lowWaterMark: 60);
        pool.CreateActive(1);
        using var events = Kernel.WatchEvents().Must();

        pool.Write(1, block: 0, fill: 1, count: 8);

        Assert.Contains(pool.Name, events.Wait(Patience, CancellationToken.None).Must());
        pool.Write(1, block: 8, fill: 1, count: 8);
        Assert.DoesNotContain(pool.Name, events.Wait(TimeSpan.FromMilliseconds(100), CancellationToken.None).Must());
    }

    [Fact]
    public void A_pool_that_runs_out_of_data_has_an_event()
    {
        var pool = Scope.OpenPool(dataMebibytes: 4, noSpace: NoSpacePolicy.Error);
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1, count: 64);
        using var events = Kernel.WatchEvents().Must();

        Kernel.Write(pool.Thin(1).Name.Path, ContractPool.At(64), ContractPool.Block(2))
            .MustBeRefused(KernelFault.NoSpace, KernelFault.Failed);

        Assert.Contains(pool.Name, events.Wait(Patience, CancellationToken.None).Must());
    }

    [Fact]
    public void A_wait_without_an_event_ends_with_nothing_or_when_it_is_cancelled()
    {
        using var events = Kernel.WatchEvents().Must();
        using var cancelled = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));

        events.Wait(TimeSpan.FromMilliseconds(10), CancellationToken.None).Must();
        events.Wait(Patience, cancelled.Token).Must();

        Assert.True(cancelled.IsCancellationRequested);
    }
}
