using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;
using static DmAgents.Domain.Pools.Deciding.Answers;

namespace DmAgents.Domain.Pools.Deciding;

/// <summary>Decides about thin ids in quarantine.</summary>
internal static class QuarantineDecisions
{
    /// <remarks>Also an id whose purge is running: it has ended only when the id has left the quarantine.</remarks>
    public static Decision Purge(PoolState state, PoolCommands.Purge c) =>
        state.Ledger.Quarantine.ContainsKey(c.Id)
            ? Yes(subject: null, new PoolEvents.PurgeIntended(c.Request, c.Id, c.At))
            : NotQuarantined("cannot purge thin id", state, c.Id);

    public static Decision Undelete(PoolState state, PoolCommands.Undelete c)
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
}
