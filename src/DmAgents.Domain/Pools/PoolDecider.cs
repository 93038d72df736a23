using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools;

/// <summary>
/// Decides a pool's response to a command. Pure: the same state, health and command give the same decision.
/// </summary>
/// <remarks>
/// Topics are in partial files: creation, views, use, transfers, removal, images, the pool itself. Every command has an
/// answer in every phase of every device; <see cref="PoolState.Apply"/> accepts each event of a decision.
/// </remarks>
public static partial class PoolDecider
{
    /// <param name="state">The state by the journal.</param>
    /// <param name="health">The pool's latest status; null before it was opened.</param>
    /// <param name="command">The command.</param>
    public static Decision Decide(PoolState state, PoolHealth? health, PoolCommand command)
    {
        if (state.Requests.Knows(command.Request, out var subject))
            return new Decision.AlreadySo(subject);
        if (command is PoolCommands.Initialize initialize)
            return Initialize(state, initialize);
        if (command is PoolCommands.Adopt adopt)
            return Adopt(state, adopt);
        if (command is PoolCommands.TakeOver takeOver)
            return TakeOver(state, takeOver);
        if (state.Identity is null)
            return No(RefusalKind.NotFound, "cannot change pool", "?", "it was never created", "dmagent pool create");
        if (ChangesForeign(state, command) is { } foreign)
            return foreign;
        var decision = Answer(state, health, command);
        return decision is Decision.Accepted accepted && StockInTheMaking(state, accepted) is { } creating
            ? new Decision.NotYet(creating)
            : decision;
    }

    private static Decision Answer(PoolState state, PoolHealth? health, PoolCommand command) => command switch
    {
        PoolCommands.CreateSnapshot c => CreateSnapshot(state, health, c),
        PoolCommands.Receive c => Receive(state, health, c),
        PoolCommands.NoteContent c => NoteContent(state, c),
        PoolCommands.CreateView c => CreateView(state, health, c),
        PoolCommands.SetLabels c => SetLabels(state, c),
        PoolCommands.Commit c => Commit(state, c),
        PoolCommands.CommitLive c => CommitLive(state, health, c),
        PoolCommands.SetUse c => SetUse(state, c),
        PoolCommands.Confirm c => Confirm(state, c),
        PoolCommands.Resize c => Resize(state, health, c),
        PoolCommands.Remove c => Remove(state, c),
        PoolCommands.TagImage c => TagImage(state, c),
        PoolCommands.UntagImage c => UntagImage(state, c),
        PoolCommands.Grow c => Grow(state, health, c),
        PoolCommands.SetSpares c => SetSpares(state, c),
        PoolCommands.ConfirmTakeover c => ConfirmTakeover(state, c),
        PoolCommands.Purge c => Purge(state, c),
        PoolCommands.Undelete c => Undelete(state, c),
        _ => WholePoolDecider.Decide(state, health, command),
    };

    /// <remarks>The event keeps the pool's uuid, not the request: the same uuid means the same request.</remarks>
    private static Decision Initialize(PoolState state, PoolCommands.Initialize c)
    {
        if (state.Identity?.Uuid == c.Uuid)
            return new Decision.AlreadySo(null);
        if (state.Identity is not null)
        {
            return No(RefusalKind.Exists, "cannot create pool", c.Name.Value, "a pool of this name exists",
                $"choose another name, or look at it: dmagent pool show {c.Name}");
        }
        return Yes(subject: null, new PoolEvents.Initialized(
            c.Uuid, c.Name, c.Backing, c.BlockSize, c.FileSystem, c.BaseSize, c.At)
        {
            SectorSize = c.SectorSize,
        });
    }

    private static Decision Grow(PoolState state, PoolHealth? health, PoolCommands.Grow c)
    {
        const string What = "cannot grow pool";
        var name = state.Identity!.Name;
        if (BackingGrowth.Continues(state.Identity.Backing, c.Backing) is { } why)
        {
            return No(RefusalKind.Invalid, What, name.Value, why,
                $"look at what it is made of: dmagent pool show {name}");
        }
        if (c.Backing is PoolBacking.Disks disks && disks.Data.Concat(disks.Metadata)
            .Except(PartsOf(state.Identity.Backing)).Select(part => part.Disk).FirstOrDefault(state.Keeps) is var kept
            && kept != default)
            return HoldsKept(What, state, kept);
        // A full pool needs growth, and full metadata make a pool read-only. The kernel does not grow a failed pool.
        var mayGrow = health is { CanChange: true }
            || (health is { Condition: PoolCondition.ReadOnly } && HasMoreMetadata(state.Identity.Backing, c.Backing));
        if (!mayGrow && NoRoom(state, health, What, name.Value) is { } broken)
            return broken;
        return Yes(subject: null, new PoolEvents.BackingChanged(c.Request, c.Backing, c.At));
    }

    private static Decision SetSpares(PoolState state, PoolCommands.SetSpares c)
    {
        const string What = "cannot set spares";
        var name = state.Identity!.Name;
        if (state.Identity.Backing is not PoolBacking.Disks disks)
        {
            return No(RefusalKind.Invalid, What, name.Value, "only a pool of disks is extended by disks",
                "enlarge it by size: dmagent pool grow");
        }
        var parts = disks.Data.Concat(disks.Metadata).Select(part => part.Disk).ToHashSet();
        if (c.Spares.Where(parts.Contains).Select(d => d.Value).FirstOrDefault() is { } part)
            return No(RefusalKind.Exists, What, part, "the pool is made of it already", "choose another disk");
        if (c.Spares.GroupBy(d => d.Value).FirstOrDefault(g => g.Count() > 1) is { } twice)
            return No(RefusalKind.Invalid, What, twice.Key, "it is named twice", "name each disk once");
        if (c.Spares.FirstOrDefault(state.Keeps) is var kept && kept != default)
            return HoldsKept(What, state, kept);
        return c.Spares.SequenceEqual(state.Spares)
            ? new Decision.AlreadySo(null)
            : Yes(subject: null, new PoolEvents.SparesChanged(c.Request, c.Spares, c.At));
    }

    private static Decision.Refused HoldsKept(string what, PoolState state, DevicePath disk) =>
        No(RefusalKind.WrongState, what, disk.Value, "it holds metadata that others have replaced",
            $"give those up first: dmagent pool discard-metadata {state.Identity!.Name}");

    private static ImmutableArray<DiskPart> PartsOf(PoolBacking backing) =>
        backing is PoolBacking.Disks disks ? disks.Data.AddRange(disks.Metadata) : [];

    private static bool HasMoreMetadata(PoolBacking before, PoolBacking after) => (before, after) switch
    {
        (PoolBacking.Disks old, PoolBacking.Disks @new) => !old.Metadata.SequenceEqual(@new.Metadata),
        (PoolBacking.LoopFiles old, PoolBacking.LoopFiles @new) => old.Metadata != @new.Metadata,
        _ => false,
    };

    /// <remarks>Also an id whose purge is running: it has ended only when the id has left the quarantine.</remarks>
    private static Decision Purge(PoolState state, PoolCommands.Purge c) =>
        state.Ledger.Quarantine.ContainsKey(c.Id)
            ? Yes(subject: null, new PoolEvents.PurgeIntended(c.Request, c.Id, c.At))
            : NotQuarantined("cannot purge thin id", state, c.Id);

    private static Decision Undelete(PoolState state, PoolCommands.Undelete c)
    {
        const string What = "cannot undelete thin id";
        if (!state.Ledger.Quarantine.ContainsKey(c.Id) || state.Purging.Contains(c.Id))
            return NotQuarantined(What, state, c.Id);
        if (state.Devices.GetValueOrDefault(c.Id) is { } lost)
        {
            return No(RefusalKind.WrongState, What, c.Id.ToString(), $"{lost.Key} has this thin id, and is lost",
                $"restore metadata that have it: dmagent pool backup list {state.Identity!.Name}; "
                    + "or purge the thin id");
        }
        if (state.IsTaken(c.Key))
            return Taken(What, c.Key);
        return c.Size.Bytes == 0 || c.Size.Bytes % SectorCount.BytesPerSector != 0
            ? No(RefusalKind.Invalid, What, c.Id.ToString(), $"a size of {c.Size.Bytes} bytes",
                "give the size that the device had, a multiple of 512 bytes")
            : Yes(c.Id, new PoolEvents.Undeleted(c.Request, c.Id, c.Key, c.Size, c.FileSystem, c.At));
    }

    private static Decision.Refused NotQuarantined(string what, PoolState state, ThinId id) =>
        No(RefusalKind.NotFound, what, id.ToString(), "it is not in quarantine",
            $"list those that are: dmagent pool quarantine list --pool {state.Identity!.Name}");

    private static Decision.Accepted Yes(ThinId? subject, params ImmutableArray<PoolEvent> events) =>
        new(events, subject);

    private static Decision.Refused No(RefusalKind kind, string what, string subject, string why, string next) =>
        new(new Refusal(kind, what, subject, why, next));

    private static Decision.Refused Taken(string what, DeviceKey key) =>
        No(RefusalKind.Exists, what, key.Name, $"a {key.Space} of this name exists",
            key.Space == DeviceKey.ContainerSpace
                ? $"choose another name, or remove it: dmagent container remove {key.Name}"
                : "use the one that exists");

    private static Decision.Refused Unknown(string what, DeviceKey key) =>
        No(RefusalKind.NotFound, what, key.Name, $"there is no {key.Space} of this name",
            key.Space == DeviceKey.ContainerSpace
                ? "list them: dmagent container list"
                : "list them: dmagent layer tree");

    private static Decision.Refused Lost(string what, DeviceKey key) =>
        No(RefusalKind.WrongState, what, key.Name,
            "the pool's metadata have lost it, so that its content cannot be read",
            "compare and see what can be mended: dmagent pool check");
}
