using DmAgents.Actors.Pools;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using Google.Protobuf.WellKnownTypes;
using DeviceKind = DmAgents.Api.Admin.V1.DeviceKind;
using PoolState = DmAgents.Api.Admin.V1.PoolState;

namespace DmAgents.Agent.Services;

/// <summary>The domain's words in the API's.</summary>
internal static class Views
{
    public static Timestamp Time(DateTimeOffset at) => Timestamp.FromDateTimeOffset(at);

    public static Space Space(BlockUsage usage) => new()
    {
        UsedBytes = usage.UsedBytes.Bytes, TotalBytes = usage.TotalBytes.Bytes, FreeBytes = usage.FreeBytes.Bytes,
    };

    public static FileSystem FileSystem(FileSystemKind kind) =>
        kind == FileSystemKind.Xfs ? Api.Admin.V1.FileSystem.Xfs : Api.Admin.V1.FileSystem.Ext4;

    public static DeviceKind Kind(Domain.Devices.DeviceKind kind) => kind switch
    {
        Domain.Devices.DeviceKind.Base => DeviceKind.Base,
        Domain.Devices.DeviceKind.Layer => DeviceKind.Layer,
        Domain.Devices.DeviceKind.Container => DeviceKind.Container,
        _ => throw new InvalidOperationException($"a device of no known kind: {kind}"),
    };

    public static DeviceState State(DeviceRecord device) => device.Phase switch
    {
        DevicePhase.Creating => DeviceState.Creating,
        DevicePhase.Removing => DeviceState.Removing,
        DevicePhase.Lost => DeviceState.Lost,
        _ => device.Use switch
        {
            DeviceUse.Mounted => DeviceState.Mounted,
            DeviceUse.Active => DeviceState.Active,
            _ => DeviceState.Idle,
        },
    };

    public static PoolState State(PoolPicture pool) => pool.Phase switch
    {
        PoolPhase.WrongPool => PoolState.WrongPool,
        PoolPhase.Unavailable => PoolState.Failed,
        PoolPhase.Opening => PoolState.Opening,
        _ => pool.Health?.Condition switch
        {
            PoolCondition.Writable => PoolState.Writable,
            PoolCondition.LowData => PoolState.LowData,
            PoolCondition.LowMetadata => PoolState.LowMetadata,
            PoolCondition.OutOfData => PoolState.OutOfData,
            PoolCondition.ReadOnly => PoolState.ReadOnly,
            PoolCondition.NeedsCheck => PoolState.NeedsCheck,
            PoolCondition.Failed => PoolState.Failed,
            _ => PoolState.Opening,
        },
    };

    public static string MountPath(PoolPicture pool, DeviceRecord device) =>
        device.Use == DeviceUse.Mounted ? pool.Paths.MountOf(device.Key).Value : "";

    public static string DevicePath(PoolPicture pool, DeviceRecord device) =>
        device.Use == DeviceUse.Idle ? "" : DeviceNames.Thin(pool.Name, device.Id).Path.Value;

    /// <summary>What lies above a device in the lineage is in use of it: who that is, by key.</summary>
    public static IEnumerable<DeviceRecord> ChildrenOf(Domain.Pools.PoolState state, ThinId id) =>
        state.Devices.Values.Where(d => d.Parent == id && d.Phase != DevicePhase.Removing).OrderBy(d => d.Id);

    public static Container Container(PoolPicture pool, DeviceRecord device, Usages usages)
    {
        var blockSize = pool.State.Identity!.BlockSize;
        var mapped = usages.MappedBytes(device.Id, blockSize);
        var container = new Container
        {
            Name = device.Key.Name,
            Pool = pool.Name.Value,
            Image = device.Labels.GetValueOrDefault(DeviceLabels.Image, ""),
            Parent = ParentKey(pool, device),
            ThinId = device.Id.Value,
            State = State(device),
            SizeBytes = device.Size.Bytes,
            MappedBytes = mapped,
            FileSystem = FileSystem(device.FileSystem),
            MountPath = MountPath(pool, device),
            ReadOnly = device.ReadOnly,
            DevicePath = DevicePath(pool, device),
            DmName = DeviceNames.Thin(pool.Name, device.Id).Value,
            CreatedAt = Time(device.CreatedAt),
        };
        container.Labels.Add(device.Labels);
        if (usages.ExclusiveBytes(device.Id, blockSize) is { } exclusive)
        {
            container.ExclusiveBytes = exclusive;
            container.SharedBytes = mapped - exclusive;
        }
        return container;
    }

    public static Layer Layer(PoolPicture pool, DeviceRecord device, Usages usages)
    {
        var blockSize = pool.State.Identity!.BlockSize;
        var layer = new Layer
        {
            Pool = pool.Name.Value,
            Key = KeyText(device.Key),
            Kind = Kind(device.Kind),
            Parent = ParentKey(pool, device),
            ThinId = device.Id.Value,
            SizeBytes = device.Size.Bytes,
            MappedBytes = usages.MappedBytes(device.Id, blockSize),
            State = State(device),
            MountPath = MountPath(pool, device),
            DevicePath = DevicePath(pool, device),
            CreatedAt = Time(device.CreatedAt),
            FileSystem = FileSystem(device.FileSystem),
        };
        layer.Labels.Add(device.Labels);
        if (usages.ExclusiveBytes(device.Id, blockSize) is { } exclusive)
            layer.ExclusiveBytes = exclusive;
        layer.References.Add(pool.State.ImagesOf(device.Id).Select(i => i.Reference.Value).Order(StringComparer.Ordinal));
        layer.Children.Add(ChildrenOf(pool.State, device.Id).Select(c => KeyText(c.Key)));
        return layer;
    }

    /// <summary>Layers and containers go by their own names; what lives in another space is shown with it.</summary>
    public static string KeyText(DeviceKey key) =>
        key.Space is DeviceKey.LayerSpace or DeviceKey.ContainerSpace ? key.Name : key.ToString();

    private static string ParentKey(PoolPicture pool, DeviceRecord device) =>
        device.Parent is { } id && pool.State.Devices.TryGetValue(id, out var parent) ? KeyText(parent.Key) : "";
}
