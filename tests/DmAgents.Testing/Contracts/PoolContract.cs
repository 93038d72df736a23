using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>Opening, reading, growing and closing pools.</summary>
public abstract class PoolContract(KernelFixture fixture) : KernelContract(fixture)
{
    private static readonly DevicePath Missing = new("/dev/test-no-such-disk");

    [Fact]
    public void A_pool_on_zeroed_metadata_is_empty_and_writable()
    {
        var status = Scope.OpenPool(dataMebibytes: 64).Status;

        Assert.Equal(PoolMode.ReadWrite, status.Mode);
        Assert.Equal(TransactionId.Initial, status.TransactionId);
        Assert.Equal(new BlockUsage(0, 1024, ByteSize.KiB(64)), status.Data);
        Assert.Null(status.HeldRoot);
        Assert.False(status.NeedsCheck);
    }

    [Fact]
    public void A_pool_that_was_left_without_a_table_is_made_to_its_end()
    {
        var pool = Scope.OpenPool();
        pool.Create(1);
        Kernel.ClosePool(pool.Name).Must();
        Fixture.LeaveWithoutTable(pool.Name, pool.Table.Uuid);
        Kernel.PoolStatus(pool.Name).MustBeRefused(KernelFault.NotFound, KernelFault.Invalid);

        Kernel.OpenPool(pool.Table).Must();

        Assert.Equal(1u, Assert.Single(Kernel.ListThins(pool.Name).Must()).Id.Value);
    }

    [Fact]
    public void A_live_table_is_compared_but_for_what_it_does_when_it_is_full()
    {
        var pool = Scope.OpenPool(lowWaterMark: 7);
        var other = Scope.OpenPool();

        Assert.True(Kernel.Compare(pool.Table).Must() is { MapsAsGiven: true, IsAsGiven: true });
        Assert.True(Kernel.Compare(pool.Table with { NoSpace = NoSpacePolicy.Queue }).Must().IsAsGiven);
        Assert.True(Kernel.Compare(pool.Table with { LowWaterMark = 8 }).Must()
            is { MapsAsGiven: true, IsAsGiven: false });
        Assert.False(Kernel.Compare(pool.Table with { Data = other.Table.Data }).Must().MapsAsGiven);

        Kernel.ReloadPool(pool.Table with { LowWaterMark = 8, SkipZeroing = false }).Must();

        Assert.True(Kernel.Compare(pool.Table).Must() is { MapsAsGiven: true, IsAsGiven: false });
    }

    [Fact]
    public void Metadata_at_rest_are_found_sound_or_damaged()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);
        pool.Write(1, block: 0, fill: 1, count: 4);
        pool.Deactivate(1);
        Kernel.ClosePool(pool.Name).Must();

        Kernel.CheckMetadata(pool.Table.Metadata).Must();
        Kernel.Write(pool.Table.Metadata, ByteSize.Zero, ContractPool.Block(0x5A).AsSpan(0, 4096)).Must();

        Kernel.CheckMetadata(pool.Table.Metadata).MustBeRefused(KernelFault.Invalid);
    }

    [Fact]
    public void Metadata_blocks_are_4_KiB_and_as_many_as_the_device_holds()
    {
        var metadata = Scope.OpenPool(metadataMebibytes: 4).Status.Metadata;

        Assert.Equal(1024ul, metadata.Total);
        Assert.Equal(ByteSize.KiB(4), metadata.BlockSize);
        // Linux 6.1 counts what it keeps in reserve, a tenth, among the used.
        Assert.InRange(metadata.Used, 1ul, 128ul);
    }

    [Fact]
    public void The_metadata_low_water_mark_is_a_quarter_and_4_MiB_at_most()
    {
        Assert.Equal(256ul, Scope.OpenPool(metadataMebibytes: 4).Status.MetadataLowWaterMark);
        Assert.Equal(1024ul, Scope.OpenPool(metadataMebibytes: 32).Status.MetadataLowWaterMark);
    }

    [Fact]
    public void The_status_tells_the_policies_of_the_table()
    {
        var status = Scope.OpenPool(noSpace: NoSpacePolicy.Error, discard: DiscardPolicy.NoPassdown).Status;
        Assert.Equal((NoSpacePolicy.Error, DiscardPolicy.NoPassdown), (status.NoSpace, status.Discard));

        status = Scope.OpenPool(noSpace: NoSpacePolicy.Queue, discard: DiscardPolicy.Ignore).Status;
        Assert.Equal((NoSpacePolicy.Queue, DiscardPolicy.Ignore), (status.NoSpace, status.Discard));
    }

    [Fact]
    public void A_last_partial_block_of_the_data_is_not_used()
    {
        var pool = Scope.OpenPool(dataMebibytes: 64);
        Kernel.ClosePool(pool.Name).Must();
        Kernel.Zero(pool.Table.Metadata, ByteSize.Zero, ByteSize.KiB(4)).Must();

        Kernel.OpenPool(pool.Table with { DataLength = pool.Table.DataLength - new SectorCount(8) }).Must();

        Assert.Equal(1023ul, pool.Status.Data.Total);
    }

    [Fact]
    public void A_pool_is_not_opened_with_less_data_than_it_has()
    {
        var pool = Scope.OpenPool(dataMebibytes: 64);
        Kernel.ClosePool(pool.Name).Must();

        Kernel.OpenPool(pool.Table with { DataLength = ByteSize.MiB(32).Sectors }).MustBeRefused(KernelFault.Invalid);

        Kernel.Find(pool.Name).MustBeRefused(KernelFault.NotFound);
        Kernel.OpenPool(pool.Table).Must();
    }

    [Fact]
    public void A_name_that_is_live_says_Exists()
    {
        var pool = Scope.OpenPool();

        Kernel.OpenPool(pool.Table).MustBeRefused(KernelFault.Exists);
        Kernel.OpenPool(pool.Table with { Uuid = DeviceNames.PoolId(Scope.NewPool().Uuid) })
            .MustBeRefused(KernelFault.Exists);
    }

    [Fact]
    public void A_uuid_that_is_live_says_Exists_whatever_the_name()
    {
        var pool = Scope.OpenPool();
        var other = pool.Table with { Name = DeviceNames.Pool(Scope.NewPool().Name) };

        Kernel.OpenPool(other).MustBeRefused(KernelFault.Exists);
        Kernel.Find(other.Name).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void A_table_longer_than_the_data_device_is_refused_and_leaves_no_device()
    {
        var pool = Scope.OpenPool(dataMebibytes: 64);
        Kernel.ClosePool(pool.Name).Must();

        Kernel.OpenPool(pool.Table with { DataLength = ByteSize.MiB(65).Sectors }).MustBeRefused(KernelFault.Invalid);

        Kernel.Find(pool.Name).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void A_table_with_a_missing_device_is_NotFound_and_leaves_no_device()
    {
        var pool = Scope.OpenPool();
        Kernel.ClosePool(pool.Name).Must();

        Kernel.OpenPool(pool.Table with { Data = Missing }).MustBeRefused(KernelFault.NotFound);
        Kernel.OpenPool(pool.Table with { Metadata = Missing }).MustBeRefused(KernelFault.NotFound);

        Kernel.Find(pool.Name).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void Another_block_size_than_that_of_the_metadata_is_refused()
    {
        var pool = Scope.OpenPool();
        Kernel.ClosePool(pool.Name).Must();

        Kernel.OpenPool(pool.Table with { BlockSize = new PoolBlockSize(ByteSize.KiB(128)) })
            .MustBeRefused(KernelFault.Invalid);

        Kernel.Find(pool.Name).MustBeRefused(KernelFault.NotFound);
        Kernel.OpenPool(pool.Table).Must();
    }

    [Fact]
    public void A_second_pool_on_live_metadata_is_Busy()
    {
        var pool = Scope.OpenPool();
        var (name, uuid) = Scope.NewPool();
        var second = pool.Table with { Name = DeviceNames.Pool(name), Uuid = DeviceNames.PoolId(uuid) };

        Kernel.OpenPool(second).MustBeRefused(KernelFault.Busy);

        Kernel.Find(second.Name).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void Metadata_that_are_something_else_are_refused_not_formatted()
    {
        var pool = Scope.OpenPool();
        Kernel.ClosePool(pool.Name).Must();
        var foreign = ContractPool.Block(0x5a);
        Kernel.Write(pool.Table.Metadata, ByteSize.Zero, foreign).Must();

        Assert.False(Kernel.OpenPool(pool.Table).Succeeded);

        Kernel.Find(pool.Name).MustBeRefused(KernelFault.NotFound);
        var found = new byte[foreign.Length];
        Kernel.Read(pool.Table.Metadata, ByteSize.Zero, found).Must();
        Assert.Equal(foreign, found);
    }

    [Fact]
    public void A_closed_pool_comes_back_as_it_was()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);
        pool.Write(1, block: 3, fill: 7, count: 2);
        Kernel.SetTransactionId(pool.Name, TransactionId.Initial, new(5)).Must();
        pool.Deactivate(1);
        Kernel.ClosePool(pool.Name).Must();
        Kernel.Find(pool.Name).MustBeRefused(KernelFault.NotFound);

        Kernel.OpenPool(pool.Table).Must();

        Assert.Equal((2ul, new TransactionId(5)), (pool.UsedBlocks, pool.Status.TransactionId));
        pool.Activate(1);
        pool.MustHold(1, block: 3, fill: 7, count: 2);
    }

    [Fact]
    public void Zeroed_metadata_are_formatted_anew_and_forget_everything()
    {
        var pool = Scope.OpenPool();
        pool.Create(1);
        Kernel.ClosePool(pool.Name).Must();
        Kernel.Zero(pool.Table.Metadata, ByteSize.Zero, ByteSize.KiB(4)).Must();

        Kernel.OpenPool(pool.Table).Must();

        pool.Create(1);
    }

    [Fact]
    public void A_pool_with_a_live_thin_device_is_Busy_to_close_and_goes_on()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);

        Kernel.ClosePool(pool.Name).MustBeRefused(KernelFault.Busy);

        pool.Write(1, block: 0, fill: 1);
        pool.MustHold(1, block: 0, fill: 1);
    }

    [Fact]
    public void A_pool_that_is_not_live_is_NotFound()
    {
        var missing = DeviceNames.Pool(Scope.NewPool().Name);

        Kernel.ClosePool(missing).MustBeRefused(KernelFault.NotFound);
        Kernel.PoolStatus(missing).MustBeRefused(KernelFault.NotFound);
        Kernel.CreateThin(missing, new ThinId(1)).MustBeRefused(KernelFault.NotFound);
        Kernel.SetTransactionId(missing, new(0), new(1)).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void The_pools_open_count_is_that_of_its_live_thin_devices()
    {
        var pool = Scope.OpenPool();
        Assert.Equal(0u, Kernel.Find(pool.Name).Must().OpenCount);

        pool.CreateActive(1);
        pool.CreateActive(2);

        Assert.Equal(2u, Kernel.Find(pool.Name).Must().OpenCount);
    }

    [Fact]
    public void The_devices_below_a_pool_are_in_use()
    {
        var pool = Scope.OpenPool();

        Assert.True(Kernel.Inspect(pool.Table.Metadata).Must().InUse);
        Assert.True(Kernel.Inspect(pool.Table.Data).Must().InUse);
        Kernel.Remove(new MappedName(pool.Table.Data.Value["/dev/mapper/".Length..]), deferred: false)
            .MustBeRefused(KernelFault.Busy);
    }
}
