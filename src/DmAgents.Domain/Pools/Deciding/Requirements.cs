using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;
using static DmAgents.Domain.Pools.Deciding.Answers;

namespace DmAgents.Domain.Pools.Deciding;

/// <summary>
/// What several topics require of a pool, a key, a size or a parent. Each member gives the refusal, or null if the
/// requirement is met.
/// </summary>
internal static class Requirements
{
    /// <summary>Refuses what would fill a pool beyond its marks, or change a pool that takes no changes.</summary>
    public static Decision.Refused? NoRoom(PoolState state, PoolHealth? health, string what, string subject)
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

    public static Decision.Refused? BadKey(PoolState state, string what, DeviceKey key)
    {
        // The journal writes a key as "space/name".
        if (key.Space.Contains('/', StringComparison.Ordinal) || key.Space.Length == 0 || key.Name.Length == 0)
            return No(RefusalKind.Invalid, what, key.Name,
                "a key's space has no '/', and neither part is empty", "choose another");
        return state.IsTaken(key) ? Taken(what, key) : null;
    }

    public static Decision.Refused? BadSize(
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

    public static Decision.Refused? CommittedParent(
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
}
