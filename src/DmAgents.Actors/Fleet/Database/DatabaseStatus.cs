using System.Globalization;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Fleet.Database;

/// <summary>The state of the fleet's database as seen from this host.</summary>
public enum DatabasePhase
{
    /// <summary>Not reached yet.</summary>
    Connecting,

    /// <summary>Accepts changes.</summary>
    Ready,

    /// <summary>Was reached before, and is unreachable now.</summary>
    Away,

    /// <summary>Reachable but unusable: it belongs to another fleet, or a later version created its tables.</summary>
    Refused,
}

/// <summary>The fleet's database as this host sees it. Immutable and pure: the next status follows from what a probe
/// found.</summary>
/// <param name="Where">Server, database and role, without a password.</param>
/// <param name="Since">When this phase began.</param>
/// <param name="Why">Why it accepts no changes; empty if it does.</param>
/// <param name="Next">What the operator can do about it.</param>
public sealed record DatabaseStatus(DatabasePhase Phase, string Where, DateTimeOffset Since, string Why, string Next)
{
    public static DatabaseStatus Initial(string where, DateTimeOffset now) => new(
        DatabasePhase.Connecting, where, now, "it was not reached yet", "try again in a moment");

    public bool IsReady => Phase == DatabasePhase.Ready;

    /// <summary>The status in one sentence.</summary>
    public string Words => Phase switch
    {
        DatabasePhase.Ready => $"the fleet's database ({Where}) takes changes since {Time(Since)}",
        DatabasePhase.Connecting => $"the fleet's database ({Where}) is not reached since {Time(Since)}: {Why}",
        DatabasePhase.Away => $"the fleet's database ({Where}) is away since {Time(Since)}: {Why}",
        DatabasePhase.Refused => $"the fleet's database ({Where}) is not used since {Time(Since)}: {Why}",
        _ => throw new InvalidOperationException($"no known phase: {Phase}"),
    };

    public DatabaseStatus AfterReached(DateTimeOffset now) => IsReady
        ? this
        : this with { Phase = DatabasePhase.Ready, Since = now, Why = "", Next = "" };

    /// <summary>A new reason while the database is away does not change <see cref="Since"/>.</summary>
    public DatabaseStatus AfterFailed(string why, DateTimeOffset now)
    {
        var phase = Phase is DatabasePhase.Connecting ? DatabasePhase.Connecting : DatabasePhase.Away;
        return this with
        {
            Phase = phase, Since = phase == Phase ? Since : now, Why = why,
            Next = "start the database server, or see to the network; each host continues with its own work",
        };
    }

    public DatabaseStatus AfterRefused(string why, string next, DateTimeOffset now) => this with
    {
        Phase = DatabasePhase.Refused, Since = Phase == DatabasePhase.Refused ? Since : now, Why = why, Next = next,
    };

    /// <summary>Why no change of the fleet can be journaled at this moment; null if one can.</summary>
    /// <param name="what">The refused action: "cannot ...".</param>
    /// <param name="subject">The object of the action.</param>
    public Refusal? RefuseChange(string what, string subject) =>
        IsReady ? null : new Refusal(RefusalKind.WrongState, what, subject, Words, Next);

    private static string Time(DateTimeOffset time) => time.ToString("u", CultureInfo.InvariantCulture);
}
