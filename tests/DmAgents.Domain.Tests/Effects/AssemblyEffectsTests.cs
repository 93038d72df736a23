using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Tests.Deciding;
using DmAgents.Domain.Units;
using DmAgents.Testing.Faults;
using DmAgents.Testing.Simulation;

namespace DmAgents.Domain.Tests.Effects;

public sealed class AssemblyEffectsTests
{
    private readonly SimulatedKernel _kernel = new();

    [Fact]
    public void A_loop_pool_is_made_at_any_second_try()
    {
        for (var dieAt = 0; ; dieAt++)
        {
            var simulated = new SimulatedKernel();
            var faulty = new FaultyKernel(simulated);
            faulty.DieAtStep(dieAt);
            var died = false;
            try
            {
                Make(faulty);
            }
            catch (AgentDiedException)
            {
                died = true;
            }
            faulty.Revive();

            Assert.Equal(KernelResult.Done, Make(faulty));
            Assert.Equal(ByteSize.MiB(64), simulated.PoolStatus(Loop().Device).Value.Data.TotalBytes);
            if (!died)
                break;
        }

        static KernelResult Make(FaultyKernel kernel)
        {
            var assembly = new AssemblyEffects(kernel, Loop());
            return assembly.Prepare().Then(assembly.Open);
        }
    }

    [Fact]
    public void A_live_pool_that_is_longer_than_the_journal_knows_is_told()
    {
        Opened(Loop());
        var larger = new AssemblyEffects(_kernel, Loop(ByteSize.MiB(128), ByteSize.MiB(8)));
        Assert.Equal(KernelResult.Done, larger.Grow());
        var status = _kernel.PoolStatus(Loop().Device).Value;

        var told = new AssemblyEffects(_kernel, Loop()).VerifyLength(status);

        Assert.True(told.FailedWith(KernelFault.Invalid));
        Assert.Contains("pool adopt", told.Error!.Detail, StringComparison.Ordinal);
        Assert.Equal(KernelResult.Done, larger.VerifyLength(status));
    }

    [Fact]
    public void A_live_loop_pool_grows_in_data_and_metadata()
    {
        Opened(Loop());
        var larger = Loop(ByteSize.MiB(128), ByteSize.MiB(8));

        Assert.Equal(KernelResult.Done, new AssemblyEffects(_kernel, larger).Grow());

        var status = _kernel.PoolStatus(larger.Device).Value;
        Assert.Equal(ByteSize.MiB(128), status.Data.TotalBytes);
        Assert.Equal(ByteSize.MiB(8), status.Metadata.TotalBytes);
    }

    [Fact]
    public void A_pool_that_is_taken_down_leaves_nothing_behind()
    {
        foreach (var pool in new[] { Loop(), Disks() })
        {
            var assembly = Opened(pool);

            Assert.Equal(KernelResult.Done, assembly.Close().Then(assembly.Dismantle));
            Assert.Equal(KernelResult.Done, assembly.Close().Then(assembly.Dismantle));

            Assert.Empty(_kernel.ListDevices("").Value);
        }
        Assert.Equal(KernelFault.NotFound, _kernel.InspectFile(new LoopFile("/state/data.img")).Error!.Fault);
        Assert.Null(_kernel.Inspect(new DevicePath("/dev/test-d")).Value.Signature);
    }

    [Fact]
    public void A_disk_that_is_not_the_pools_own_any_more_keeps_it_closed()
    {
        var assembly = Opened(Disks());
        Assert.Equal(KernelResult.Done, assembly.Close());
        var other = new DiskLabel(new PoolUuid(new Guid(7, 7, 7, new byte[8])), new PoolName("test-other"), Guid.Empty);
        Assert.True(_kernel.Write(new DevicePath("/dev/test-d"), ByteSize.Zero, other.ToBytes()).Succeeded);

        Assert.Contains("test-other", assembly.Open().Error!.Detail, StringComparison.Ordinal);

        Assert.True(_kernel.Zero(new DevicePath("/dev/test-d"), ByteSize.Zero, ByteSize.KiB(4)).Succeeded);
        Assert.Contains("does not carry", assembly.Open().Error!.Detail, StringComparison.Ordinal);
        Assert.Empty(_kernel.ListDevices("").Value);
    }

    [Fact]
    public void A_pool_of_someone_else_is_found_and_never_taken_down()
    {
        var own = Disks();
        Opened(own);
        var existing = own with
        {
            Identity = own.Identity with { Backing = new PoolBacking.Existing(own.Device, OwnedByLvm: false) },
        };
        var assembly = new AssemblyEffects(_kernel, existing);

        var all = assembly.Prepare().Then(assembly.Open).Then(assembly.Close).Then(assembly.Dismantle);

        Assert.Equal(KernelResult.Done, all);

        Assert.True(_kernel.PoolStatus(own.Device).Succeeded);
    }

    private AssemblyEffects Opened(PoolContext pool)
    {
        var assembly = new AssemblyEffects(_kernel, pool);
        Assert.Equal(KernelResult.Done, assembly.Prepare().Then(assembly.Open));
        return assembly;
    }

    private PoolContext Disks() => Context(new PoolBacking.Disks(
        [new DiskPart(_kernel.AddDisk("/dev/test-d", ByteSize.MiB(65)), DiskLabel.Reserved, ByteSize.MiB(64).Sectors)],
        [new DiskPart(_kernel.AddDisk("/dev/test-m", ByteSize.MiB(5)), DiskLabel.Reserved, ByteSize.MiB(4).Sectors)]));

    private static PoolContext Loop(ByteSize? data = null, ByteSize? metadata = null) =>
        Context(new PoolBacking.LoopFiles(
        new LoopFilePart(new LoopFile("/state/data.img"), data ?? ByteSize.MiB(64)),
        new LoopFilePart(new LoopFile("/state/metadata.img"), metadata ?? ByteSize.MiB(4))));

    private static PoolContext Context(PoolBacking backing)
    {
        var identity = Given.Pool.Identity! with { Backing = backing };
        return new PoolContext(identity, new PoolPaths("/state", identity.Name), DiscardOnRemove: true);
    }
}
