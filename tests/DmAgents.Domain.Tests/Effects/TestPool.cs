using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Tests.Deciding;
using DmAgents.Domain.Units;
using DmAgents.Testing.Faults;
using DmAgents.Testing.Files;
using DmAgents.Testing.Simulation;

namespace DmAgents.Domain.Tests.Effects;

/// <summary>A live pool in a simulated kernel, and devices in it.</summary>
internal sealed class TestPool
{
    private readonly Dictionary<ThinId, DeviceRecord> _devices = [];

    /// <summary>A disk that is blank, and large enough for other metadata.</summary>
    public static readonly DevicePath Spare = new("/dev/test-s");

    public TestPool(bool discardOnRemove = false, bool isLoop = false)
    {
        Simulated = new SimulatedKernel { WaitLimit = TimeSpan.Zero };
        Kernel = new FaultyKernel(Simulated);
        Simulated.AddDisk(Spare.Value, ByteSize.MiB(6));
        PoolBacking disks = new PoolBacking.Disks(
            [new DiskPart(Simulated.AddDisk("/dev/test-d", ByteSize.MiB(65)), DiskLabel.Reserved,
                ByteSize.MiB(64).Sectors)],
            [new DiskPart(Simulated.AddDisk("/dev/test-m", ByteSize.MiB(5)), DiskLabel.Reserved,
                ByteSize.MiB(4).Sectors)]);
        PoolBacking files = new PoolBacking.LoopFiles(
            new LoopFilePart(new LoopFile("/state/data.img"), ByteSize.MiB(64)),
            new LoopFilePart(new LoopFile("/state/metadata.img"), ByteSize.MiB(4)));
        var identity = Given.Pool.Identity! with { Backing = isLoop ? files : disks };
        Context = new PoolContext(identity, new PoolPaths("/state", identity.Name), discardOnRemove);
        var assembly = new AssemblyEffects(Kernel, Context);
        Assert.Equal(KernelResult.Done, assembly.Prepare().Then(assembly.Open));
    }

    public SimulatedKernel Simulated { get; }

    public FaultyKernel Kernel { get; }

    public PoolContext Context { get; }

    public MemoryFiles Files { get; } = new();

    public CreationEffects Creation => new(Kernel, Context);

    public UseEffects Use => new(Kernel, Context);

    public DeletionEffects Deletion => new(Kernel, Context);

    public static DeviceRecord Record(
        uint id, DeviceKey key, DeviceKind kind = DeviceKind.Container, DeviceUse use = DeviceUse.Idle,
            uint? source = 1) =>
        new(new ThinId(id), key, kind, DevicePhase.Ready, source is { } p ? new ThinId(p) : null,
            source is { } s ? new ThinId(s) : null, ByteSize.MiB(16), FileSystemKind.Ext4, use, ReadOnly: false,
            Given.NoLabels, Given.At, Given.At);

    /// <summary>A base under id 1.</summary>
    public DeviceRecord Base()
    {
        var device = Record(1, new DeviceKey(DeviceKey.BaseSpace, "ext4"), DeviceKind.Base, source: null);
        Assert.Equal(KernelResult.Done, Creation.CreateBase(device, startAgain: false));
        return _devices[device.Id] = device;
    }

    /// <summary>A container of the base, live as it is to be.</summary>
    public DeviceRecord Container(uint id, string name, DeviceUse use = DeviceUse.Idle)
    {
        var device = Record(id, DeviceKey.Container(name), use: use);
        var source = _devices.GetValueOrDefault(new ThinId(1)) ?? Base();
        Assert.Equal(KernelResult.Done, Creation.CreateSnapshot(device, source, madeBefore: false)
            .Then(() => use == DeviceUse.Idle ? KernelResult.Done : Use.Settle(device)));
        return _devices[device.Id] = device;
    }

    public IEnumerable<ThinId> Thins => Simulated.ListThins(Context.Device).Value.Select(t => t.Id);

    public bool IsMounted(DeviceRecord device) => Simulated.Mounts().Value.Any(m =>
        m.Target == Context.MountOf(device) && Simulated.Find(Context.NameOf(device.Id)).Value.Number == m.Device);
}
