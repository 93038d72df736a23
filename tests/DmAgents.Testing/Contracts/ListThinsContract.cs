using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>What the pool's own metadata tell about its thin devices.</summary>
public abstract class ListThinsContract(KernelFixture fixture) : KernelContract(fixture)
{
    [Fact]
    public void An_empty_pool_has_none()
    {
        var pool = Scope.OpenPool();

        Assert.Empty(Kernel.ListThins(pool.Name).Must());
        Assert.Empty(Kernel.MeasureThins(pool.Name).Must());
    }

    [Fact]
    public void A_pool_that_is_not_live_tells_the_same_without_being_made_live()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1, count: 5);
        pool.Deactivate(1);
        Kernel.SetTransactionId(pool.Name, new(0), new(7)).Must();
        pool.Snapshot(2, origin: 1);
        var listed = Kernel.ListThins(pool.Name).Must();
        Kernel.ClosePool(pool.Name).Must();

        var idle = Kernel.ReadMetadata(pool.Table.Metadata).Must();

        Assert.Equal(new TransactionId(7), idle.TransactionId);
        Assert.Equal(PoolBlockSize.Default, idle.BlockSize);
        Assert.False(idle.NeedsCheck);
        Assert.Equal(listed, idle.Thins);
        Assert.Equal([new TransactionId(0), new TransactionId(7)], idle.Thins.Select(thin => thin.CreatedIn));
    }

    [Fact]
    public void What_is_no_pool_has_no_metadata_to_read()
    {
        var blank = Scope.OpenSlice(new("dmagents-test-blank-meta"), default, Fixture.MetadataDisk, 4);
        Kernel.Zero(blank.Path, ByteSize.Zero, ByteSize.KiB(4)).Must();

        Kernel.ReadMetadata(blank.Path).MustBeRefused(KernelFault.Failed);
    }

    [Fact]
    public void All_are_listed_in_order_with_what_they_map()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(900);
        pool.CreateActive(3);
        pool.Write(900, block: 0, fill: 1, count: 5);
        pool.Write(3, block: 7, fill: 1, count: 2);
        pool.Create(ThinId.Max);

        var thins = Kernel.ListThins(pool.Name).Must();

        Assert.Equal([Usage(3, 2), Usage(900, 5), Usage(ThinId.Max, 0)], thins);
    }

    [Fact]
    public void Measuring_tells_what_each_has_for_itself_alone()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1, count: 4);
        pool.Deactivate(1);
        pool.Snapshot(2, origin: 1);
        pool.Activate(2);
        pool.Write(2, block: 0, fill: 2);
        pool.Write(2, block: 9, fill: 2);

        var thins = Kernel.MeasureThins(pool.Name).Must();

        Assert.Equal([Usage(1, 4, exclusive: 1), Usage(2, 5, exclusive: 2, of: 1)], thins);
    }

    [Fact]
    public void A_device_with_a_snapshot_has_nothing_for_itself_until_one_of_them_writes()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1, count: 4);
        pool.Deactivate(1);
        Assert.Equal([Usage(1, 4, exclusive: 4)], Kernel.MeasureThins(pool.Name).Must());

        pool.Snapshot(2, origin: 1);

        Assert.Equal(
            [Usage(1, 4, exclusive: 0), Usage(2, 4, exclusive: 0, of: 1)], Kernel.MeasureThins(pool.Name).Must());
    }

    [Fact]
    public void Many_devices_and_many_blocks_are_listed_too()
    {
        const uint Devices = 300;
        var pool = Scope.OpenPool();
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1, count: 400);
        pool.Deactivate(1);
        for (var number = 2u; number <= Devices; number++)
            pool.Snapshot(number * 7919 % 65536, origin: 1);

        var thins = Kernel.MeasureThins(pool.Name).Must();

        Assert.Equal(
            Enumerable.Range(2, (int)Devices - 1).Select(n => (uint)n * 7919 % 65536).Append(1u).Order(),
            thins.Select(thin => thin.Id.Value));
        Assert.All(thins, thin => Assert.Equal((400ul, 0ul), (thin.MappedBlocks, thin.ExclusiveBlocks)));
    }

    [Fact]
    public void Listing_leaves_no_metadata_snapshot()
    {
        var pool = Scope.OpenPool();
        pool.Create(1);

        Kernel.ListThins(pool.Name).Must();
        Kernel.MeasureThins(pool.Name).Must();

        Assert.Null(pool.Status.HeldRoot);
    }

    [Fact]
    public void What_a_snapshot_has_beyond_its_origin_is_what_was_written_to_it()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1, count: 300);
        pool.Deactivate(1);
        pool.Snapshot(2, origin: 1);
        Assert.Equal([0ul], Above(pool, (2, 1)));
        pool.Activate(2);
        pool.Write(2, block: 7, fill: 2);
        pool.Write(2, block: 500, fill: 2, count: 3);
        pool.Deactivate(2);
        pool.Snapshot(3, origin: 2);

        Assert.Equal(
            [4ul, 0ul, 4ul, 300ul, 303ul, null], Above(pool, (2, 1), (3, 2), (3, 1), (1, null), (2, 99), (98, 1)));
    }

    [Fact]
    public void What_the_origin_wrote_later_is_not_the_snapshots()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1, count: 4);
        pool.Deactivate(1);
        pool.Snapshot(2, origin: 1);
        pool.Activate(1);
        pool.Write(1, block: 0, fill: 2);
        pool.Write(1, block: 9, fill: 2);

        // The snapshot alone has by now what the origin has replaced.
        Assert.Equal([1ul], Above(pool, (2, 1)));
    }

    [Fact]
    public void A_metadata_snapshot_that_someone_holds_makes_it_Busy_and_stays_theirs()
    {
        var pool = Scope.OpenPool();
        Fixture.HoldMetadataSnapshot(pool.Name).Must();

        Kernel.ListThins(pool.Name).MustBeRefused(KernelFault.Busy);
        Kernel.MeasureThins(pool.Name).MustBeRefused(KernelFault.Busy);

        Assert.NotNull(pool.Status.HeldRoot);
    }

    [Fact]
    public void A_metadata_snapshot_is_released_once()
    {
        var pool = Scope.OpenPool();
        Fixture.HoldMetadataSnapshot(pool.Name).Must();

        Kernel.ReleaseMetadataSnapshot(pool.Name).Must();

        Assert.Null(pool.Status.HeldRoot);
        Kernel.ReleaseMetadataSnapshot(pool.Name).MustBeRefused(KernelFault.Invalid);
        Kernel.ListThins(pool.Name).Must();
    }

    [Fact]
    public void A_held_metadata_snapshot_keeps_the_blocks_of_what_is_deleted()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1, count: 4);
        pool.Deactivate(1);
        Fixture.HoldMetadataSnapshot(pool.Name).Must();

        pool.Delete(1);

        Assert.Equal(4ul, pool.UsedBlocks);
        Kernel.ReleaseMetadataSnapshot(pool.Name).Must();
        pool.MustUse(0);
    }

    [Fact]
    public void A_pool_that_is_not_live_is_NotFound()
    {
        var missing = DeviceNames.Pool(Scope.NewPool().Name);

        Kernel.ListThins(missing).MustBeRefused(KernelFault.NotFound);
        Kernel.MeasureThins(missing).MustBeRefused(KernelFault.NotFound);
        Kernel.MeasureAboveOrigins(missing, []).MustBeRefused(KernelFault.NotFound);
        Kernel.ReleaseMetadataSnapshot(missing).MustBeRefused(KernelFault.NotFound);
    }

    private IReadOnlyList<ulong?> Above(ContractPool pool, params (uint Id, uint? Origin)[] thins) =>
        Kernel.MeasureAboveOrigins(pool.Name, [.. thins.Select(t => new ThinAndOrigin(
            new ThinId(t.Id), t.Origin is { } origin ? new ThinId(origin) : null))]).Must();

    private static ThinUsage Usage(uint id, ulong mapped, ulong? exclusive = null, uint? of = null) =>
        new(new ThinId(id), mapped, exclusive, TransactionId.Initial)
        {
            SnapshotOf = of is { } origin ? new ThinId(origin) : null,
        };
}
