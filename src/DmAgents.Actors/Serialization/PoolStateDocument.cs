using System.Collections.Immutable;
using System.Text.Json.Serialization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Pools.Takeover;

namespace DmAgents.Actors.Serialization;

/// <summary>A pool's state in the snapshot store: the parts that cannot be derived.</summary>
internal sealed record PoolStateDocument(
    PoolIdentity? Identity,
    bool WasOpened,
    ImmutableArray<DeviceRecord> Devices,
    ImmutableArray<ImageRecord> Images,
    ImmutableArray<ThinId> Purging,
    ThinId NextId,
    ImmutableArray<QuarantineRecord> Quarantine,
    Checkpoint Checkpoint,
    ImmutableArray<RequestDocument> Requests)
{
    /// <summary>Default in snapshots from before views existed.</summary>
    public ImmutableArray<ViewRecord> Views { get; init; }

    /// <summary>Null in snapshots from before conditions were journaled.</summary>
    public ConditionRecord? Condition { get; init; }

    /// <summary>Null in snapshots from before trimming existed.</summary>
    public TrimRecord? LastTrim { get; init; }

    /// <summary>Default in snapshots from before spares existed.</summary>
    public ImmutableArray<DevicePath> Spares { get; init; }

    /// <summary>Default in snapshots from before metadata could be replaced.</summary>
    public ImmutableArray<KeptMetadata> Kept { get; init; }

    /// <summary>Null in snapshots from before backups existed.</summary>
    public BackupRecord? LastBackup { get; init; }

    /// <summary>Null in snapshots from before backups were proved, and if none was.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SortedDictionary<string, BackupProof>? Proofs { get; init; }

    /// <summary>Null in snapshots from before pools could be taken over.</summary>
    public TakeoverRecord? Takeover { get; init; }

    /// <summary>By thin id. Null in snapshots from before contents were recorded, and if none was.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SortedDictionary<ThinId, ContentDigest>? Contents { get; init; }

    /// <summary>By reference. Null in snapshots from before the naming request of an image was recorded, and if none
    /// was.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SortedDictionary<string, RequestId>? NamedBy { get; init; }

    public static PoolStateDocument Of(PoolState state) => new(
        state.Identity,
        state.WasOpened,
        [.. state.Devices.Values.OrderBy(d => d.Id)],
        [.. state.Images.Values.OrderBy(i => i.Reference.Value, StringComparer.Ordinal)],
        [.. state.Purging.Order()],
        state.Ledger.Next,
        [.. state.Ledger.Quarantine.Values],
        state.Checkpoint,
        [.. state.Requests.Order.Where(state.Requests.Subjects.ContainsKey)
            .Select(r => new RequestDocument(r, state.Requests.Subjects[r]))])
    {
        Condition = state.Condition,
        LastTrim = state.LastTrim,
        Spares = state.Spares,
        Kept = state.Kept,
        LastBackup = state.LastBackup,
        Proofs = state.Proofs.ByName.IsEmpty ? null : new(state.Proofs.ByName, StringComparer.Ordinal),
        Takeover = state.Takeover,
        Contents = state.Contents.IsEmpty ? null : new(state.Contents),
        NamedBy = state.NamedBy.IsEmpty
            ? null
            : new(state.NamedBy.ToDictionary(name => name.Key.Value, name => name.Value), StringComparer.Ordinal),
        Views = [.. state.Views.Values.OrderBy(v => v.Key.ToString(), StringComparer.Ordinal)],
    };

    public PoolState ToState() => (PoolState.Empty with
    {
        Identity = Identity,
        WasOpened = WasOpened,
        Images = Images.ToImmutableDictionary(i => i.Reference),
        Purging = [.. Purging],
        Ledger = new ThinIdLedger(NextId, Quarantine.ToImmutableSortedDictionary(q => q.Id, q => q)),
        Checkpoint = Checkpoint,
        Condition = Condition ?? ConditionRecord.Initial,
        LastTrim = LastTrim,
        Spares = Spares.IsDefault ? [] : Spares,
        Kept = Kept.IsDefault ? [] : Kept,
        LastBackup = LastBackup,
        Proofs = (Proofs ?? []).Aggregate(
            BackupProofs.None, (proofs, proof) => proofs.With(proof.Key, proof.Value)),
        Takeover = Takeover,
        Contents = Contents?.ToImmutableDictionary() ?? ImmutableDictionary<ThinId, ContentDigest>.Empty,
        NamedBy = (NamedBy ?? []).ToImmutableDictionary(name => new ImageReference(name.Key), name => name.Value),
        Requests = Requests.Aggregate(RequestLog.Empty, (log, r) => log.With(r.Request, r.Subject)),
    }).Restored(Devices, Views.IsDefault ? [] : Views);
}

internal sealed record RequestDocument(RequestId Request, ThinId? Subject);
