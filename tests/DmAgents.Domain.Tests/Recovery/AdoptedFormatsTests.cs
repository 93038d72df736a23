using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Adoption;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Tests.Deciding;
using DmAgents.Domain.Units;
using DmAgents.Testing.Simulation;

namespace DmAgents.Domain.Tests.Recovery;

/// <summary>File systems that were made elsewhere, and this host's kernel.</summary>
public sealed class AdoptedFormatsTests
{
    private static readonly ThinId Base = new(1);

    private readonly SimulatedKernel _kernel = new();
    private readonly PoolContext _pool;

    public AdoptedFormatsTests()
    {
        var disk = _kernel.AddDisk("/dev/test-a", ByteSize.MiB(513));
        var metadata = _kernel.AddDisk("/dev/test-m", ByteSize.MiB(17));
        var identity = Given.Pool.Identity! with
        {
            Backing = new PoolBacking.Disks(
                [new DiskPart(disk, DiskLabel.Reserved, ByteSize.MiB(512).Sectors)],
                [new DiskPart(metadata, DiskLabel.Reserved, ByteSize.MiB(16).Sectors)]),
        };
        _pool = new PoolContext(identity, new PoolPaths("/state", identity.Name), DiscardOnRemove: false);
        var assembly = new AssemblyEffects(_kernel, _pool);
        Assert.Equal(KernelResult.Done, assembly.Prepare().Then(assembly.Open));
        Assert.True(_kernel.CreateThin(_pool.Device, Base).Succeeded);
    }

    [Fact]
    public void Features_that_the_kernel_does_not_take_are_told_with_the_first_that_does()
    {
        Make(device => _kernel.FormatByAnother(
            device, FileSystemKind.Xfs, "crc", "bigtime", "nrext64", "parent"));

        var finding = Assert.Single(Look(new KernelVersion(5, 15), FileSystemKind.Xfs));

        Assert.Equal(AdoptionDifference.NotMountable, finding.Difference);
        Assert.Contains("Linux 5.15", finding.Why, StringComparison.Ordinal);
        Assert.Contains(
            "nrext64 (from Linux 5.19 on), parent (from Linux 6.10 on)", finding.Why, StringComparison.Ordinal);
        Assert.DoesNotContain("bigtime", finding.Why, StringComparison.Ordinal);
        Assert.Empty(Look(new KernelVersion(6, 10), FileSystemKind.Xfs));
    }

    [Fact]
    public void What_the_agent_makes_is_taken_by_every_kernel_that_it_runs_on()
    {
        Make(device => _kernel.Format(device, FileSystemKind.Ext4));

        Assert.Empty(Look(new KernelVersion(5, 6)));
        Assert.DoesNotContain(_kernel.ListDevices("").Value, device => device.Name == _pool.NameOf(Base));
    }

    [Fact]
    public void A_file_system_for_smaller_sectors_than_the_disks_have_is_told()
    {
        Make(_kernel.FormatXfsOfOwnSectors);
        var assembly = new AssemblyEffects(_kernel, _pool);
        Assert.Equal(KernelResult.Done, assembly.Close());
        _kernel.Reshape(new DevicePath("/dev/test-a"), DiskShape.Plain with { Sector = ByteSize.KiB(4) });
        Assert.Equal(KernelResult.Done, assembly.Open());

        Assert.Contains("made for sectors of 512 B, and the pool's disks have 4 KiB",
            Assert.Single(Look(new KernelVersion(6, 1), FileSystemKind.Xfs)).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_that_is_live_stays_so_and_what_cannot_be_looked_at_is_not_judged()
    {
        Make(_ => KernelResult.Done, keep: true);

        Assert.Empty(Look(new KernelVersion(5, 6)));
        Assert.True(_kernel.Find(_pool.NameOf(Base)).Succeeded);
    }

    private void Make(Func<DevicePath, KernelResult> format, bool keep = false)
    {
        var table = new ThinTable(
            _pool.NameOf(Base), DeviceNames.ThinDeviceId(_pool.Identity.Uuid, Base), _pool.Device, Base,
            ByteSize.MiB(400).Sectors, ReadOnly: false);
        Assert.True(_kernel.ActivateThin(table).Succeeded);
        Assert.Equal(KernelResult.Done, format(table.Name.Path));
        if (!keep)
            Assert.Equal(KernelResult.Done, _kernel.Remove(table.Name, deferred: false));
    }

    private List<AdoptionFinding> Look(KernelVersion running, FileSystemKind kind = FileSystemKind.Ext4)
    {
        _kernel.Running = running;
        return [.. new AdoptedFormats(_kernel, _pool).Look(
        [
            new AdoptionClaim(
                Base, new DeviceKey(DeviceKey.BaseSpace, "base"), DeviceKind.Base, Parent: null, ByteSize.MiB(400),
                kind, Given.At),
            new AdoptionClaim(
                new ThinId(2), DeviceKey.Layer("a"), DeviceKind.Layer, Base, ByteSize.MiB(400), kind, Given.At),
        ])];
    }
}
