using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.UseCases;

/// <summary>A thin id in quarantine, with its data from the pool's own metadata.</summary>
/// <param name="Parent">Its former parent, or the device of which it seems to be a snapshot, for operators; empty if
/// unknown.</param>
/// <param name="CreatedIn">Null if the pool does not have it or cannot be read.</param>
internal sealed record QuarantinedThin(
    PoolName Pool, QuarantineRecord Record, ByteSize Mapped, string Parent, TransactionId? CreatedIn);

/// <summary>The space that a purge freed.</summary>
internal sealed record PurgeReport(ImmutableArray<ThinId> Purged, ByteSize Freed);

/// <summary>Which thin id to restore.</summary>
/// <param name="Name">The layer's name; empty: the name of its old key.</param>
internal sealed record UndeleteAsked(RequestId Request, PoolPicture Pool, ThinId Id, string Name);

/// <summary>Lists, deletes and restores thin ids in quarantine.</summary>
internal sealed class QuarantinedThins(PoolGateway gateway, UsageReader usages, PoolInspector inspector)
{
    public const string CannotPurge = "cannot purge thin ids";

    public const string CannotUndelete = "cannot undelete thin id";

    public async Task<ImmutableArray<QuarantinedThin>> List(PoolPicture pool)
    {
        if (pool.State.Quarantine.IsEmpty)
            return [];
        var used = await usages.Read(pool, exclusive: false).ConfigureAwait(false);
        return [.. pool.State.Quarantine.Values.Select(record => Of(pool, record, used))];
    }

    /// <param name="ids">Null: all in quarantine.</param>
    public async Task<PurgeReport> Purge(
        RequestId request, PoolPicture pool, ImmutableArray<ThinId>? ids, CancellationToken cancellation)
    {
        var before = inspector.Inspect(pool).DataUsed;
        ImmutableArray<ThinId> purged = ids ?? [.. pool.State.Quarantine.Keys];
        foreach (var id in purged)
        {
            await gateway.Ask(pool.Name, new PoolCommands.Purge(
                SubRequests.Of(request, $"purge {id}"), id, gateway.Now), cancellation).ConfigureAwait(false);
        }
        var after = inspector.Inspect(pool).DataUsed;
        return new PurgeReport(purged, before > after ? before - after : ByteSize.Zero);
    }

    /// <returns>The layer's key.</returns>
    public async Task<DeviceKey> Undelete(UndeleteAsked asked, CancellationToken cancellation)
    {
        var (pool, id) = (asked.Pool, asked.Id);
        var hint = pool.State.Quarantine.GetValueOrDefault(id)?.Hint;
        if (asked.Name.Length == 0 && hint is null)
        {
            throw Refusals.Invalid(
                CannotUndelete, $"{id}", "its former name is not known", "give a name with --name");
        }
        if (pool.State.Identity is not { } identity)
            throw Refusals.Because(RefusalKind.Busy, CannotUndelete, $"{id}", pool.Reason, "try again in a moment");
        // The pool stores no size of its devices: without a record, the size of the pool's bases is used.
        var size = hint?.Size ?? identity.BaseSize;
        var key = DeviceKey.Layer($"undeleted:{(asked.Name.Length > 0 ? asked.Name : hint!.Key.Name)}");
        var done = await gateway.Ask(pool.Name, new PoolCommands.Undelete(
            asked.Request, id, key, size, hint?.FileSystem ?? identity.FileSystem, gateway.Now), cancellation)
            .ConfigureAwait(false);
        return done.Layer?.Key ?? key;
    }

    private static QuarantinedThin Of(PoolPicture pool, QuarantineRecord record, Usages used)
    {
        var mapped = new ByteSize(used.MappedBytes(record.Id, pool.State.Identity!.BlockSize));
        var parent = record.Hint?.Parent is { } known ? KeyText.Of(known) : "";
        if (!used.ById.TryGetValue(record.Id, out var usage))
            return new QuarantinedThin(pool.Name, record, mapped, parent, CreatedIn: null);
        if (parent.Length == 0 && usage.SnapshotOf is { } origin)
        {
            parent = pool.State.Devices.TryGetValue(origin, out var device)
                ? KeyText.Of(device.Key)
                : $"thin id {origin}";
        }
        return new QuarantinedThin(pool.Name, record, mapped, parent, usage.CreatedIn);
    }
}
