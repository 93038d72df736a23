using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Testing.Contracts;
using DmAgents.Testing.Simulation;
using Xunit;

namespace DmAgents.Testing.Docker;

/// <summary>A host on which a Docker had a pool of loop files: base 1, a layer 2, a container 3. It has
/// ended.</summary>
public sealed class DockerWorld
{
    public static readonly MountPath DataRoot = new("/var/lib/docker");
    public static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    public static readonly TransactionId Transaction = new(3);
    public static readonly ByteSize DeviceSize = ByteSize.MiB(64);

    /// <param name="kernel">Of the host; null: a host of its own.</param>
    /// <param name="features">Of the base's file system; none: those of the agent's own.</param>
    public DockerWorld(SimulatedKernel? kernel = null, params string[] features)
    {
        Kernel = kernel ?? new SimulatedKernel();
        Kernel.EnsureDirectory(Request.Directory).Must();
        Kernel.CreateFile(Request.Data, ByteSize.GiB(1)).Must();
        Kernel.CreateFile(Request.Metadata, ByteSize.MiB(16)).Must();
        Assemble();
        Kernel.CreateThin(DockerPool, new ThinId(1)).Must();
        var device = Activate(1);
        (features.Length == 0
            ? Kernel.Format(device.Path, FileSystemKind.Ext4)
            : Kernel.FormatByAnother(device.Path, FileSystemKind.Ext4, features)).Must();
        Kernel.Mount(device.Path, new MountPath("/run/docker"), FileSystemKind.Ext4, readOnly: false).Must();
        Kernel.WriteFile(new MountPath("/run/docker"), "id", "x"u8).Must();
        Kernel.WriteFile(new MountPath("/run/docker"), "rootfs/file", "content"u8).Must();
        Kernel.Unmount(new MountPath("/run/docker"), detach: false).Must();
        Kernel.Remove(device, deferred: false).Must();
        Count(0);
        Kernel.CreateSnapshot(DockerPool, new ThinId(2), new ThinId(1)).Must();
        Count(1);
        Kernel.CreateSnapshot(DockerPool, new ThinId(3), new ThinId(2)).Must();
        Count(2);
        End();
    }

    public static DockerPoolRequest Request { get; } = new(DataRoot, ThinPool: null);

    public SimulatedKernel Kernel { get; }

    public MappedName DockerPool => DockerNames.Pool(Kernel.Identify(Request.Directory).Must());

    public DockerPool.Found Found() =>
        Assert.IsType<DockerPool.Found>(new DockerPoolInspection(Kernel, Request).Look());

    public Refusal Refused() =>
        Assert.IsType<DockerPool.Refused>(new DockerPoolInspection(Kernel, Request).Look()).Refusal;

    /// <summary>As Docker does when it starts.</summary>
    public void Assemble() => Kernel.OpenPool(new ThinPoolTable(
        DockerPool, new MappedUuid(""), Kernel.AttachLoop(Request.Metadata).Must(),
        Kernel.AttachLoop(Request.Data).Must(),
        ByteSize.GiB(1).Sectors, PoolBlockSize.Default, LowWaterMark: 32768)).Must();

    public MappedName Activate(uint id)
    {
        var name = new MappedName($"{DockerNames.Prefix(Kernel.Identify(Request.Directory).Must())}{id}");
        Kernel.ActivateThin(new ThinTable(
            name, new MappedUuid(""), DockerPool, new ThinId(id), DeviceSize.Sectors, ReadOnly: false)).Must();
        return name;
    }

    /// <summary>As Docker does when it stops.</summary>
    public void End()
    {
        Kernel.ClosePool(DockerPool).Must();
        Kernel.DetachLoop(Request.Data).Must();
        Kernel.DetachLoop(Request.Metadata).Must();
    }

    public PoolCommands.TakeOver Command(RequestId request, PoolName name, PoolUuid uuid)
    {
        var found = Found();
        return new PoolCommands.TakeOver(
            request, uuid, name, found.Backing, found.Content.BlockSize, FileSystemKind.Ext4, DeviceSize,
            found.Content.TransactionId, [.. found.Content.Thins.Select(thin => thin.Id)], "Docker", Request.Directory,
            [
                Device(1, new DeviceKey(DeviceKey.BaseSpace, "docker"), DeviceKind.Base, parent: null)
                    with { Root = null },
                Device(2, DeviceKey.Layer("sha256:a"), DeviceKind.Layer, parent: 1),
                Device(3, DeviceKey.Container("web"), DeviceKind.Container, parent: 2),
            ],
            [new AdoptedImage(new ImageReference("app:1"), new ThinId(2), "sha256:c0", "{}")], At);
    }

    private void Count(ulong from) =>
        Kernel.SetTransactionId(DockerPool, new TransactionId(from), new TransactionId(from + 1)).Must();

    private static DeviceRecord Device(uint id, DeviceKey key, DeviceKind kind, uint? parent) => new(
        new ThinId(id), key, kind, DevicePhase.Ready, parent is { } below ? new ThinId(below) : null, Source: null,
        DeviceSize, FileSystemKind.Ext4, DeviceUse.Idle, ReadOnly: false,
        ImmutableSortedDictionary<string, string>.Empty, At, At)
    {
        Root = "rootfs",
    };
}
