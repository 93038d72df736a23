using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;
using static DmAgents.Domain.Pools.Deciding.Answers;
using static DmAgents.Domain.Pools.Deciding.Requirements;

namespace DmAgents.Domain.Pools.Deciding;

/// <summary>Decides the creation of a writable snapshot: of a committed layer, or of a base.</summary>
internal static class SnapshotDecisions
{
    public static Decision Create(PoolState state, PoolHealth? health, PoolCommands.CreateSnapshot c)
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

    private static Decision SnapshotOfBase(
        PoolState state, PoolHealth health, PoolCommands.CreateSnapshot c, string what)
    {
        var fileSystem = c.FileSystem ?? state.Identity!.FileSystem;
        var size = c.Size ?? state.Identity!.BaseSize;
        if (BadSize(size, ByteSize.Zero, health, what, c.Key) is { } bad)
            return bad;
        var baseSize = size < state.Identity!.BaseSize ? size : state.Identity.BaseSize;
        if (BaseDecisions.For(state, fileSystem, baseSize, c.At, what, c.Key, out var source, out var made) is { } no)
            return no;
        return Snapshot(state.After(made), c, what, source, fileSystem, size, made);
    }

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

    private static string WhatCreates(DeviceKey key) =>
        key.ContainerdNamespace is not null ? "cannot create snapshot"
        : key.Space == DeviceKey.ContainerSpace ? "cannot create container"
        : $"cannot create {key.Space}";
}
