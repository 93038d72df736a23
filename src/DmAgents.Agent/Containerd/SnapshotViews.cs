using DmAgents.Actors.Pools;
using DmAgents.Api.Containerd.Snapshots.V1;
using DmAgents.Api.Containerd.Types;
using DmAgents.Domain.Devices;
using Google.Protobuf.WellKnownTypes;

namespace DmAgents.Agent.Containerd;

/// <summary>Devices and views of a pool in containerd's terms.</summary>
internal static class SnapshotViews
{
    /// <summary>Every snapshot that containerd owns, or of one of its namespaces, by key.</summary>
    public static IEnumerable<Info> All(PoolContents state, string? containerdNamespace)
    {
        var space = containerdNamespace is null ? null : DeviceKey.Containerd(containerdNamespace, "").Space;
        bool IsMeant(DeviceKey key) => space is null
            ? key.ContainerdNamespace is not null && SnapshotKeys.IsKnownByKeyAlone(key)
            : key.Space == space;
        var devices = state.Keys.Where(k => IsMeant(k.Key)).Select(k => Of(state, state.Devices[k.Value]));
        var views = state.Views.Values.Where(v => IsMeant(v.Key)).Select(v => Of(state, v));
        return devices.Concat(views).OrderBy(info => info.Name, StringComparer.Ordinal);
    }

    public static Info? Find(PoolContents state, DeviceKey key) =>
        state.Views.TryGetValue(key, out var view) ? Of(state, view)
        : state.Find(key) is { } device ? Of(state, device)
        : null;

    public static Mount MountOf(PoolPicture pool, DeviceRecord device, bool isView)
    {
        var mount = new Mount
        {
            Type = SnapshotLabels.NameOf(device.FileSystem), Source = DeviceNames.Thin(pool.Name, device.Id).Path.Value,
        };
        var isXfs = device.FileSystem == FileSystemKind.Xfs;
        // Every snapshot has its origin's file system uuid.
        if (isXfs)
            mount.Options.Add("nouuid");
        if (isView)
            mount.Options.Add("ro");
        // The device accepts no writes, and a snapshot of a frozen xfs has a log to replay. The log's content is on the
        // disk as well: freezing wrote it back.
        if (isView && isXfs)
            mount.Options.Add("norecovery");
        return mount;
    }

    private static Info Of(PoolContents state, DeviceRecord device) => Of(
        device.Key, device.Kind == DeviceKind.Layer ? Kind.Committed : Kind.Active,
        ParentName(state, device.Parent), device.CreatedAt, device.UpdatedAt, device.Labels);

    private static Info Of(PoolContents state, ViewRecord view) => Of(
        view.Key, Kind.View, ParentName(state, view.Source), view.CreatedAt, view.UpdatedAt, view.Labels);

    private static Info Of(
        DeviceKey key, Kind kind, string parent, DateTimeOffset created, DateTimeOffset updated,
        IEnumerable<KeyValuePair<string, string>> labels)
    {
        var info = new Info
        {
            Name = key.Name, Kind = kind, Parent = parent,
            CreatedAt = Timestamp.FromDateTimeOffset(created), UpdatedAt = Timestamp.FromDateTimeOffset(updated),
        };
        foreach (var (name, value) in labels)
            info.Labels.Add(name, value);
        return info;
    }

    /// <summary>The base belongs to the agent: for containerd a snapshot of it has no parent.</summary>
    private static string ParentName(PoolContents state, ThinId? parent) =>
        parent is { } id && state.Devices.GetValueOrDefault(id) is { Kind: not DeviceKind.Base } device
            ? device.Key.Name
            : "";
}
