using System.Collections.Immutable;
using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Fleet.Inventory;

/// <summary>
/// The fleet's knowledge of one host, and the only place that promises its space: two images that choose it at the same
/// time are answered one after the other. Immutable; only <see cref="Apply"/> changes it.
/// </summary>
public sealed record HostLedger(HostName Host)
{
    /// <summary>Null: never heard.</summary>
    public HostHearing? Hearing { get; private init; }

    public HostCapacity Capacity { get; private init; } = new([], "");

    /// <summary>Why the host is absent; null: it is present, or was never heard.</summary>
    public HostAbsence? Absence { get; private init; }

    /// <summary>Since when it is present or absent.</summary>
    public DateTimeOffset Since { get; private init; }

    public ImmutableArray<SpacePromise> Promises { get; private init; } = [];

    /// <summary>Restores a stored state.</summary>
    public HostLedger Restored(
        HostHearing? hearing, HostCapacity capacity, HostAbsence? absence, DateTimeOffset since,
        ImmutableArray<SpacePromise> promises) =>
        this with
        {
            Hearing = hearing, Capacity = capacity, Absence = absence, Since = since, Promises = promises,
        };

    public bool IsThere => Hearing is { Gone: false };

    /// <summary>The promised space of a pool at this time.</summary>
    public PoolSpace PromisedOf(PoolName pool, DateTimeOffset at) =>
        Promises.Where(promise => promise.Pool == pool && promise.Until > at)
            .Aggregate(default(PoolSpace), (sum, promise) => sum + promise.Space);

    /// <summary>The host as a place for a copy; null: it is absent, or none of its pools admits layers.</summary>
    public HostOffer? Offer(DateTimeOffset at) => !IsThere
        ? null
        : Capacity.Pools.Where(pool => pool.Admits)
            .Select(pool => new HostOffer(
                Host, Hearing!.Last.Incarnation, pool.Pool, pool.Total, pool.Free, PromisedOf(pool.Pool, at),
                HeldLayers: 0))
            .MaxBy(Placement.RoomPermille);

    /// <exception cref="InvalidOperationException">An event of an unknown kind.</exception>
    public HostLedger Apply(HostLedgerEvent e) => e switch
    {
        HostLedgerEvents.Announced announced => this with
        {
            Hearing = new HostHearing(announced.Stamp, Gone: false),
            Capacity = announced.Capacity,
            Absence = null,
            Since = IsThere ? Since : announced.At,
            // A new incarnation does not continue the copies of the one before.
            Promises = Hearing?.Last.Incarnation == announced.Stamp.Incarnation ? Promises : [],
        },
        HostLedgerEvents.Gone gone => this with
        {
            Hearing = HostHearing.AfterGone(Hearing, gone.Incarnation) ?? Hearing,
            Absence = gone.Absence,
            Since = gone.At,
            Promises = [],
        },
        HostLedgerEvents.Promised promised => this with
        {
            Promises = Without(promised.Promise.Copy).Add(promised.Promise),
        },
        HostLedgerEvents.PromiseEnded ended => this with { Promises = Without(ended.Copy) },
        _ => throw new InvalidOperationException($"an event of no known kind: {e}"),
    };

    private ImmutableArray<SpacePromise> Without(CopyId copy) => Promises.RemoveAll(promise => promise.Copy == copy);
}
