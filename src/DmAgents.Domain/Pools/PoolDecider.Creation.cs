using System.Collections.Immutable;
using System.Globalization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools;

public static partial class PoolDecider
{
    private static string WhatCreates(DeviceKey key) =>
        key.Space == DeviceKey.ContainerSpace ? "cannot create container" : $"cannot create {key.Space}";

    private static Decision CreateSnapshot(PoolState state, PoolHealth? health, PoolCommands.CreateSnapshot c)
    {
        var what = WhatCreates(c.Key);
        if (c.Kind is not (DeviceKind.Container or DeviceKind.View))
            return No(RefusalKind.Invalid, what, c.Key.Name, $"a {c.Kind} is not made by a snapshot", "ask for a container");
        // The journal writes a key as "space/name".
        if (c.Key.Space.Contains('/', StringComparison.Ordinal) || c.Key.Space.Length == 0 || c.Key.Name.Length == 0)
            return No(RefusalKind.Invalid, what, c.Key.Name, "a key's space has no '/', and neither part is empty", "choose another");
        if (state.Find(c.Key) is not null)
            return Taken(what, c.Key);
        if (NoRoom(state, health, what, c.Key.Name) is { } full)
            return full;
        return c.Parent is { } parentKey
            ? SnapshotOfParent(state, health!, c, what, parentKey)
            : SnapshotOfBase(state, health!, c, what);
    }

    private static Decision SnapshotOfParent(
        PoolState state, PoolHealth health, PoolCommands.CreateSnapshot c, string what, DeviceKey parentKey)
    {
        if (state.Find(parentKey) is not { } parent)
            return Unknown(what, parentKey);
        if (parent.Phase == DevicePhase.Lost)
            return Lost(what, parentKey);
        if (parent.Kind != DeviceKind.Layer)
        {
            return No(RefusalKind.Invalid, what, c.Key.Name, $"{parentKey} is a {parent.Kind}, not a committed layer",
                "commit it first: dmagent container commit");
        }
        if (parent.Phase == DevicePhase.Creating)
            return Unsettled(what, parentKey);
        var size = c.Size ?? parent.Size;
        if (BadSize(size, parent.Size, health, what, c.Key) is { } bad)
            return bad;
        return Snapshot(state, c, what, parent, parent.FileSystem, size, before: []);
    }

    private static Decision SnapshotOfBase(
        PoolState state, PoolHealth health, PoolCommands.CreateSnapshot c, string what)
    {
        var fileSystem = c.FileSystem ?? state.Identity!.FileSystem;
        var size = c.Size ?? state.Identity!.BaseSize;
        if (BadSize(size, ByteSize.Zero, health, what, c.Key) is { } bad)
            return bad;
        var baseSize = size < state.Identity!.BaseSize ? size : state.Identity.BaseSize;
        var key = new DeviceKey(DeviceKey.BaseSpace, BaseName(fileSystem, baseSize));
        if (state.Find(key) is { } known)
        {
            return known.Phase == DevicePhase.Lost
                ? Lost(what, key)
                : Snapshot(state, c, what, known, fileSystem, size, before: []);
        }
        if (state.Ledger.Choose(state.Devices.ContainsKey) is not { } id)
            return NoIds(what, c.Key);
        var intended = new PoolEvents.BaseIntended(id, key, fileSystem, baseSize, c.At);
        var withBase = state.Apply(intended);
        return Snapshot(withBase, c, what, withBase.Devices[id], fileSystem, size, before: [intended]);
    }

    private static Decision Snapshot(
        PoolState state, PoolCommands.CreateSnapshot c, string what, DeviceRecord source, FileSystemKind fileSystem,
        ByteSize size, ImmutableArray<PoolEvent> before)
    {
        if (state.Ledger.Choose(state.Devices.ContainsKey) is not { } id)
            return NoIds(what, c.Key);
        return new Decision.Accepted(before.Add(new PoolEvents.SnapshotIntended(
            c.Request, id, c.Key, c.Kind, source.Id, source.Id, size, fileSystem, c.Use,
            ReadOnly: c.Kind == DeviceKind.View, c.Labels, c.At)), id);
    }

    /// <summary>One base per file system and size: "ext4-10737418240".</summary>
    private static string BaseName(FileSystemKind fileSystem, ByteSize size) =>
        string.Create(CultureInfo.InvariantCulture, $"{fileSystem}-{size.Bytes}").ToLowerInvariant();

    private static Decision.Refused? BadSize(
        ByteSize size, ByteSize atLeast, PoolHealth health, string what, DeviceKey key)
    {
        if (size.Bytes == 0 || size.Bytes % SectorCount.BytesPerSector != 0)
        {
            return No(RefusalKind.Invalid, what, key.Name, $"a size of {size.Bytes} bytes",
                "give a size above zero that is a multiple of 512 bytes, such as 10GiB");
        }
        if (size < atLeast)
        {
            return No(RefusalKind.Invalid, what, key.Name, $"{size} is less than the {atLeast} of what lies below it",
                $"give {atLeast} or more, or no size");
        }
        return size > health.DataTotal
            ? No(RefusalKind.NoSpace, what, key.Name, $"{size} is more than the pool's {health.DataTotal}",
                "give a smaller size, or grow the pool: dmagent pool grow")
            : null;
    }

    /// <summary>Refuses what would make a pool fuller whose marks are reached, or that takes no changes at all.</summary>
    private static Decision.Refused? NoRoom(PoolState state, PoolHealth? health, string what, string subject)
    {
        var pool = state.Identity!.Name;
        var data = health?.Status.Data ?? default;
        var metadata = health?.Status.Metadata ?? default;
        return health?.Condition switch
        {
            null => No(RefusalKind.WrongState, what, subject, $"pool {pool} is not open", $"dmagent pool show {pool}"),
            PoolCondition.Writable => null,
            PoolCondition.LowData or PoolCondition.OutOfData => No(RefusalKind.NoSpace, what, subject,
                $"pool {pool} has {data.FreeBytes} of {data.TotalBytes} data free, below its mark",
                $"remove images or containers, trim, or grow it: dmagent pool grow {pool}"),
            PoolCondition.LowMetadata => No(RefusalKind.NoSpace, what, subject,
                $"pool {pool} has {metadata.FreeBytes} of {metadata.TotalBytes} metadata free, below its mark",
                $"remove images or containers, or grow the metadata: dmagent pool grow {pool} --metadata"),
            PoolCondition.ReadOnly => No(RefusalKind.WrongState, what, subject, $"pool {pool} is read-only",
                $"see why: dmagent pool show {pool}"),
            PoolCondition.NeedsCheck => No(RefusalKind.WrongState, what, subject,
                $"the kernel demands a check of pool {pool}'s metadata", $"dmagent pool check {pool}"),
            _ => No(RefusalKind.Failed, what, subject, $"pool {pool} has failed in the kernel",
                $"see the kernel's log, then: dmagent pool check {pool}"),
        };
    }

    private static Decision.Refused NoIds(string what, DeviceKey key) =>
        No(RefusalKind.NoSpace, what, key.Name, "all 2^24 thin ids of the pool are taken or in quarantine",
            "remove containers, or purge the quarantine: dmagent pool quarantine list");
}
