using DmAgents.Actors.Pools;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using Google.Protobuf.WellKnownTypes;
using DeviceKind = DmAgents.Api.Admin.V1.DeviceKind;
using PoolState = DmAgents.Api.Admin.V1.PoolState;

namespace DmAgents.Agent.Services;

/// <summary>Converts the domain's terms to the API's.</summary>
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

    /// <summary>The devices that use this one because they are above it in the lineage, by key.</summary>
    public static IEnumerable<DeviceRecord> ChildrenOf(PoolContents state, ThinId id) =>
        state.Devices.Values.Where(d => d.Parent == id && d.Phase != DevicePhase.Removing).OrderBy(d => d.Id);

    public static IEnumerable<ViewRecord> ViewsOf(PoolContents state, ThinId id) => state.ViewsOf(id) == 0
        ? []
        : state.Views.Values.Where(v => v.Source == id).OrderBy(v => v.Key.Name, StringComparer.Ordinal);

    public static Container Container(PoolPicture pool, DeviceRecord device, Usages usages)
    {
        var blockSize = pool.State.Identity!.BlockSize;
        var container = new Container
        {
            Name = KeyText.Of(device.Key),
            Pool = pool.Name.Value,
            Image = device.Labels.GetValueOrDefault(DeviceLabels.Image, ""),
            Parent = ParentKey(pool, device),
            ThinId = device.Id.Value,
            State = State(device),
            SizeBytes = device.Size.Bytes,
            FileSystem = FileSystem(device.FileSystem),
            MountPath = MountPath(pool, device),
            ReadOnly = device.ReadOnly,
            DevicePath = DevicePath(pool, device),
            DmName = DeviceNames.Thin(pool.Name, device.Id).Value,
            CreatedAt = Time(device.CreatedAt),
            Kind = DeviceKind.Container,
            ContainerdNamespace = device.Key.ContainerdNamespace ?? "",
            Root = device.Root ?? "",
        };
        container.Labels.Add(device.Labels);
        if (usages.Mapped(device.Id, blockSize) is not { } mapped)
            return container;
        container.MappedBytes = mapped;
        if (usages.ExclusiveBytes(device.Id, blockSize) is { } exclusive)
        {
            container.ExclusiveBytes = exclusive;
            container.SharedBytes = mapped - exclusive;
        }
        return container;
    }

    /// <summary>A view in terms of containers: its content is its source's, its labels are its owner's.</summary>
    public static Container Container(PoolPicture pool, ViewRecord view, Usages usages)
    {
        var source = pool.State.Devices[view.Source];
        var container = Container(pool, source, usages);
        container.Name = KeyText.Of(view.Key);
        container.Kind = DeviceKind.View;
        container.ContainerdNamespace = view.Key.ContainerdNamespace ?? "";
        container.Parent = KeyText.Of(source.Key);
        container.ReadOnly = true;
        container.CreatedAt = Time(view.CreatedAt);
        container.ClearExclusiveBytes();
        container.ClearSharedBytes();
        container.Labels.Clear();
        container.Labels.Add(view.Labels);
        return container;
    }

    public static Layer Layer(PoolPicture pool, ViewRecord view, Usages usages)
    {
        var source = pool.State.Devices[view.Source];
        var layer = Layer(pool, source, usages);
        layer.Key = KeyText.Of(view.Key);
        layer.Kind = DeviceKind.View;
        layer.ContainerdNamespace = view.Key.ContainerdNamespace ?? "";
        layer.Parent = KeyText.Of(source.Key);
        layer.CreatedAt = Time(view.CreatedAt);
        layer.ClearExclusiveBytes();
        layer.References.Clear();
        layer.Children.Clear();
        layer.Labels.Clear();
        layer.Labels.Add(view.Labels);
        return layer;
    }

    public static Layer Layer(PoolPicture pool, DeviceRecord device, Usages usages)
    {
        var blockSize = pool.State.Identity!.BlockSize;
        var layer = new Layer
        {
            Pool = pool.Name.Value,
            Key = KeyText.Of(device.Key),
            Kind = Kind(device.Kind),
            Parent = ParentKey(pool, device),
            ThinId = device.Id.Value,
            SizeBytes = device.Size.Bytes,
            State = State(device),
            MountPath = MountPath(pool, device),
            DevicePath = DevicePath(pool, device),
            CreatedAt = Time(device.CreatedAt),
            FileSystem = FileSystem(device.FileSystem),
            ContainerdNamespace = device.Key.ContainerdNamespace ?? "",
            Root = device.Root ?? "",
            ContentDigest = pool.State.ContentOf(device.Id)?.ToString() ?? "",
        };
        layer.Labels.Add(device.Labels);
        if (usages.Mapped(device.Id, blockSize) is { } mapped)
            layer.MappedBytes = mapped;
        if (usages.ExclusiveBytes(device.Id, blockSize) is { } exclusive)
            layer.ExclusiveBytes = exclusive;
        layer.References.Add(
            pool.State.ImagesOf(device.Id).Select(i => i.Reference.Value).Order(StringComparer.Ordinal));
        layer.Children.Add(ChildrenOf(pool.State, device.Id).Select(c => KeyText.Of(c.Key)));
        layer.Children.Add(ViewsOf(pool.State, device.Id).Select(v => KeyText.Of(v.Key)));
        return layer;
    }

    private static string ParentKey(PoolPicture pool, DeviceRecord device) =>
        device.Parent is { } id && pool.State.Devices.TryGetValue(id, out var parent) ? KeyText.Of(parent.Key) : "";
}
