namespace DmAgents.Domain.Pools;

public static partial class PoolDecider
{
    /// <remarks>This decider does not know whether the pool's journal and content belong together: the caller checks
    /// whether the pool is open.</remarks>
    private static Decision Adopt(PoolState state, PoolCommands.Adopt c) =>
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
