using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>Full pools: what stops, what goes on, and what heals them.</summary>
public abstract class ExhaustionContract(KernelFixture fixture) : KernelContract(fixture)
{
    /// <summary>Of 64 KiB: 4 MiB.</summary>
    private const ulong PoolBlocks = 64;

    [Fact]
    public void A_pool_whose_last_block_is_taken_is_still_writable()
    {
        var pool = FullPool();

        Assert.Equal((PoolMode.ReadWrite, 0ul), (pool.Status.Mode, pool.Status.Data.Free));
    }

    [Fact]
    public void The_first_write_without_a_block_fails_and_the_pool_is_out_of_data_space()
    {
        var pool = FullPool();

        WriteOneMore(pool).MustBeRefused(KernelFault.NoSpace, KernelFault.Failed);

        Eventually.Equal(PoolMode.OutOfDataSpace, () => pool.Status.Mode, "the mode");
        Assert.False(pool.Status.NeedsCheck);
    }

    [Fact]
    public void What_is_mapped_can_be_read_and_written_in_a_full_pool()
    {
        var pool = OverfullPool();

        pool.Write(1, block: 0, fill: 9);

        pool.MustHold(1, block: 0, fill: 9);
        pool.MustHold(1, block: 1, fill: 1, count: PoolBlocks - 1);
    }

    [Fact]
    public void A_shared_block_cannot_be_written_in_a_full_pool_and_keeps_its_content()
    {
        var pool = FullPool();
        pool.Deactivate(1);
        pool.Snapshot(2, origin: 1);
        var snapshot = pool.Activate(2);

        Kernel.Write(snapshot.Name.Path, ByteSize.Zero, ContractPool.Block(9))
            .MustBeRefused(KernelFault.NoSpace, KernelFault.Failed);

        pool.Activate(1);
        pool.MustHold(1, block: 0, fill: 1);
    }

    [Fact]
    public void Messages_work_in_a_pool_that_is_out_of_data_space()
    {
        var pool = OverfullPool();

        pool.Create(2);
        pool.Snapshot(3, origin: 2);
        pool.Delete(3);
        Kernel.SetTransactionId(pool.Name, new(0), new(1)).Must();

        Assert.Equal(PoolMode.OutOfDataSpace, pool.Status.Mode);
    }

    [Fact]
    public void Deleting_heals()
    {
        var pool = FullPool();
        pool.CreateActive(2);
        Kernel.Write(pool.Thin(2).Name.Path, ByteSize.Zero, ContractPool.Block(2))
            .MustBeRefused(KernelFault.NoSpace, KernelFault.Failed);
        Eventually.Equal(PoolMode.OutOfDataSpace, () => pool.Status.Mode, "the mode");
        pool.Deactivate(1);

        pool.Delete(1);

        Eventually.Equal(PoolMode.ReadWrite, () => pool.Status.Mode, "the mode");
        pool.Write(2, block: 0, fill: 2);
        pool.MustHold(2, block: 0, fill: 2);
    }

    [Fact]
    public void Discarding_heals()
    {
        var pool = OverfullPool();

        Kernel.Discard(pool.Thin(1).Name.Path, ByteSize.Zero, ContractPool.At(4)).Must();

        Eventually.Equal(PoolMode.ReadWrite, () => pool.Status.Mode, "the mode");
        pool.Write(1, PoolBlocks, fill: 2);
    }

    [Fact]
    public void Growing_heals()
    {
        var pool = OverfullPool();

        Grow(pool);

        Eventually.Equal(PoolMode.ReadWrite, () => pool.Status.Mode, "the mode");
        pool.Write(1, PoolBlocks, fill: 2);
        pool.MustHold(1, PoolBlocks, fill: 2);
    }

    [Fact]
    public async Task A_pool_that_queues_lets_writers_wait_until_it_has_grown()
    {
        var pool = FullPool(NoSpacePolicy.Queue);

        var write = Task.Run(() => pool.Write(1, PoolBlocks, fill: 2));
        await Eventually.StaysWaiting(write, "the write to the full pool");
        Eventually.Equal(PoolMode.OutOfDataSpace, () => pool.Status.Mode, "the mode");
        Grow(pool);
        await Eventually.Ends(write, "the write");

        pool.MustHold(1, PoolBlocks, fill: 2);
    }

    [Fact]
    public void A_full_pool_keeps_its_content_over_closing()
    {
        var pool = OverfullPool();
        pool.Deactivate(1);
        Kernel.ClosePool(pool.Name).Must();

        Kernel.OpenPool(pool.Table).Must();

        pool.Activate(1);
        pool.MustHold(1, block: 0, fill: 1, count: PoolBlocks);
    }

    [Fact]
    public void Full_metadata_end_all_changes_but_reads_until_they_have_grown()
    {
        var pool = Scope.OpenPool(dataMebibytes: 128, metadataMebibytes: 2);
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1);
        pool.Deactivate(1);
        FillMetadata(pool);
        var status = pool.Status;
        Assert.Equal((PoolMode.ReadOnly, false), (status.Mode, status.NeedsCheck));

        Kernel.CreateThin(pool.Name, new ThinId(100_000)).MustBeRefused(KernelFault.NotSupported);
        Kernel.CreateSnapshot(pool.Name, new ThinId(100_000), new ThinId(1)).MustBeRefused(KernelFault.NotSupported);
        Kernel.DeleteThin(pool.Name, new ThinId(1)).MustBeRefused(KernelFault.NotSupported);
        Kernel.SetTransactionId(pool.Name, new(0), new(1)).MustBeRefused(KernelFault.NotSupported);
        pool.Activate(1);
        pool.MustHold(1, block: 0, fill: 1);

        var metadata = new MappedName(pool.Table.Metadata.Value["/dev/mapper/".Length..]);
        Kernel.ReloadLinear(new LinearTable(
            metadata,
            DeviceNames.MetadataId(pool.Uuid),
            [new LinearSegment(Fixture.MetadataDisk, default, ByteSize.MiB(8).Sectors)])).Must();
        Kernel.ReloadPool(pool.Table).Must();

        Eventually.Equal(PoolMode.ReadWrite, () => pool.Status.Mode, "the mode");
        pool.Create(100_000);
    }

    /// <summary>Each snapshot with a write of its own costs a node of the mapping tree.</summary>
    private void FillMetadata(ContractPool pool)
    {
        for (var id = 2u; id < 1000; id++)
        {
            if (!Kernel.CreateSnapshot(pool.Name, new ThinId(id), new ThinId(1)).Succeeded)
                return;
            var device = pool.Activate(id);
            var written = Kernel.Write(device.Name.Path, ByteSize.Zero, ContractPool.Block(2));
            pool.Deactivate(id);
            if (!written.Succeeded)
                return;
        }
        Assert.Fail("a thousand snapshots did not fill 2 MiB of metadata");
    }

    /// <summary>Thin device 1 has all blocks. The data device has room to grow.</summary>
    private ContractPool FullPool(NoSpacePolicy noSpace = NoSpacePolicy.Error)
    {
        var (name, uuid) = Scope.NewPool();
        var data = Scope.OpenSlice(DeviceNames.Data(name), DeviceNames.DataId(uuid), Fixture.DataDisk, 8);
        var pool = Scope.OpenPool(dataMebibytes: 4, noSpace: noSpace, dataDevice: data.Path);
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1, count: PoolBlocks);
        return pool;
    }

    /// <summary>As that, and a write has found no block.</summary>
    private ContractPool OverfullPool()
    {
        var pool = FullPool();
        WriteOneMore(pool).MustBeRefused(KernelFault.NoSpace, KernelFault.Failed);
        Eventually.Equal(PoolMode.OutOfDataSpace, () => pool.Status.Mode, "the mode");
        return pool;
    }

    private KernelResult WriteOneMore(ContractPool pool) =>
        Kernel.Write(pool.Thin(1).Name.Path, ContractPool.At(PoolBlocks), ContractPool.Block(2));

    private void Grow(ContractPool pool) =>
        Kernel.ReloadPool(pool.Table with { DataLength = ByteSize.MiB(8).Sectors }).Must();
}
