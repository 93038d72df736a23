using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>Devices that join parts of others.</summary>
public abstract class LinearContract(KernelFixture fixture) : KernelContract(fixture)
{
    [Fact]
    public void Segments_follow_one_another()
    {
        var table = Table(Scope.Slice(Fixture.DataDisk, 1), Scope.Slice(Fixture.MetadataDisk, 1));
        var device = Open(table);
        byte[] bytes = [.. Enumerable.Range(0, 8192).Select(i => (byte)(i / 31))];

        Kernel.Write(device.Name.Path, ByteSize.MiB(1) - new ByteSize(4096), bytes).Must();

        var read = new byte[8192];
        Kernel.Read(Fixture.DataDisk, ByteSize.MiB(1) - new ByteSize(4096), read.AsSpan(0, 4096)).Must();
        Kernel.Read(Fixture.MetadataDisk, ByteSize.Zero, read.AsSpan(4096)).Must();
        Assert.Equal(bytes, read);
    }

    [Fact]
    public void One_that_was_left_without_a_table_is_made_to_its_end()
    {
        var table = Table(Scope.Slice(Fixture.DataDisk, 1));
        Fixture.LeaveWithoutTable(table.Name, table.Uuid);

        var device = Open(table);

        Assert.Equal(ByteSize.MiB(1), Kernel.Inspect(device.Name.Path).Must().Size);
    }

    [Fact]
    public void Its_length_is_that_of_its_segments()
    {
        var device = Open(Table(Scope.Slice(Fixture.DataDisk, 3), Scope.Slice(Fixture.MetadataDisk, 2)));

        Assert.Equal(ByteSize.MiB(5).Sectors, device.Length);
        Assert.Equal(ByteSize.MiB(5), Kernel.Inspect(device.Name.Path).Must().Size);
    }

    [Fact]
    public void A_live_table_is_compared_as_far_as_both_reach()
    {
        var table = Table(Scope.Slice(Fixture.DataDisk, 2));
        Open(table);
        var segment = table.Segments[0];
        var longer = table with { Segments = table.Segments.Add(Scope.Slice(Fixture.MetadataDisk, 1)) };
        var elsewhere = table with
        {
            Segments = [segment with { Start = new SectorCount(segment.Start.Value + 8) }],
        };

        Assert.True(Kernel.Compare(table).Must() is { MapsAsGiven: true, IsAsGiven: true });
        Assert.True(Kernel.Compare(longer).Must() is { MapsAsGiven: true, IsAsGiven: false });
        Assert.True(Kernel.Compare(elsewhere).Must() is { MapsAsGiven: false, IsAsGiven: false });
    }

    [Fact]
    public void A_longer_table_keeps_the_content()
    {
        var table = Table(Scope.Slice(Fixture.DataDisk, 1));
        var device = Open(table);
        Kernel.Write(device.Name.Path, ByteSize.KiB(4), ContractPool.Block(7)).Must();

        Kernel.ReloadLinear(table with { Segments = table.Segments.Add(Scope.Slice(Fixture.MetadataDisk, 1)) }).Must();

        Assert.Equal(ByteSize.MiB(2).Sectors, Kernel.Find(device.Name).Must().Length);
        var read = new byte[ContractPool.BlockSize.Bytes];
        Kernel.Read(device.Name.Path, ByteSize.KiB(4), read).Must();
        Assert.Equal(ContractPool.Block(7), read);
        Kernel.Write(device.Name.Path, ByteSize.MiB(2) - ContractPool.BlockSize, ContractPool.Block(8)).Must();
    }

    [Fact]
    public void A_segment_beyond_its_device_is_refused_and_leaves_no_device()
    {
        var disk = Kernel.Inspect(Fixture.MetadataDisk).Must();
        var table = Table(new LinearSegment(Fixture.MetadataDisk, disk.Size.Sectors, new SectorCount(8)));

        Kernel.OpenLinear(table).MustBeRefused(KernelFault.Invalid);

        Kernel.Find(table.Name).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void No_segments_are_refused_and_leave_no_device()
    {
        var table = Table();

        Kernel.OpenLinear(table).MustBeRefused(KernelFault.Invalid);

        Kernel.Find(table.Name).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void A_missing_device_is_NotFound()
    {
        var table = Table(new LinearSegment(new DevicePath("/dev/test-no-such-disk"), default, new SectorCount(8)));

        Kernel.OpenLinear(table).MustBeRefused(KernelFault.NotFound);

        Kernel.Find(table.Name).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void A_live_name_says_Exists()
    {
        var table = Table(Scope.Slice(Fixture.DataDisk, 1));
        Open(table);

        Kernel.OpenLinear(table).MustBeRefused(KernelFault.Exists);
    }

    [Fact]
    public void A_device_that_is_not_live_cannot_be_reloaded()
    {
        Kernel.ReloadLinear(Table(Scope.Slice(Fixture.DataDisk, 1))).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void The_disks_below_are_in_use_as_long_as_it_lives()
    {
        Assert.False(Kernel.Inspect(Fixture.DataDisk).Must().InUse);
        var device = Open(Table(Scope.Slice(Fixture.DataDisk, 1)));
        Assert.True(Kernel.Inspect(Fixture.DataDisk).Must().InUse);

        Kernel.Remove(device.Name, deferred: false).Must();

        Eventually.True(() => !Kernel.Inspect(Fixture.DataDisk).Must().InUse, "the disk is free again");
    }

    [Fact]
    public void Devices_that_share_a_disk_do_not_disturb_each_other()
    {
        var one = Open(Table(Scope.Slice(Fixture.DataDisk, 1)));
        var other = Open(Table(Scope.Slice(Fixture.DataDisk, 1)));

        Kernel.Write(one.Name.Path, ByteSize.MiB(1) - ContractPool.BlockSize, ContractPool.Block(1)).Must();
        Kernel.Write(other.Name.Path, ByteSize.Zero, ContractPool.Block(2)).Must();

        var read = new byte[ContractPool.BlockSize.Bytes];
        Kernel.Read(one.Name.Path, ByteSize.MiB(1) - ContractPool.BlockSize, read).Must();
        Assert.Equal(ContractPool.Block(1), read);
    }

    private LinearTable Table(params LinearSegment[] segments)
    {
        var (name, uuid) = Scope.NewPool();
        return new LinearTable(DeviceNames.Data(name), DeviceNames.DataId(uuid), [.. segments]);
    }

    private LiveDevice Open(LinearTable table)
    {
        Scope.AtEnd(() => Scope.RemoveDevice(table.Name));
        return Kernel.OpenLinear(table).Must();
    }
}
