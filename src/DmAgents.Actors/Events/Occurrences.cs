using System.Collections.Immutable;
using System.Globalization;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Events;

/// <summary>Describes journal events in words.</summary>
internal static class Occurrences
{
    private static readonly ImmutableSortedDictionary<string, string> Nothing =
        ImmutableSortedDictionary<string, string>.Empty;

    public static HostOccurrence Of(PoolPhaseNotice notice)
    {
        var phase = notice.Phase.ToString().ToLowerInvariant();
        return new HostOccurrence(
            notice.At, notice.Pool.Value, notice.Pool.Value, $"pool-{phase}",
            $"the pool is {phase}" + (notice.Reason.Length == 0 ? "" : $": {notice.Reason}"), Nothing);
    }

    /// <summary>Null for events that operators need not see, such as checkpoints.</summary>
    public static HostOccurrence? Of(PoolName pool, PoolNotice notice)
    {
        var told = Tell(pool.Value, notice);
        return told is not { } text ? null : new HostOccurrence(
            notice.Event.At, pool.Value, text.Subject, text.Type, text.Text, text.Detail ?? Nothing);
    }

    private static Told? Tell(string pool, PoolNotice notice) => notice.Event switch
    {
        PoolEvents.Initialized e => new(e.Name.Value, "pool-created", $"pool {e.Name} is made"),
        PoolEvents.Adopted e => new(e.Identity.Name.Value, "pool-adopted",
            $"pool {e.Identity.Name} is adopted: its journal begins anew with what the pool has"),
        PoolEvents.DeviceAdopted e => new(e.Device.Key.Name, $"{Kind(e.Device.Kind)}-adopted",
            $"{Kind(e.Device.Kind)} {e.Device.Key.Name} is taken over as thin id {e.Device.Id}", Id(e.Device.Id)),
        PoolEvents.BaseIntended e => new(e.Key.Name, "base-intended",
            $"base {e.Key.Name} is to be formatted", Id(e.Id)),
        PoolEvents.SnapshotIntended e => new(e.Key.Name, $"{Kind(e.Kind)}-intended",
            $"{Kind(e.Kind)} {e.Key.Name} is to be made as thin id {e.Id}, a snapshot of {e.Source}", Id(e.Id)),
        PoolEvents.ReceptionIntended e => new(e.Key.Name, "reception-intended",
            $"a layer of another host is to be received as thin id {e.Id}"
                + (e.Source is { } source ? $", upon {source}" : ""), Id(e.Id)),
        PoolEvents.ContentNoted e => OfDevice(e.Id, notice, "content-noted", $"has the content {e.Content}"),
        PoolEvents.Created e => OfDevice(e.Id, notice, "created", "is in the pool"),
        PoolEvents.CreationFailed e => new(e.Id.ToString(), "creation-failed",
            $"thin id {e.Id} was not made: {e.Why}{(e.InDoubt ? "; it is in quarantine" : "")}", Id(e.Id)),
        PoolEvents.UseChanged e => OfDevice(e.Id, notice,
            e.Use switch
            {
                DeviceUse.Mounted => "mount-intended",
                DeviceUse.Active => "activation-intended",
                _ => "idle-intended"
            },
            $"is to be {e.Use.ToString().ToLowerInvariant()}"),
        PoolEvents.ResizeIntended e => OfDevice(e.Id, notice, "resize-intended", $"is to have {e.Size}"),
        PoolEvents.Resized e => OfDevice(e.Id, notice, "resized", $"has {e.Size}"),
        PoolEvents.Committed e => new(e.Key.Name, "layer-committed", $"layer {e.Key.Name} is committed", Id(e.Id)),
        PoolEvents.Claimed e => new(e.Key.Name, "container-claimed",
            $"container {e.Key.Name} is thin id {e.Id}, which was ready-made", Id(e.Id)),
        PoolEvents.ViewAdded e => new(e.Key.Name, "view-added",
            $"view {e.Key.Name} shows thin id {e.Source}", Id(e.Source)),
        PoolEvents.ViewRemoved e => new(e.Key.Name, "view-removed", $"view {e.Key.Name} is gone"),
        PoolEvents.LabelsChanged e => new(e.Key.Name, "labels-changed", $"{e.Key.Name} has other labels"),
        PoolEvents.RemovalIntended e => OfDevice(e.Id, notice, "removed", "is gone; its blocks are on their way back"),
        PoolEvents.Removed e => new(e.Id.ToString(), "blocks-returned",
            $"thin id {e.Id} and its blocks are free", Id(e.Id)),
        PoolEvents.Lost e => OfDevice(e.Id, notice, "lost", "is not in the pool although the journal knows it"),
        PoolEvents.Quarantined e => new(e.Id.ToString(), "quarantined",
            $"thin id {e.Id}: {e.Why}"
                + (e.Hint is { } hint ? $"; it may be {hint.Key.Space} {hint.Key.Name}" : ""), Id(e.Id)),
        PoolEvents.Purged e => new(e.Id.ToString(), "purged", $"thin id {e.Id} has left the quarantine", Id(e.Id)),
        PoolEvents.Undeleted e => new(e.Key.Name, "undeleted", $"thin id {e.Id} has an owner again", Id(e.Id)),
        PoolEvents.ImageTagged e => new(e.Reference.Value, "image-tagged", $"{e.Reference} is {e.ConfigDigest}"),
        PoolEvents.ImageUntagged e => new(e.Reference.Value, "image-removed", $"{e.Reference} is no image any more"),
        PoolEvents.ConditionChanged e => new(pool, $"pool-{Words(e.To)}",
            $"the pool is {Words(e.To).Replace('-', ' ')}, it was {Words(e.From).Replace('-', ' ')}: {e.Why}"),
        PoolEvents.Trimmed e => new(pool, "pool-trimmed",
            $"{e.FileSystems} file systems were trimmed: the pool has {e.GivenBack} back"
                + (e.Unmapped is { } unmapped ? $" of {unmapped} that they do not map any more" : "")),
        PoolEvents.SparesChanged e => new(pool, "spares-changed",
            e.Spares.IsEmpty
                ? "the pool has no spare disk any more"
                : $"the pool may be extended by {string.Join(", ", e.Spares)}"),
        PoolEvents.Found e => OfDevice(e.Id, notice, "found", "is in the pool again"),
        PoolEvents.CheckCleared => new(pool, "pool-checked",
            "the pool's metadata are sound, and the kernel's demand for a check is cleared"),
        PoolEvents.MetadataReplaced e => new(pool, "metadata-replaced",
            (e.Backup is null
                ? "the pool has repaired metadata"
                : $"the pool has the metadata of backup {e.Backup}")
            + (notice.Kept is null ? "" : $"; those it had are kept: {notice.Kept}")),
        PoolEvents.KeptMetadataDiscarded => new(pool, "kept-metadata-discarded",
            "the metadata that others have replaced are gone"),
        PoolEvents.BackedUp e => new(pool, "metadata-backed-up",
            $"backup {e.Name} of the pool's metadata, with {e.Thins} thin devices, takes {e.Size}; made in "
            + $"{e.Took.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s"),
        PoolEvents.BackupFailed e => new(pool, "metadata-backup-failed",
            $"the pool's metadata were not backed up: {e.Why}"),
        PoolEvents.BackupProved e => new(pool, "metadata-backup-proved",
            $"backup {e.Name} of the pool's metadata was restored on a copy, and is sound; it took "
            + $"{e.Took.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s"),
        PoolEvents.BackupNotProved e => new(pool, "metadata-backup-not-proved",
            $"backup {e.Name} of the pool's metadata is not proved to be restorable: {e.Why}"),
        PoolEvents.TakenOver e => new(pool, "pool-taken-over",
            $"the pool was {e.Program}'s in {e.Directory} until now; it can be given back until that is confirmed"),
        PoolEvents.TakeoverConfirmed => new(pool, "pool-takeover-confirmed",
            $"the pool is the agent's for good, and {notice.Program}'s no more"),
        PoolEvents.ReturnIntended => new(pool, "pool-return-intended",
            $"the pool is to be given back to {notice.Program}"),
        PoolEvents.Returned => new(pool, "pool-returned",
            $"the pool is as {notice.Program} left it"),
        PoolEvents.BackingChanged => new(pool, "pool-growing", "the pool is made of more"),
        _ => null,
    };

    private static Told OfDevice(ThinId id, PoolNotice notice, string what, string text)
    {
        var device = notice.Device;
        var kind = device is null ? "device" : Kind(device.Kind);
        var name = device?.Key.Name ?? id.ToString();
        return new Told(name, $"{kind}-{what}", $"{kind} {name} {text}", Id(id));
    }

    private static string Words(PoolCondition condition) => condition switch
    {
        PoolCondition.Writable => "writable",
        PoolCondition.LowData => "low-on-data",
        PoolCondition.LowMetadata => "low-on-metadata",
        PoolCondition.OutOfData => "out-of-data",
        PoolCondition.ReadOnly => "read-only",
        PoolCondition.NeedsCheck => "in-need-of-a-check",
        _ => "failed",
    };

    private static string Kind(DeviceKind kind) => kind.ToString().ToLowerInvariant();

    private static ImmutableSortedDictionary<string, string> Id(ThinId id) => Nothing.Add("thin_id", id.ToString());

    private sealed record Told(
        string Subject, string Type, string Text, ImmutableSortedDictionary<string, string>? Detail = null);
}
