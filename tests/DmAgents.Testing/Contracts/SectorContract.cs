using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>Logical sectors, and what becomes of them in what is stacked. This is what the planner refuses.</summary>
public abstract class SectorContract(KernelFixture fixture) : KernelContract(fixture)
{
    private static readonly ByteSize Small = new(512);
    private static readonly ByteSize Large = ByteSize.KiB(4);

    [Fact]
    public void A_disk_tells_its_sectors()
    {
        using var made = Fixture.MakeDiskOfLargeSectors(out var large);

        Assert.Equal(Small, SectorOf(Fixture.DataDisk));
        Assert.Equal(Large, SectorOf(large));
        Assert.False(Kernel.Inspect(large).Must().Shape is { IsZoned: true } or { IsRemovable: true });
    }

    [Fact]
    public void A_loop_device_has_sectors_of_512_bytes() => Assert.Equal(Small, SectorOf(Scope.OpenLoop(16).Device));

    [Fact]
    public void A_loop_device_that_somebody_attached_with_larger_sectors_is_set_right_while_it_is_free()
    {
        var file = Scope.NewLoopFile();
        Kernel.CreateFile(file, ByteSize.MiB(16)).Must();
        Fixture.AttachWithLargeSectors(file);
        var loop = Kernel.InspectFile(file).Must().Attached!.Value;
        Assert.Equal(Large, SectorOf(loop));

        Assert.Equal(loop, Kernel.AttachLoop(file).Must());

        Assert.Equal(Small, SectorOf(loop));
    }

    [Fact]
    public void Linear_devices_have_the_largest_of_their_parts()
    {
        using var made = Fixture.MakeDiskOfLargeSectors(out var large);
        var (name, _) = OpenMixed(large);

        Assert.Equal(Large, SectorOf(name.Path));
        Kernel.Remove(name, deferred: false).Must();
    }

    [Fact]
    public void A_pools_devices_have_the_sectors_of_its_data_and_not_those_of_its_metadata()
    {
        using var made = Fixture.MakeDiskOfLargeSectors(out var large);
        var data = Scope.OpenPool(dataDevice: large);
        Assert.Equal(Large, SectorOf(data.CreateActive(1).Name.Path));
        data.Deactivate(1);
        Kernel.ClosePool(data.Name).Must();

        Kernel.Zero(large, ByteSize.Zero, ByteSize.KiB(4)).Must();
        var table = Scope.OpenPool().Table;
        Kernel.ClosePool(table.Name).Must();
        Kernel.OpenPool(table with { Metadata = large }).Must();

        Assert.Equal(Small, SectorOf(table.Name.Path));
        Kernel.ClosePool(table.Name).Must();
    }

    [Fact]
    public void The_agents_file_systems_survive_that_their_pool_gets_larger_sectors()
    {
        using var made = Fixture.MakeDiskOfLargeSectors(out var large);
        var (data, table) = OpenMixed(large, isMixed: false);
        var pool = Scope.OpenPool(dataMebibytes: 320, dataDevice: data.Path);
        foreach (var (id, kind) in new[] { (1u, FileSystemKind.Ext4), (2u, FileSystemKind.Xfs) })
        {
            var device = pool.CreateActive(id, ContractScope.FormattedMebibytes);
            Assert.Equal(Small, SectorOf(device.Name.Path));
            Kernel.Format(device.Name.Path, kind).Must();
            var mounted = Scope.Mount(device, kind);
            Fixture.WriteFile(mounted, "kept", [1, 2, 3]);
            Kernel.Unmount(mounted, detach: false).Must();
            pool.Deactivate(id);
        }

        Grow(pool, table);

        foreach (var (id, kind) in new[] { (1u, FileSystemKind.Ext4), (2u, FileSystemKind.Xfs) })
        {
            var device = pool.Activate(id, ContractScope.FormattedMebibytes);
            Assert.Equal(Large, SectorOf(device.Name.Path));
            var mounted = Scope.Mount(device, kind);
            Assert.Equal([1, 2, 3], Fixture.ReadFile(mounted, "kept"));
            Kernel.Unmount(mounted, detach: false).Must();
            pool.Deactivate(id);
        }
        Close(pool, data);
    }

    [Fact]
    public void An_xfs_that_was_made_for_smaller_sectors_cannot_be_mounted_any_more()
    {
        using var made = Fixture.MakeDiskOfLargeSectors(out var large);
        var (data, table) = OpenMixed(large, isMixed: false);
        var pool = Scope.OpenPool(dataMebibytes: 320, dataDevice: data.Path);
        var device = pool.CreateActive(1, ContractScope.FormattedMebibytes);
        Fixture.FormatXfsOfOwnSectors(device.Name.Path);
        Kernel.Unmount(Scope.Mount(device, FileSystemKind.Xfs), detach: false).Must();

        Grow(pool, table);

        // Live, it goes on as it was.
        Assert.Equal(Small, SectorOf(device.Name.Path));
        pool.Deactivate(1);
        device = pool.Activate(1, ContractScope.FormattedMebibytes);
        Kernel.Mount(device.Name.Path, Scope.NewMountPath(), FileSystemKind.Xfs, readOnly: false)
            .MustBeRefused(KernelFault.NotSupported);
        pool.Deactivate(1);
        Close(pool, data);
    }

    private ByteSize SectorOf(DevicePath device) => Kernel.Inspect(device).Must().Shape.Sector;

    /// <summary>A linear device of 320 MiB on the data disk, and its table with 64 MiB of larger sectors behind them.
    /// </summary>
    private (MappedName Name, LinearTable Mixed) OpenMixed(DevicePath large, bool isMixed = true)
    {
        var (name, uuid) = Scope.NewPool();
        var small = new LinearTable(
            DeviceNames.Data(name), DeviceNames.DataId(uuid), [Scope.Slice(Fixture.DataDisk, 320)]);
        var mixed = small with
        {
            Segments = [.. small.Segments, new LinearSegment(large, default, ByteSize.MiB(64).Sectors)],
        };
        Scope.AtEnd(() => Scope.RemoveDevice(small.Name));
        Kernel.OpenLinear(isMixed ? mixed : small).Must();
        return (small.Name, mixed);
    }

    private void Grow(ContractPool pool, LinearTable longer)
    {
        Kernel.ReloadLinear(longer).Must();
        Kernel.ReloadPool(pool.Table with { DataLength = longer.Length }).Must();
    }

    /// <summary>The disk of large sectors must be free when it goes.</summary>
    private void Close(ContractPool pool, MappedName data)
    {
        Kernel.ClosePool(pool.Name).Must();
        Kernel.Remove(data, deferred: false).Must();
    }
}
