using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Serialization;

/// <summary>A pool's state in the snapshot store: what cannot be derived of it.</summary>
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
            .Select(r => new RequestDocument(r, state.Requests.Subjects[r]))]);

    public PoolState ToState()
    {
        var owned = Devices.Where(d => d.Phase != DevicePhase.Removing).ToList();
        return new PoolState(
            Identity,
            Devices.ToImmutableDictionary(d => d.Id),
            owned.ToImmutableDictionary(d => d.Key, d => d.Id),
            owned.Where(d => d.Parent is not null).CountBy(d => d.Parent!.Value).ToImmutableDictionary(),
            Images.ToImmutableDictionary(i => i.Reference),
            [.. Purging],
            new ThinIdLedger(NextId, Quarantine.ToImmutableSortedDictionary(q => q.Id, q => q)),
            Checkpoint,
            Requests.Aggregate(RequestLog.Empty, (log, r) => log.With(r.Request, r.Subject)))
        {
            WasOpened = WasOpened,
        };
    }
}

internal sealed record RequestDocument(RequestId Request, ThinId? Subject);
