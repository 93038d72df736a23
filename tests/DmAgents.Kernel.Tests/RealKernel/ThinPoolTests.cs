using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using static DmAgents.Kernel.Tests.RealKernel.PoolFixture;

namespace DmAgents.Kernel.Tests.RealKernel;

[Trait("Needs", "Kernel")]
public sealed class ThinPoolTests : IDisposable
{
    private static readonly ByteSize Size = ByteSize.MiB(64);
    private static readonly ThinId One = new(1);
    private static readonly ThinId Two = new(2);

    private readonly PoolFixture _pool = new();

    private LinuxKernel Kernel => _pool.Kernel;

    public void Dispose() => _pool.Dispose();

    [Fact]
    public void An_empty_pool_is_writable_and_has_all_its_blocks()
    {
        var status = Ok(Kernel.PoolStatus(_pool.Name));

        Assert.Equal(PoolMode.ReadWrite, status.Mode);
        Assert.Equal(new BlockUsage(0, 8192, ByteSize.KiB(64)), status.Data);
        Assert.InRange(status.Metadata.Used, 1UL, status.Metadata.Total - 1);
        Assert.Equal(NoSpacePolicy.Queue, status.NoSpace);
        Assert.False(status.NeedsCheck);
        Assert.Null(status.HeldRoot);
        Assert.Equal(TransactionId.Initial, status.TransactionId);
    }

    [Fact]
    public void A_snapshot_has_its_origins_bytes_and_keeps_them()
    {
        var origin = _pool.Create(1, Size).Name;
        Ok(Kernel.Write(origin.Path, ByteSize.KiB(64), Bytes(7)));

        Ok(Kernel.Suspend(origin, freeze: true));
        Ok(Kernel.CreateSnapshot(_pool.Name, Two, One));
        Ok(Kernel.Resume(origin));
        Ok(Kernel.Write(origin.Path, ByteSize.KiB(64), Bytes(8)));
        var snapshot = Ok(Kernel.ActivateThin(_pool.Thin(2, Size))).Name;

        Assert.Equal(Bytes(7), Read(snapshot, ByteSize.KiB(64)));
        Assert.Equal(Bytes(8), Read(origin, ByteSize.KiB(64)));
        Assert.Equal(2UL, Ok(Kernel.PoolStatus(_pool.Name)).Data.Used);
        Assert.Equal(ByteSize.KiB(64), Ok(Kernel.MappedBytes(snapshot)));
    }

    [Fact]
    public void Refusals_of_messages_have_the_kernels_numbers()
    {
        const int exists = 17, noData = 61, busy = 16, invalid = 22;
        _pool.Create(1, Size);

        Refused(Kernel.CreateThin(_pool.Name, One), KernelFault.Exists, exists);
        Refused(Kernel.CreateSnapshot(_pool.Name, One, One), KernelFault.Exists, exists);
        Refused(Kernel.CreateSnapshot(_pool.Name, Two, new ThinId(9)), KernelFault.NotFound, noData);
        Refused(Kernel.DeleteThin(_pool.Name, One), KernelFault.Busy, busy);
        Refused(Kernel.DeleteThin(_pool.Name, Two), KernelFault.NotFound, noData);
        Refused(Kernel.ReleaseMetadataSnapshot(_pool.Name), KernelFault.Invalid, invalid);
        Refused(Kernel.SetTransactionId(_pool.Name, new TransactionId(5), new TransactionId(6)),
            KernelFault.Invalid, invalid);
    }

    [Fact]
    public void A_transaction_id_is_compared_and_set()
    {
        Ok(Kernel.SetTransactionId(_pool.Name, TransactionId.Initial, new TransactionId(41)));

        Assert.Equal(new TransactionId(41), Ok(Kernel.PoolStatus(_pool.Name)).TransactionId);
    }

    [Fact]
    public void A_deleted_thin_device_gives_its_blocks_back()
    {
        var device = _pool.Create(1, Size).Name;
        Ok(Kernel.Write(device.Path, ByteSize.Zero, Bytes(1)));
        Assert.Equal(1UL, Ok(Kernel.PoolStatus(_pool.Name)).Data.Used);

        Ok(Kernel.Remove(device, deferred: false));
        Ok(Kernel.DeleteThin(_pool.Name, One));

        Assert.Equal(0UL, Ok(Kernel.PoolStatus(_pool.Name)).Data.Used);
    }

    [Fact]
    public void A_pool_is_closed_only_without_thin_devices_and_opens_again_with_what_it_had()
    {
        var device = _pool.Create(1, Size).Name;
        Ok(Kernel.Write(device.Path, ByteSize.Zero, Bytes(3)));
        Ok(Kernel.SetTransactionId(_pool.Name, TransactionId.Initial, new TransactionId(2)));

        Assert.True(Kernel.ClosePool(_pool.Name).FailedWith(KernelFault.Busy));
        Ok(Kernel.Remove(device, deferred: false));
        Ok(Kernel.ClosePool(_pool.Name));
        Assert.True(Kernel.PoolStatus(_pool.Name).FailedWith(KernelFault.NotFound));
        Ok(Kernel.OpenPool(_pool.Table));

        Ok(Kernel.ActivateThin(_pool.Thin(1, Size)));
        Assert.Equal(Bytes(3), Read(device, ByteSize.Zero));
        Assert.Equal(new TransactionId(2), Ok(Kernel.PoolStatus(_pool.Name)).TransactionId);
    }

    [Fact]
    public void A_pool_that_is_live_is_not_opened_again_and_stays_as_it_is()
    {
        Assert.True(Kernel.OpenPool(_pool.Table).FailedWith(KernelFault.Exists));

        Assert.Equal(PoolMode.ReadWrite, Ok(Kernel.PoolStatus(_pool.Name)).Mode);
    }

    [Fact]
    public void A_live_pool_grows_and_never_shrinks()
    {
        Ok(Kernel.ReloadPool(_pool.Table with { DataLength = ByteSize.MiB(768).Sectors }));
        Assert.Equal(12288UL, Ok(Kernel.PoolStatus(_pool.Name)).Data.Total);

        Assert.True(Kernel.ReloadPool(_pool.Table).FailedWith(KernelFault.Invalid));
        Assert.Equal(12288UL, Ok(Kernel.PoolStatus(_pool.Name)).Data.Total);
        Assert.False(Ok(Kernel.Find(_pool.Name)).Suspended);
    }

    [Fact]
    public void A_pools_features_change_while_it_lives()
    {
        Ok(Kernel.ReloadPool(_pool.Table with
        {
            NoSpace = NoSpacePolicy.Error,
            Discard = DiscardPolicy.NoPassdown,
            LowWaterMark = 7,
        }));

        var status = Ok(Kernel.PoolStatus(_pool.Name));
        Assert.Equal(NoSpacePolicy.Error, status.NoSpace);
        Assert.Equal(DiscardPolicy.NoPassdown, status.Discard);
        Assert.True(Kernel.ReloadPool(_pool.Table with { Discard = DiscardPolicy.Ignore })
            .FailedWith(KernelFault.Invalid), "the kernel never lets go of discards");
        Assert.False(Ok(Kernel.Find(_pool.Name)).Suspended);
    }

    [Fact]
    public void A_full_pool_says_so_and_writes_again_once_it_has_grown()
    {
        var small = _pool.Table with { NoSpace = NoSpacePolicy.Error, LowWaterMark = 8 };
        Ok(Kernel.ReloadPool(small));
        var device = _pool.Create(1, ByteSize.GiB(1)).Name;

        // In steps: each page that a process in the lab's guest has touched is a mapping of the host's.
        var step = new byte[16 << 20];
        var full = KernelResult.Done;
        for (var done = 0UL; full.Succeeded && done < ByteSize.MiB(600).Bytes; done += (ulong)step.Length)
            full = Kernel.Write(device.Path, new ByteSize(done), step);

        Assert.True(full.FailedWith(KernelFault.NoSpace) || full.FailedWith(KernelFault.Failed), full.ToString());
        Assert.Equal(PoolMode.OutOfDataSpace, Ok(Kernel.PoolStatus(_pool.Name)).Mode);
        Ok(Kernel.ReloadPool(small with { DataLength = ByteSize.GiB(1).Sectors }));
        Assert.Equal(PoolMode.ReadWrite, Ok(Kernel.PoolStatus(_pool.Name)).Mode);
        Ok(Kernel.Write(device.Path, ByteSize.MiB(700), Bytes(1)));
    }

    [Fact]
    public void A_table_that_the_kernel_does_not_take_leaves_nothing_behind()
    {
        var other = new MappedName("dmagents-test-other-pool");
        var missing = _pool.Table with { Name = other, Uuid = new MappedUuid("DMAGENTS-other"), Data = new("/dev/none") };
        var taken = _pool.Table with { Name = other, Uuid = new MappedUuid("DMAGENTS-other") };

        Assert.True(Kernel.OpenPool(missing).FailedWith(KernelFault.NotFound));
        var refused = Kernel.OpenPool(taken);

        Assert.True(refused.FailedWith(KernelFault.Busy), refused.ToString());
        Assert.True(Kernel.Find(other).FailedWith(KernelFault.NotFound));
        Assert.False(File.Exists(other.Path.Value));
    }

    [Fact]
    public void Metadata_that_are_no_pools_are_refused_and_not_formatted()
    {
        Ok(Kernel.ClosePool(_pool.Name));
        Ok(Kernel.Write(TestDisks.Metadata, ByteSize.Zero, Bytes(0x5A)));

        var refused = Kernel.OpenPool(_pool.Table);

        Assert.False(refused.Succeeded);
        Assert.True(Kernel.Find(_pool.Name).FailedWith(KernelFault.NotFound));
        var first = new byte[4096];
        Ok(Kernel.Read(TestDisks.Metadata, ByteSize.Zero, first));
        Assert.Equal(Bytes(0x5A), first);
    }

    private static void Refused(KernelResult result, KernelFault fault, int errno) =>
        Assert.Equal((fault, errno), (result.Error!.Fault, result.Error.Errno));

    private byte[] Read(MappedName device, ByteSize offset)
    {
        var read = new byte[4096];
        Ok(Kernel.Read(device.Path, offset, read));
        return read;
    }

    private static byte[] Bytes(byte value) => [.. Enumerable.Repeat(value, 4096)];
}
