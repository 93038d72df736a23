using System.Collections.Immutable;
using System.Globalization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;
using static DmAgents.Domain.Pools.Deciding.Answers;

namespace DmAgents.Domain.Pools.Deciding;

/// <summary>Decides which base a snapshot or a view without a parent has.</summary>
internal static class BaseDecisions
{
    /// <summary>The base of that kind, with the event that creates it if it does not exist.</summary>
    public static Decision.Refused? For(
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

    /// <summary>One base per file system and size: "ext4-10737418240".</summary>
    private static string BaseName(FileSystemKind fileSystem, ByteSize size) =>
        string.Create(CultureInfo.InvariantCulture, $"{fileSystem}-{size.Bytes}").ToLowerInvariant();
}
