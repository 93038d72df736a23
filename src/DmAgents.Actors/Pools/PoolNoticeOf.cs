using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Pools;

/// <summary>Creates notices: an event, and the part of the state that a reader needs to understand it.</summary>
internal static class PoolNoticeOf
{
    /// <param name="after">The state after the event; it may already include later events.</param>
    public static PoolNotice Event(long number, PoolEvent happened, PoolState after) =>
        new(number, happened, DeviceOf(happened, after) is { } id ? after.Devices.GetValueOrDefault(id) : null)
        {
            Program = happened is PoolEvents.TakeoverConfirmed or PoolEvents.ReturnIntended or PoolEvents.Returned
                ? after.Takeover?.Program
                : null,
            Kept = happened is PoolEvents.MetadataReplaced && !after.Kept.IsEmpty ? after.Kept[^1].ToString() : null,
        };

    /// <summary>The device that an event concerns; null if none.</summary>
    public static ThinId? DeviceOf(PoolEvent happened, PoolState state) => happened switch
    {
        PoolEvents.DeviceAdopted e => e.Device.Id,
        PoolEvents.BaseIntended e => e.Id,
        PoolEvents.SnapshotIntended e => e.Id,
        PoolEvents.ReceptionIntended e => e.Id,
        PoolEvents.ContentNoted e => e.Id,
        PoolEvents.Created e => e.Id,
        PoolEvents.CreationFailed e => e.Id,
        PoolEvents.UseChanged e => e.Id,
        PoolEvents.ResizeIntended e => e.Id,
        PoolEvents.Resized e => e.Id,
        PoolEvents.Committed e => e.Id,
        PoolEvents.Claimed e => e.Id,
        PoolEvents.ViewAdded e => e.Source,
        PoolEvents.LabelsChanged e => state.Find(e.Key)?.Id,
        PoolEvents.RemovalIntended e => e.Id,
        PoolEvents.Removed e => e.Id,
        PoolEvents.Lost e => e.Id,
        PoolEvents.Found e => e.Id,
        PoolEvents.Undeleted e => e.Id,
        _ => null,
    };

    /// <summary>The device that an event gives a key, and the key; null for an event that gives none.</summary>
    public static KeyValuePair<ThinId, DeviceKey>? KeyGivenBy(PoolEvent happened) => happened switch
    {
        PoolEvents.DeviceAdopted e => new(e.Device.Id, e.Device.Key),
        PoolEvents.BaseIntended e => new(e.Id, e.Key),
        PoolEvents.SnapshotIntended e => new(e.Id, e.Key),
        PoolEvents.ReceptionIntended e => new(e.Id, e.Key),
        PoolEvents.Committed e => new(e.Id, e.Key),
        PoolEvents.Claimed e => new(e.Id, e.Key),
        PoolEvents.Undeleted e => new(e.Id, e.Key),
        _ => null,
    };
}
