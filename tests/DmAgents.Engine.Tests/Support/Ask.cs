using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;

namespace DmAgents.Engine.Tests.Support;

/// <summary>Commands, each with its own request id.</summary>
internal static class Ask
{
    public static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public static readonly ByteSize BaseSize = ByteSize.MiB(64);

    private static readonly ImmutableSortedDictionary<string, string> NoLabels =
        ImmutableSortedDictionary<string, string>.Empty;

    public static PoolCommands.Initialize ToInitialize { get; } = Initialize(TestHost.PoolName, TestHost.PoolUuid);

    public static RequestId NewRequest() => new(Guid.NewGuid());

    public static DeviceKey Container(string name) => DeviceKey.Container(name);

    public static DeviceKey Layer(string name) => DeviceKey.Layer("sha256:" + name);

    public static PoolCommands.Initialize Initialize(PoolName name, PoolUuid uuid, PoolBacking? backing = null) => new(
        NewRequest(), uuid, name, backing ?? TestHost.Backing, PoolBlockSize.Default, FileSystemKind.Ext4, BaseSize,
        At);

    public static PoolCommands.CreateSnapshot Create(
        string name, DeviceKey? parent = null, DeviceUse use = DeviceUse.Idle, ByteSize? size = null) =>
        new(NewRequest(), Container(name), parent, size, FileSystem: null, use, NoLabels, At);

    public static PoolCommands.CreateSnapshot CreateStock(string name, DeviceKey parent) => new(
        NewRequest(), DeviceKey.Stock(name), parent, Size: null, FileSystem: null, DeviceUse.Active, NoLabels, At);

    public static PoolCommands.SetSpares Spares(params DevicePath[] disks) => new(NewRequest(), [.. disks], At);

    public static PoolCommands.SetLabels Label(DeviceKey key, string name, string value) =>
        new(NewRequest(), key, Replace: false, NoLabels.Add(name, value), [], At);

    public static PoolCommands.CreateView View(string name, DeviceKey? parent) =>
        new(NewRequest(), View(name), parent, FileSystem: null, NoLabels, At);

    public static DeviceKey View(string name) => DeviceKey.Containerd("default", name);

    /// <summary>On a layer, or blank.</summary>
    public static PoolCommands.Receive Receive(DeviceKey key, DeviceKey? above, ByteSize? size = null) =>
        new(NewRequest(), key, above, above, size ?? BaseSize, FileSystemKind.Ext4, At);

    public static PoolCommands.Commit Commit(string name, DeviceKey to) =>
        new(NewRequest(), Container(name), to, NoLabels, At);

    public static PoolCommands.CommitLive CommitLive(string name, DeviceKey to) =>
        new(NewRequest(), Container(name), to, NoLabels, At);

    public static PoolCommands.SetUse Use(DeviceKey key, DeviceUse use, bool readOnly = false) =>
        new(NewRequest(), key, use, readOnly, At);

    public static PoolCommands.SetUse Mount(string name) => Use(Container(name), DeviceUse.Mounted);

    public static PoolCommands.SetUse Unmount(string name) => Use(Container(name), DeviceUse.Idle);

    public static PoolCommands.Remove Remove(DeviceKey key, bool force = false) => new(NewRequest(), key, force, At);

    public static PoolCommands.Remove Remove(string name, bool force = false) => Remove(Container(name), force);

    public static PoolCommands.Resize Resize(string name, ByteSize size) =>
        new(NewRequest(), Container(name), size, At);

    public static PoolCommands.TagImage Tag(string reference, DeviceKey top) =>
        new(NewRequest(), new ImageReference(reference), top, "sha256:config", "{}", At);

    public static PoolCommands.UntagImage Untag(string reference) =>
        new(NewRequest(), new ImageReference(reference), At);

    public static PoolCommands.Grow Grow(PoolBacking backing) => new(NewRequest(), backing, At);

    public static PoolCommands.Purge Purge(ThinId id) => new(NewRequest(), id, At);

    public static PoolCommands.Undelete Undelete(ThinId id, DeviceKey key, ByteSize size) =>
        new(NewRequest(), id, key, size, FileSystemKind.Ext4, At);
}
