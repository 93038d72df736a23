namespace DmAgents.Domain.Pools;

public static partial class PoolDecider
{
    /// <remarks>Whether the pool's journal and its content belong together is not known here: who asks looks whether
    /// the pool is open.</remarks>
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
