using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Testing.Contracts;
using DmAgents.Testing.Simulation;

namespace DmAgents.Domain.Tests.Simulation;

public sealed class PowerCutTests : IDisposable
{
    private readonly SimulatedKernelFixture _fixture = new();
    private readonly ContractScope _scope;

    public PowerCutTests() => _scope = new ContractScope(_fixture);

    private SimulatedKernel Kernel => _fixture.Simulation;

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Devices_mounts_and_loop_attachments_are_gone()
    {
        var (_, device) = _scope.OpenFormatted(FileSystemKind.Ext4);
        _scope.Mount(device);
        var (file, loop) = _scope.OpenLoop(mebibytes: 1);

        Kernel.PowerCut();

        Assert.Empty(Kernel.ListDevices("").Must());
        Assert.Empty(Kernel.Mounts().Must());
        Assert.Null(Kernel.InspectFile(file).Must().Attached);
        Kernel.Inspect(loop).MustBeRefused(KernelFault.NotFound);
        Assert.False(Kernel.Inspect(_fixture.DataDisk).Must().InUse);
    }

    [Fact]
    public void What_a_message_answered_is_kept()
    {
        var pool = _scope.OpenPool();
        pool.Create(1);
        Kernel.SetTransactionId(pool.Name, new(0), new(4)).Must();

        CutPowerAndReopen(pool);

        Assert.Equal(new TransactionId(4), pool.Status.TransactionId);
        Assert.Equal([1u], Kernel.ListThins(pool.Name).Must().Select(thin => thin.Id.Value));
    }

    [Fact]
    public void A_write_without_a_flush_is_lost_with_its_block()
    {
        var pool = _scope.OpenPool();
        var device = pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1);
        Kernel.WriteUnflushed(device.Name.Path, ByteSize.Zero, ContractPool.Block(2)).Must();
        Kernel.WriteUnflushed(device.Name.Path, ContractPool.At(1), ContractPool.Block(2)).Must();

        CutPowerAndReopen(pool);

        pool.Activate(1);
        pool.MustHold(1, block: 0, fill: 1);
        pool.MustHold(1, block: 1, fill: 0);
        Assert.Equal(1ul, pool.UsedBlocks);
    }

    [Fact]
    public void A_message_makes_earlier_writes_durable()
    {
        var pool = _scope.OpenPool();
        var device = pool.CreateActive(1);
        Kernel.WriteUnflushed(device.Name.Path, ByteSize.Zero, ContractPool.Block(2)).Must();
        pool.Create(2);

        CutPowerAndReopen(pool);

        pool.Activate(1);
        pool.MustHold(1, block: 0, fill: 2);
    }

    [Fact]
    public void A_block_freed_since_the_last_commit_is_not_overwritten_before_the_next()
    {
        var pool = _scope.OpenPool(dataMebibytes: 1, discard: DiscardPolicy.NoPassdown);
        var device = pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1, count: 16);
        Kernel.Discard(device.Name.Path, ByteSize.Zero, ContractPool.BlockSize).Must();

        Kernel.WriteUnflushed(device.Name.Path, ContractPool.At(20), ContractPool.Block(9)).Must();

        Kernel.PowerCut(seed: 1);
        _scope.ReopenSlices();
        Kernel.OpenPool(pool.Table).Must();
        pool.Activate(1);
        Assert.DoesNotContain((byte)9, pool.Read(1, block: 0));
    }

    [Fact]
    public void Dirty_files_are_lost_and_synced_ones_kept()
    {
        var (pool, device) = _scope.OpenFormatted(FileSystemKind.Ext4);
        var mounted = _scope.Mount(device);
        _fixture.WriteFile(mounted, "synced", [1]);
        Kernel.SyncFileSystem(mounted).Must();
        _fixture.WriteFile(mounted, "dirty", [2]);

        CutPowerAndReopen(pool);

        mounted = _scope.Mount(pool.Activate(1, ContractScope.FormattedMebibytes));
        Assert.Equal(["synced"], _fixture.ListFiles(mounted));
        Assert.Equal([1], _fixture.ReadFile(mounted, "synced"));
    }

    [Fact]
    public void A_loop_file_keeps_what_was_flushed()
    {
        var (file, device) = _scope.OpenLoop(mebibytes: 1);
        Kernel.Write(device, ByteSize.Zero, ContractPool.Block(1)).Must();
        Kernel.WriteUnflushed(device, ContractPool.At(1), ContractPool.Block(2)).Must();

        Kernel.PowerCut();

        var read = new byte[2 * ContractPool.BlockSize.Bytes];
        Kernel.Read(Kernel.AttachLoop(file).Must(), ByteSize.Zero, read).Must();
        Assert.Equal([.. ContractPool.Block(1), .. ContractPool.Block(0)], read);
    }

    [Fact]
    public async Task A_call_that_waits_fails()
    {
        var pool = _scope.OpenPool();
        var device = pool.CreateActive(1);
        Kernel.Suspend(device.Name, freeze: false).Must();
        var write = Task.Run(() => Kernel.Write(device.Name.Path, ByteSize.Zero, ContractPool.Block(1)));
        await Eventually.StaysWaiting(write, "the write");

        Kernel.PowerCut();

        await Eventually.Ends(write, "the write");
        (await write).MustBeRefused(KernelFault.Failed);
    }

    [Fact]
    public void The_same_seed_loses_the_same_pages()
    {
        Assert.Equal(AfterSeededCut(seed: 7), AfterSeededCut(seed: 7));
        Assert.NotEqual(AfterSeededCut(seed: 7), AfterSeededCut(seed: 8));
    }

    private static byte[] AfterSeededCut(int seed)
    {
        var kernel = new SimulatedKernel();
        var disk = kernel.AddDisk("/dev/sda", ByteSize.MiB(1));
        kernel.WriteUnflushed(disk, ByteSize.Zero, ContractPool.Block(1)).Must();
        kernel.PowerCut(seed);
        var read = new byte[ContractPool.BlockSize.Bytes];
        kernel.Read(disk, ByteSize.Zero, read).Must();
        return read;
    }

    private void CutPowerAndReopen(ContractPool pool)
    {
        Kernel.PowerCut();
        _scope.ReopenSlices();
        Kernel.OpenPool(pool.Table).Must();
    }
}
