using System.Collections.Immutable;
using System.Globalization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools;

public static partial class PoolDecider
{
    private static string WhatCreates(DeviceKey key) =>
        key.ContainerdNamespace is not null ? "cannot create snapshot"
        : key.Space == DeviceKey.ContainerSpace ? "cannot create container"
        : $"cannot create {key.Space}";

    private static Decision CreateSnapshot(PoolState state, PoolHealth? health, PoolCommands.CreateSnapshot c)
    {
        var what = WhatCreates(c.Key);
        if (BadKey(state, what, c.Key) is { } bad)
            return bad;
        if (NoRoom(state, health, what, c.Key.Name) is { } full)
            return full;
        return c.Parent is { } parentKey
            ? SnapshotOfParent(state, health!, c, what, parentKey)
            : SnapshotOfBase(state, health!, c, what);
    }

    private static Decision.Refused? BadKey(PoolState state, string what, DeviceKey key)
    {
        // The journal writes a key as "space/name".
        if (key.Space.Contains('/', StringComparison.Ordinal) || key.Space.Length == 0 || key.Name.Length == 0)
            return No(RefusalKind.Invalid, what, key.Name,
                "a key's space has no '/', and neither part is empty", "choose another");
        return state.IsTaken(key) ? Taken(what, key) : null;
    }

    private static Decision SnapshotOfParent(
        PoolState state, PoolHealth health, PoolCommands.CreateSnapshot c, string what, DeviceKey parentKey)
    {
        if (CommittedParent(state, what, c.Key, parentKey, out var parent) is { } no)
            return no;
        var size = c.Size ?? parent.Size;
        if (BadSize(size, parent.Size, health, what, c.Key) is { } bad)
            return bad;
        // A snapshot from the stock lacks only an owner.
        if (c.Use == DeviceUse.Active && size == parent.Size && !c.Key.IsStock
            && state.ReadyStockOf(parent.Id).Take(1).ToArray() is [var ready])
            return Yes(ready, new PoolEvents.Claimed(c.Request, ready, c.Key, c.Labels, c.At));
        return Snapshot(state, c, what, parent, parent.FileSystem, size, before: []);
    }

    private static Decision.Refused? CommittedParent(
        PoolState state, string what, DeviceKey key, DeviceKey parentKey, out DeviceRecord parent)
    {
        parent = state.Find(parentKey)!;
        if (state.Views.ContainsKey(parentKey) || parent is { Kind: not DeviceKind.Layer })
        {
            var kind = parent is null ? "view" : parent.Kind.ToString().ToLowerInvariant();
            return No(RefusalKind.Invalid, what, key.Name, $"{parentKey} is a {kind}, not a committed layer",
                "commit it first: dmagent container commit");
        }
        if (parent is null)
            return Unknown(what, parentKey);
        if (parent.Phase == DevicePhase.Lost)
            return Lost(what, parentKey);
        return parent.Phase == DevicePhase.Creating ? Unsettled(what, parentKey) : null;
    }

    private static Decision SnapshotOfBase(
        PoolState state, PoolHealth health, PoolCommands.CreateSnapshot c, string what)
    {
        var fileSystem = c.FileSystem ?? state.Identity!.FileSystem;
        var size = c.Size ?? state.Identity!.BaseSize;
        if (BadSize(size, ByteSize.Zero, health, what, c.Key) is { } bad)
            return bad;
        var baseSize = size < state.Identity!.BaseSize ? size : state.Identity.BaseSize;
        if (BaseFor(state, fileSystem, baseSize, c.At, what, c.Key, out var source, out var made) is { } no)
            return no;
        return Snapshot(state.After(made), c, what, source, fileSystem, size, made);
    }

    /// <summary>The base of that kind, with the event that creates it if it does not exist.</summary>
    private static Decision.Refused? BaseFor(
        PoolState state, FileSystemKind fileSystem, ByteSize size, DateTimeOffset at, string what, DeviceKey wanted,
        out DeviceRecord source, out ImmutableArray<PoolEvent> made)
    {
        var key = new DeviceKey(DeviceKey.BaseSpace, BaseName(fileSystem, size));
        made = [];
        if (state.Find(key) is { } known)
        {
            source = known;
            return known.Phase == DevicePhase.Lost ? Lost(what, key) : null;
        }
        source = null!;
        if (BadBase(what, wanted, fileSystem, size) is { } bad)
            return bad;
        if (state.Ledger.Choose(state.Devices.ContainsKey) is not { } id)
            return NoIds(what, wanted);
        made =
        [
            new PoolEvents.BaseIntended(id, key, fileSystem, size, at)
            {
                Format = FileSystemFormat.Of(fileSystem).Name,
            },
        ];
        source = state.After(made).Devices[id];
        return null;
    }

    /// <summary>Refuses a size for which mkfs would fail with its usage text. Also for pools made before the agent
    /// checked this.</summary>
    private static Decision.Refused? BadBase(
        string what, DeviceKey wanted, FileSystemKind fileSystem, ByteSize size)
    {
        var format = FileSystemFormat.Of(fileSystem);
        var name = fileSystem.ToString().ToLowerInvariant();
        if (size < format.Least)
        {
            return No(RefusalKind.Invalid, what, wanted.Name,
                $"{name} needs {format.Least} at least, and {size} is what it would have",
                $"give a size of {format.Least} or more, another file system, or use a pool with larger bases");
        }
        return size > format.Most
            ? No(RefusalKind.Invalid, what, wanted.Name, $"{name} is made with {format.Most} at most, not with {size}",
                $"give a size of {format.Most} or less, and grow it afterwards")
            : null;
    }

    private static PoolState After(this PoolState state, IEnumerable<PoolEvent> events) =>
        events.Aggregate(state, (s, e) => s.Apply(e));

    private static Decision Snapshot(
        PoolState state, PoolCommands.CreateSnapshot c, string what, DeviceRecord source, FileSystemKind fileSystem,
        ByteSize size, ImmutableArray<PoolEvent> before)
    {
        if (state.Ledger.Choose(state.Devices.ContainsKey) is not { } id)
            return NoIds(what, c.Key);
        return new Decision.Accepted(before.Add(new PoolEvents.SnapshotIntended(
            c.Request, id, c.Key, DeviceKind.Container, source.Id, source.Id, size, fileSystem, c.Use,
            ReadOnly: false, c.Labels, c.At)), id);
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
        if (size > FileSystemFormat.LargestDevice)
        {
            return No(RefusalKind.Invalid, what, key.Name,
                $"{size} is more than the {FileSystemFormat.LargestDevice} that a block device can have",
                "give a smaller size");
        }
        return size > health.DataTotal
            ? No(RefusalKind.NoSpace, what, key.Name, $"{size} is more than the pool's {health.DataTotal}",
                "give a smaller size, or grow the pool: dmagent pool grow")
            : null;
    }

    /// <summary>Refuses what would fill a pool beyond its marks, or change a pool that takes no changes.</summary>
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
