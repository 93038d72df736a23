using System.Diagnostics;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.DeviceMapper;
using DmAgents.Kernel.Hosts;
using static DmAgents.Kernel.Tests.RealKernel.PoolFixture;

namespace DmAgents.Kernel.Tests.RealKernel;

[Trait("Needs", "Kernel")]
public sealed class EventTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly PoolFixture _pool = new();

    public void Dispose() => _pool.Dispose();

    [Fact]
    public void A_pool_below_its_low_water_mark_raises_an_event()
    {
        Ok(_pool.Kernel.ReloadPool(_pool.Table with { LowWaterMark = 8190 }));
        var device = _pool.Create(1, ByteSize.MiB(64));
        using var events = Ok(DmEvents.Open());
        Assert.Empty(Ok(events.Wait(TimeSpan.Zero, CancellationToken.None)));

        Ok(_pool.Kernel.Write(device.Name.Path, ByteSize.Zero, new byte[1 << 20]));

        Assert.Equal([_pool.Name], Ok(events.Wait(Patience, CancellationToken.None)));
        Assert.Empty(Ok(events.Wait(TimeSpan.FromMilliseconds(50), CancellationToken.None)));
    }

    [Fact]
    public async Task A_wait_ends_when_an_event_comes_or_it_is_cancelled()
    {
        Ok(_pool.Kernel.ReloadPool(_pool.Table with { LowWaterMark = 8190 }));
        var device = _pool.Create(1, ByteSize.MiB(64));
        using var events = Ok(DmEvents.Open());
        using var cancelled = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        var clock = Stopwatch.StartNew();

        Assert.Empty(Ok(events.Wait(Patience, cancelled.Token)));
        var waiting = Task.Run(() => events.Wait(Patience, CancellationToken.None));
        Ok(_pool.Kernel.Write(device.Name.Path, ByteSize.Zero, new byte[1 << 20]));

        Assert.Equal([_pool.Name], Ok(await waiting));
        Assert.True(clock.Elapsed < Patience, $"{clock.Elapsed}");
    }

    [Fact]
    public void The_probe_finds_nothing_missing_here()
    {
        var report = KernelProbe.Look();

        Assert.True(report.CanRun, string.Join("; ", report.Problems));
        Assert.True(report.IsRoot);
        Assert.True(report.DeviceMapper >= new Version(4, 37), $"{report.DeviceMapper}");
        Assert.True(report.ThinPoolTarget >= new Version(1, 15), $"{report.ThinPoolTarget}");
        Assert.True(report.ThinTarget >= new Version(1, 15), $"{report.ThinTarget}");
        Assert.Equal(File.ReadAllText("/proc/sys/kernel/osrelease").Trim(), report.KernelRelease);
    }
}
