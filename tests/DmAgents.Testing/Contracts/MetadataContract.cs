using System.Collections.Immutable;
using System.Text;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>A pool's metadata at rest: read, copied, repaired, written down and made anew.</summary>
public abstract class MetadataContract(KernelFixture fixture) : KernelContract(fixture)
{
    private const ulong Mebibytes = 4;

    private static readonly MetadataShape Shape = new(new(7), PoolBlockSize.Default, DataBlocks: 1024);

    [Fact]
    public void At_rest_they_tell_what_the_live_pool_told()
    {
        var pool = Filled();
        var listed = Kernel.ListThins(pool.Name).Must();
        Kernel.ClosePool(pool.Name).Must();

        var content = Kernel.ReadMetadata(pool.Table.Metadata).Must();

        Assert.Equal(new MetadataContent(new(7), PoolBlockSize.Default, NeedsCheck: false, [.. listed]), content);
    }

    [Fact]
    public void They_tell_of_which_measures_their_pool_is_also_where_it_is_live()
    {
        var pool = Filled();

        var layout = Kernel.InspectMetadata(pool.Table.Metadata, default).Must();

        Assert.Equal(
            new MetadataLayout(
                pool.Table.BlockSize, pool.Status.Data.TotalBytes.Bytes / pool.Table.BlockSize.Bytes.Bytes,
                pool.Status.Metadata.TotalBytes),
            layout);
        Kernel.InspectMetadata(Blank(), default).MustBeRefused(KernelFault.Failed);
    }

    [Fact]
    public void Those_of_a_live_pool_are_copied_as_they_are_on_disk()
    {
        var pool = Filled();
        var into = Blank();
        Assert.Equal(new TransactionId(7), pool.Status.TransactionId);

        Kernel.CopyMetadata([.. Parts(pool)], into).Must();

        Kernel.CheckMetadata(into).Must();
        Assert.Equal(Kernel.ListThins(pool.Name).Must(), Kernel.ReadMetadata(into).Must().Thins);
        // Again, after a change: no cache tells what was so before.
        pool.Create(3);
        var second = Blank();
        Kernel.CopyMetadata([.. Parts(pool)], second).Must();
        Assert.Equal(3, Kernel.ReadMetadata(second).Must().Thins.Length);
    }

    [Fact]
    public void Damaged_ones_are_found_and_repaired_into_another_device()
    {
        var pool = Filled();
        var before = Kernel.ListThins(pool.Name).Must();
        Kernel.ClosePool(pool.Name).Must();
        Fixture.DamageMetadata(pool.Table.Metadata);
        var into = Blank();

        Kernel.CheckMetadata(pool.Table.Metadata).MustBeRefused(KernelFault.Invalid);
        Kernel.RepairMetadata(
            pool.Table.Metadata, Scope.NewLoopFile(), into, Shape with { TransactionId = new(99) }).Must();

        Kernel.CheckMetadata(into).Must();
        Assert.Equal(
            new MetadataContent(new(7), PoolBlockSize.Default, NeedsCheck: false, [.. before]),
            Kernel.ReadMetadata(into).Must());
        Kernel.CheckMetadata(pool.Table.Metadata).MustBeRefused(KernelFault.Invalid);
        Kernel.OpenPool(pool.Table with { Metadata = into }).Must();
        pool.Activate(1);
        pool.MustHold(1, block: 0, fill: 1, count: 4);
    }

    [Fact]
    public void Sound_ones_are_repaired_into_the_same()
    {
        var pool = Filled();
        Kernel.ClosePool(pool.Name).Must();
        var into = Blank();

        Kernel.RepairMetadata(
            pool.Table.Metadata, Scope.NewLoopFile(), into, Shape with { TransactionId = new(99) }).Must();

        Assert.Equal(Kernel.ReadMetadata(pool.Table.Metadata).Must(), Kernel.ReadMetadata(into).Must());
    }

    [Fact]
    public void A_repair_needs_a_device_that_can_take_what_it_saves()
    {
        var pool = Filled();
        Kernel.ClosePool(pool.Name).Must();
        var (name, uuid) = Scope.NewPool();
        var small = new LinearTable(DeviceNames.NextMetadata(name), DeviceNames.NextMetadataId(uuid),
            [Scope.Slice(Fixture.MetadataDisk, 1) with { Length = ByteSize.KiB(16).Sectors }]);
        Scope.AtEnd(() => Scope.RemoveDevice(small.Name));
        Kernel.OpenLinear(small).Must();

        Kernel.RepairMetadata(
            pool.Table.Metadata, Scope.NewLoopFile(), small.Name.Path, Shape).MustBeRefused(KernelFault.Failed);
    }

    [Fact]
    public void Those_of_a_live_pool_are_neither_repaired_nor_cleared_nor_overwritten()
    {
        var pool = Filled();
        var into = Blank();
        using var text = Dumped(pool);

        Kernel.RepairMetadata(
            pool.Table.Metadata, Scope.NewLoopFile(), into, Shape).MustBeRefused(KernelFault.Failed);
        Assert.False(Kernel.ClearNeedsCheck(pool.Table.Metadata).Succeeded);
        Kernel.RestoreMetadata(text, Scope.NewLoopFile(), pool.Table.Metadata, Shape).MustBeRefused(KernelFault.Failed);

        Assert.Equal(2, Kernel.ListThins(pool.Name).Must().Count);
    }

    [Fact]
    public void The_mark_that_demands_a_check_is_cleared_where_nothing_is_wrong()
    {
        var pool = Filled();
        Kernel.ClosePool(pool.Name).Must();
        Fixture.MarkNeedsCheck(pool.Table.Metadata);
        Assert.True(Kernel.ReadMetadata(pool.Table.Metadata).Must().NeedsCheck);
        Kernel.OpenPool(pool.Table).Must();
        Assert.Equal((PoolMode.ReadOnly, true), (pool.Status.Mode, pool.Status.NeedsCheck));
        Kernel.ClosePool(pool.Name).Must();

        Kernel.CheckMetadata(pool.Table.Metadata).Must();
        Kernel.ClearNeedsCheck(pool.Table.Metadata).Must();
        Kernel.ClearNeedsCheck(pool.Table.Metadata).Must();

        Kernel.OpenPool(pool.Table).Must();
        Assert.Equal((PoolMode.ReadWrite, false), (pool.Status.Mode, pool.Status.NeedsCheck));
        pool.Create(3);
    }

    [Fact]
    public void The_mark_stays_where_something_is_wrong()
    {
        var pool = Filled();
        Kernel.ClosePool(pool.Name).Must();
        Fixture.DamageMetadata(pool.Table.Metadata);

        Kernel.ClearNeedsCheck(pool.Table.Metadata).MustBeRefused(KernelFault.Invalid);
    }

    [Fact]
    public void What_was_written_down_is_made_anew_elsewhere()
    {
        var pool = Filled();
        using var text = Dumped(pool);
        pool.Create(3);
        Kernel.ClosePool(pool.Name).Must();
        var into = Blank();

        var scratch = Scope.NewLoopFile();
        Kernel.CreateFile(scratch, ByteSize.KiB(4)).Must();

        Kernel.RestoreMetadata(text, scratch, into, Shape).Must();

        Kernel.InspectFile(scratch).MustBeRefused(KernelFault.NotFound);
        Kernel.CheckMetadata(into).Must();
        var content = Kernel.ReadMetadata(into).Must();
        Assert.Equal(new TransactionId(7), content.TransactionId);
        Assert.Equal([ContractPool.Id(1), ContractPool.Id(2)], content.Thins.Select(thin => thin.Id));
        Kernel.OpenPool(pool.Table with { Metadata = into }).Must();
        pool.Activate(2);
        pool.MustHold(2, block: 0, fill: 1, count: 4);
    }

    [Fact]
    public void Writing_down_tells_what_it_wrote_and_keeps_no_metadata_snapshot()
    {
        var pool = Filled();
        using var text = new MemoryStream();

        var content = Kernel.DumpMetadata(pool.Name, text).Must();

        Assert.Equal(new TransactionId(7), content.TransactionId);
        Assert.Equal(Kernel.ListThins(pool.Name).Must(), content.Thins);
        Assert.Contains(" transaction=\"7\"", Encoding.ASCII.GetString(text.ToArray()), StringComparison.Ordinal);
        Kernel.ReleaseMetadataSnapshot(pool.Name).MustBeRefused(KernelFault.Invalid);
    }

    [Fact]
    public void While_they_are_written_down_others_read_the_same_state_and_the_pool_is_changed()
    {
        var pool = Filled();
        IReadOnlyList<ThinUsage>? listed = null;
        IReadOnlyList<ulong?>? measured = null;
        using var text = new WatchedStream(() =>
        {
            pool.Create(3);
            listed = Kernel.ListThins(pool.Name, MetadataReading.AsHeld).Must();
            measured = Kernel.MeasureAboveOrigins(
                pool.Name, [new ThinAndOrigin(ContractPool.Id(1), null)], new MetadataReading(TimeSpan.FromHours(1)))
                .Must();
            // It is no dead process's.
            Kernel.ReleaseMetadataSnapshot(pool.Name).MustBeRefused(KernelFault.Invalid);
        });

        var content = Kernel.DumpMetadata(pool.Name, text).Must();

        Assert.Equal(content.Thins, listed);
        Assert.Equal([4UL], measured);
        Assert.Equal(2, content.Thins.Length);
        Assert.Equal(3, Kernel.ListThins(pool.Name, MetadataReading.AsHeld).Must().Count);
        Assert.Null(pool.Status.HeldRoot);
    }

    [Fact]
    public async Task A_reader_that_needs_the_present_state_waits_for_those_that_read_an_older_one()
    {
        var pool = Filled();
        Task<KernelResult<IReadOnlyList<ThinUsage>>>? later = null;
        using var text = new WatchedStream(() =>
        {
            pool.Create(3);
            later = Task.Run(() => Kernel.ListThins(pool.Name));
        });

        Kernel.DumpMetadata(pool.Name, text).Must();

        await Eventually.Ends(later!, "the other reader");
        Assert.Equal(3, (await later!).Must().Count);
        Assert.Null(pool.Status.HeldRoot);
    }

    [Fact]
    public void While_another_holds_the_metadata_snapshot_nothing_is_written_down()
    {
        var pool = Filled();
        Fixture.HoldMetadataSnapshot(pool.Name).Must();
        using var text = new MemoryStream();

        Kernel.DumpMetadata(pool.Name, text).MustBeRefused(KernelFault.Busy);

        Assert.Equal(0, text.Length);
        Kernel.ReleaseMetadataSnapshot(pool.Name).Must();
    }

    [Fact]
    public void A_text_has_the_number_of_blocks_that_the_pool_has()
    {
        var pool = Filled();

        using var text = Dumped(pool);

        Assert.Contains(
            $" nr_data_blocks=\"{pool.Status.Data.Total}\"", Encoding.ASCII.GetString(text.ToArray()),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(" nr_data_blocks=\"0\"")]
    [InlineData(" nr_data_blocks=\"1\"")]
    [InlineData("")]
    public void A_text_that_does_not_have_it_is_made_anew_all_the_same(string instead)
    {
        var pool = Filled();
        using var text = Dumped(pool);
        Kernel.ClosePool(pool.Name).Must();
        using var other = new MemoryStream(Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(text.ToArray()).Replace(
            $" nr_data_blocks=\"{DataBlocksOf(pool)}\"", instead, StringComparison.Ordinal)));
        Assert.NotEqual(text.Length, other.Length);
        var into = Blank();

        Kernel.RestoreMetadata(other, Scope.NewLoopFile(), into, Shape with { DataBlocks = DataBlocksOf(pool) }).Must();

        Kernel.CheckMetadata(into).Must();
        Kernel.OpenPool(pool.Table with { Metadata = into }).Must();
        Assert.Equal(DataBlocksOf(pool), pool.Status.Data.Total);
        pool.Activate(2);
        pool.MustHold(2, block: 0, fill: 1, count: 4);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_full_pool_that_was_made_anew_or_repaired_can_use_all_that_it_grows_by(bool anew)
    {
        var (name, uuid) = Scope.NewPool();
        var data = Scope.OpenSlice(DeviceNames.Data(name), DeviceNames.DataId(uuid), Fixture.DataDisk, 16);
        var pool = Scope.OpenPool(dataMebibytes: 8, dataDevice: data.Path);
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1, count: DataBlocksOf(pool));
        pool.Deactivate(1);
        using var text = Dumped(pool);
        var shape = Shape with { DataBlocks = DataBlocksOf(pool), TransactionId = pool.Status.TransactionId };
        Kernel.ClosePool(pool.Name).Must();
        var into = Blank();

        if (anew)
            Kernel.RestoreMetadata(text, Scope.NewLoopFile(), into, shape).Must();
        else
            Kernel.RepairMetadata(pool.Table.Metadata, Scope.NewLoopFile(), into, shape).Must();

        Kernel.CheckMetadata(into).Must();
        Kernel.OpenPool(pool.Table with { Metadata = into, DataLength = ByteSize.MiB(16).Sectors }).Must();
        pool.CreateActive(2);
        pool.Write(2, block: 0, fill: 2, count: DataBlocksOf(pool));
        Kernel.Flush(pool.Thin(2).Name.Path).Must();
        Assert.Equal((2 * DataBlocksOf(pool), 2 * DataBlocksOf(pool)), (pool.UsedBlocks, pool.Status.Data.Total));
        pool.Deactivate(2);
        Kernel.ClosePool(pool.Name).Must();
        Kernel.CheckMetadata(into).Must();
    }

    [Fact]
    public void A_text_that_ends_too_early_is_refused()
    {
        using var text = Dumped(Filled());
        using var half = new MemoryStream(text.ToArray()[..(int)(text.Length / 2)]);

        Kernel.RestoreMetadata(half, Scope.NewLoopFile(), Blank(), Shape).MustBeRefused(KernelFault.Failed);
    }

    /// <summary>Calls back at the first write, in the midst of a dump.</summary>
    private sealed class WatchedStream(Action first) : MemoryStream
    {
        private Action? _first = first;

        /// <remarks>A span comes here, too: the base class takes this way for what is derived of it.</remarks>
        public override void Write(byte[] buffer, int offset, int count)
        {
            Interlocked.Exchange(ref _first, null)?.Invoke();
            base.Write(buffer, offset, count);
        }
    }

    /// <summary>Thin id 1 with four blocks, and 2, a snapshot of it; transaction id 7.</summary>
    private ContractPool Filled()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1, count: 4);
        pool.Deactivate(1);
        pool.Snapshot(2, origin: 1);
        Kernel.SetTransactionId(pool.Name, new(0), new(7)).Must();
        return pool;
    }

    private MemoryStream Dumped(ContractPool pool)
    {
        var text = new MemoryStream();
        Kernel.DumpMetadata(pool.Name, text).Must();
        text.Position = 0;
        return text;
    }

    private static ulong DataBlocksOf(ContractPool pool) =>
        pool.Table.DataLength.Value / pool.Table.BlockSize.Sectors.Value;

    /// <summary>A device for other metadata, all zero.</summary>
    private DevicePath Blank()
    {
        var (name, uuid) = Scope.NewPool();
        var slice = Scope.OpenSlice(
            DeviceNames.NextMetadata(name), DeviceNames.NextMetadataId(uuid), Fixture.MetadataDisk, Mebibytes);
        Kernel.Zero(slice.Path, ByteSize.Zero, ByteSize.MiB(Mebibytes)).Must();
        return slice.Path;
    }

    private static ImmutableArray<LinearSegment> Parts(ContractPool pool) =>
        [new LinearSegment(pool.Table.Metadata, default, ByteSize.MiB(Mebibytes).Sectors)];
}
