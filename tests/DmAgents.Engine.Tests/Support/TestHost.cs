using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Adoption;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Testing.Files;
using DmAgents.Testing.Simulation;

namespace DmAgents.Engine.Tests.Support;

/// <summary>A host's state that survives the agent: kernel, disks and files.</summary>
internal class TestHost
{
    public static readonly PoolName PoolName = new("test-pool");
    public static readonly PoolUuid PoolUuid = new(new Guid("11111111-2222-3333-4444-555555555555"));
    public static readonly DevicePath DataDisk = new("/dev/sda");
    public static readonly DevicePath MetadataDisk = new("/dev/sdb");
    public static readonly DevicePath SpareDisk = new("/dev/sdc");
    public static readonly PoolPaths Paths = new(StateDirectory, PoolName);

    public const string StateDirectory = "/var/lib/dmagents";

    public TestHost()
    {
        Kernel.AddDisk(DataDisk.Value, ByteSize.GiB(2));
        Kernel.AddDisk(MetadataDisk.Value, ByteSize.MiB(64));
        Kernel.AddDisk(SpareDisk.Value, ByteSize.GiB(2));
    }

    public static PoolBacking.Disks Backing { get; } = new(
        [Part(DataDisk, ByteSize.GiB(1))], [Part(MetadataDisk, ByteSize.MiB(32))]);

    /// <summary><see cref="Backing"/>, extended by the spare disk.</summary>
    public static PoolBacking.Disks Larger { get; } = Backing with
    {
        Data = [.. Backing.Data, Part(SpareDisk, ByteSize.GiB(1))],
    };

    public static MappedName Pool => DeviceNames.Pool(PoolName);

    public SimulatedKernel Kernel { get; } = new();

    public MemoryFiles Files { get; } = new();

    public static MountPath MountOf(DeviceKey key) => Paths.MountOf(key);

    public static MappedName Thin(ThinId id) => DeviceNames.Thin(PoolName, id);

    public static DiskPart Part(DevicePath disk, ByteSize length) => new(disk, DiskLabel.Reserved, length.Sectors);

    /// <summary>Whether the directory exists, mounted on or not.</summary>
    public bool HasDirectory(MountPath path) =>
        Kernel.Inspect(new DevicePath(path.Value)).FailedWith(KernelFault.Invalid);

    public bool IsMounted(DeviceKey key) => Kernel.Mounts().Value.Any(mount => mount.Target == MountOf(key));

    public bool IsLive(ThinId id) => Kernel.Find(Thin(id)).Succeeded;

    public IReadOnlyList<ThinId> Thins => [.. Kernel.ListThins(Pool).Value.Select(thin => thin.Id)];

    /// <summary>The claims of an operator with knowledge of that state.</summary>
    public PoolCommands.Adopt AdoptionOf(PoolState known)
    {
        var claims = new AdoptionClaims(
            [.. known.Devices.Values.Select(d => new AdoptionClaim(
                d.Id, d.Key, d.Kind, d.Parent, d.Size, d.FileSystem, d.CreatedAt)
            {
                Phase = d.Phase, Source = d.Source, Use = d.Use, ReadOnly = d.ReadOnly, Labels = d.Labels,
                UpdatedAt = d.UpdatedAt, CreatedIn = d.CreatedIn, Format = d.Format,
            })],
            [.. known.Images.Values.Select(
                i => new ImageClaim(i.Reference, i.TopLayer, i.ConfigDigest, i.Config, i.TaggedAt))],
            []);
        return new PoolCommands.Adopt(
            Ask.NewRequest(), known.Identity!,
            AdoptionPlan.Make(claims, Kernel.ListThins(Pool).Value, PoolBlockSize.Default),
            Kernel.PoolStatus(Pool).Value.TransactionId, [], Ask.At);
    }

    /// <summary>Has the pool map so many blocks of an active device.</summary>
    public void Fill(DeviceRecord device, int blocks)
    {
        var written = Write(device, 0, blocks);
        Assert.True(written.Succeeded, written.Error?.ToString());
    }

    /// <summary>Writes into each of so many blocks of 64 KiB, and begins anew at the device's end.</summary>
    public KernelResult Write(DeviceRecord device, int first, int blocks)
    {
        for (var block = first; block < first + blocks; block++)
        {
            var at = new ByteSize((ulong)block * (64 << 10) % device.Size.Bytes);
            var result = Kernel.Write(Thin(device.Id).Path, at, new byte[512]);
            if (!result.Succeeded)
                return result;
        }
        return KernelResult.Done;
    }
}
