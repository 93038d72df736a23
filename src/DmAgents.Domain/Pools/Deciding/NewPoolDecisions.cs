using static DmAgents.Domain.Pools.Deciding.Answers;

namespace DmAgents.Domain.Pools.Deciding;

/// <summary>Decides whether a pool is created, or adopted with its content.</summary>
internal static class NewPoolDecisions
{
    /// <remarks>The event keeps the pool's uuid, not the request: the same uuid means the same request.</remarks>
    public static Decision Initialize(PoolState state, PoolCommands.Initialize c)
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

    /// <remarks>This decider does not know whether the pool's journal and content belong together: the caller checks
    /// whether the pool is open.</remarks>
    public static Decision Adopt(PoolState state, PoolCommands.Adopt c) =>
        state.Identity is { } identity && identity.Uuid != c.Identity.Uuid
            ? No(RefusalKind.Exists, "cannot adopt pool", c.Identity.Name.Value,
                $"another pool of this name exists ({identity.Uuid})",
                $"look at it: dmagent pool show {identity.Name}")
            : new Decision.Accepted(
                c.Plan.Events(
                    new PoolEvents.Adopted(c.Request, c.Identity, c.At) { Takeover = c.Takeover, Kept = c.Kept },
                    c.Found, c.Spares),
                Subject: null);
}
