using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Testing.Contracts;
using DmAgents.Testing.Simulation;

namespace DmAgents.Domain.Tests.Simulation;

/// <summary>What tests can break in the simulation, and how it behaves then.</summary>
public sealed class SimulatedDamageTests : IDisposable
{
    private readonly SimulatedKernelFixture _fixture = new();
    private readonly ContractScope _scope;

    public SimulatedDamageTests() => _scope = new ContractScope(_fixture);

    private SimulatedKernel Kernel => _fixture.Simulation;

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Broken_metadata_take_the_pool_back_to_its_last_commit_read_only_until_a_repair()
    {
        var pool = _scope.OpenPool();
        var device = pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1);
        Kernel.WriteUnflushed(device.Name.Path, ContractPool.At(1), ContractPool.Block(2)).Must();

        Kernel.BreakMetadata(pool.Name);

        Assert.Equal((PoolMode.ReadOnly, true), (pool.Status.Mode, pool.Status.NeedsCheck));
        Kernel.CreateThin(pool.Name, new ThinId(2)).MustBeRefused(KernelFault.NotSupported);
        Kernel.Write(device.Name.Path, ContractPool.At(2), ContractPool.Block(3)).MustBeRefused(KernelFault.Failed);
        pool.MustHold(1, block: 0, fill: 1);
        pool.MustHold(1, block: 1, fill: 0);

        pool.Deactivate(1);
        Kernel.ClosePool(pool.Name).Must();
        Kernel.OpenPool(pool.Table).Must();
        Assert.Equal((PoolMode.ReadOnly, true), (pool.Status.Mode, pool.Status.NeedsCheck));
        Kernel.ClosePool(pool.Name).Must();
        Assert.True(Kernel.ClearNeedsCheck(pool.Table.Metadata).Succeeded);
        Kernel.OpenPool(pool.Table).Must();
        Assert.Equal((PoolMode.ReadWrite, false), (pool.Status.Mode, pool.Status.NeedsCheck));
        pool.Create(2);
    }

    [Fact]
    public void A_pool_that_needs_a_check_does_not_grow()
    {
        var pool = _scope.OpenPool(dataMebibytes: 64);
        Kernel.ReloadLinear(new LinearTable(
            new MappedName(pool.Table.Data.Value["/dev/mapper/".Length..]),
            DeviceNames.DataId(pool.Uuid),
            [new LinearSegment(_fixture.DataDisk, default, ByteSize.MiB(128).Sectors)])).Must();
        Kernel.BreakMetadata(pool.Name);

        Kernel.ReloadPool(pool.Table with { DataLength = ByteSize.MiB(128).Sectors }).Must();

        Assert.Equal((PoolMode.ReadOnly, 1024ul), (pool.Status.Mode, pool.Status.Data.Total));
    }

    [Fact]
    public void A_read_only_pool_takes_discards_and_frees_nothing()
    {
        var pool = _scope.OpenPool();
        var device = pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1);
        Kernel.BreakMetadata(pool.Name);

        Kernel.Discard(device.Name.Path, ByteSize.Zero, ContractPool.BlockSize).Must();

        pool.MustHold(1, block: 0, fill: 1);
        Assert.Equal(1ul, pool.UsedBlocks);
    }

    [Fact]
    public void A_failed_pool_does_nothing_until_it_is_opened_anew()
    {
        var pool = _scope.OpenPool();
        var device = pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1);

        Kernel.FailPool(pool.Name);

        Assert.Equal(PoolMode.Failed, pool.Status.Mode);
        Assert.Equal(0ul, pool.Status.Data.Total);
        Kernel.Read(device.Name.Path, ByteSize.Zero, new byte[512]).MustBeRefused(KernelFault.Failed);
        Kernel.CreateThin(pool.Name, new ThinId(2)).MustBeRefused(KernelFault.NotSupported);
        Kernel.ReloadPool(pool.Table).Must();
        Assert.Equal(PoolMode.Failed, pool.Status.Mode);
        pool.Deactivate(1);
        Kernel.ClosePool(pool.Name).Must();
        Kernel.OpenPool(pool.Table).Must();
        pool.Activate(1);
        pool.MustHold(1, block: 0, fill: 1);
    }

    [Fact]
    public void A_broken_metadata_disk_fails_the_pool_at_its_next_commit()
    {
        var pool = _scope.OpenPool();
        Kernel.BreakDisk(_fixture.MetadataDisk);

        Kernel.CreateThin(pool.Name, new ThinId(1)).Must(); // Whether the commit worked is not told.

        Assert.Equal(PoolMode.Failed, pool.Status.Mode);
        Kernel.BreakDisk(_fixture.MetadataDisk, broken: false);
    }

    [Fact]
    public void Writers_that_waited_too_long_for_space_fail_and_the_pool_queues_no_more()
    {
        Kernel.NoSpaceTimeout = TimeSpan.FromMilliseconds(50);
        var pool = _scope.OpenPool(dataMebibytes: 1, noSpace: NoSpacePolicy.Queue);
        var device = pool.CreateActive(1);

        Kernel.Write(device.Name.Path, ByteSize.Zero, ContractPool.Block(1, count: 17))
            .MustBeRefused(KernelFault.NoSpace);

        Assert.Equal((PoolMode.OutOfDataSpace, NoSpacePolicy.Error), (pool.Status.Mode, pool.Status.NoSpace));
    }

    [Fact]
    public void A_write_to_a_device_that_stays_suspended_is_TimedOut()
    {
        Kernel.WaitLimit = TimeSpan.FromMilliseconds(50);
        var device = _scope.OpenPool().CreateActive(1);
        Kernel.Suspend(device.Name, freeze: false).Must();

        Kernel.Write(device.Name.Path, ByteSize.Zero, ContractPool.Block(1)).MustBeRefused(KernelFault.TimedOut);

        Assert.Equal(0u, Kernel.Find(device.Name).Must().OpenCount);
    }

    [Fact]
    public void A_full_host_fails_the_writes_to_loop_files()
    {
        var (_, device) = _scope.OpenLoop(mebibytes: 8);
        Kernel.HostCapacity = ByteSize.MiB(1);

        Kernel.Write(device, ByteSize.Zero, ContractPool.Block(1, count: 16)).Must();
        Kernel.Write(device, ByteSize.MiB(1), ContractPool.Block(1)).MustBeRefused(KernelFault.Failed);

        Kernel.Write(device, ByteSize.Zero, ContractPool.Block(2)).Must();
    }

    [Fact]
    public void A_program_that_is_not_installed_is_NotSupported_and_named()
    {
        Kernel.Uninstall("mkfs.xfs");
        var device = _scope.OpenPool().CreateActive(1);

        var result = Kernel.Format(device.Name.Path, FileSystemKind.Xfs);

        result.MustBeRefused(KernelFault.NotSupported);
        Assert.Equal("mkfs.xfs", result.Error!.Operation);
    }

    [Fact]
    public void A_disk_tells_its_signature_until_it_is_overwritten()
    {
        var disk = Kernel.AddDisk("/dev/sdc", ByteSize.MiB(1), "GPT partition table");
        Assert.Equal("GPT partition table", Kernel.Inspect(disk).Must().Signature);

        Kernel.Zero(disk, ByteSize.Zero, ByteSize.KiB(4)).Must();

        Assert.Null(Kernel.Inspect(disk).Must().Signature);
    }

    [Fact]
    public void A_disk_without_discards_takes_the_passdown_from_its_pool()
    {
        var disk = Kernel.AddDisk("/dev/sdc", ByteSize.MiB(64), discards: false);

        var pool = _scope.OpenPool(dataMebibytes: 64, dataDevice: disk);

        Assert.Equal(DiscardPolicy.NoPassdown, pool.Status.Discard);
        Kernel.Discard(disk, ByteSize.Zero, ByteSize.MiB(1)).MustBeRefused(KernelFault.NotSupported);
    }

    [Fact]
    public void A_snapshot_of_a_running_origin_is_remembered_as_unsafe()
    {
        var pool = _scope.OpenPool();
        var origin = pool.CreateActive(1);
        Kernel.Suspend(origin.Name, freeze: true).Must();
        pool.Snapshot(2, origin: 1);
        Kernel.Resume(origin.Name).Must();
        Assert.Empty(Kernel.UnsafeSnapshots);

        pool.Snapshot(3, origin: 1);

        Assert.Equal([$"{pool.Name}: 3 of 1"], Kernel.UnsafeSnapshots);
    }

    [Fact]
    public void A_write_protected_disk_refuses_writes()
    {
        Kernel.WriteProtect(_fixture.DataDisk);

        Kernel.Write(_fixture.DataDisk, ByteSize.Zero, new byte[512]).MustBeRefused(KernelFault.NotPermitted);

        Assert.True(Kernel.Inspect(_fixture.DataDisk).Must().ReadOnly);
    }
}
