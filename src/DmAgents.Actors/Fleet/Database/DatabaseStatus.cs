using System.Globalization;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Fleet.Database;

/// <summary>How the fleet's database stands to this host.</summary>
public enum DatabasePhase
{
    /// <summary>It was not reached yet.</summary>
    Connecting,

    /// <summary>It takes changes.</summary>
    Ready,

    /// <summary>It was reached, and is not any more.</summary>
    Away,

    /// <summary>It is reached, and is not to be used: it belongs to another fleet, or a later version made its tables.
    /// </summary>
    Refused,
}

/// <summary>The fleet's database as this host sees it. Immutable and pure: the next one follows from what a probe
/// found.</summary>
/// <param name="Where">Server, database and role, without a password.</param>
/// <param name="Since">Since when it is in this phase.</param>
/// <param name="Why">Why it takes no changes; empty if it does.</param>
/// <param name="Next">What the reader can do about it.</param>
public sealed record DatabaseStatus(DatabasePhase Phase, string Where, DateTimeOffset Since, string Why, string Next)
{
    public static DatabaseStatus Initial(string where, DateTimeOffset now) => new(
        DatabasePhase.Connecting, where, now, "it was not reached yet", "try again in a moment");

    public bool IsReady => Phase == DatabasePhase.Ready;

    /// <summary>How it stands, in a sentence.</summary>
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

    /// <summary>A reason that changes while it is away does not change since when it is.</summary>
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
    /// <param name="what">What cannot be done: "cannot ...".</param>
    /// <param name="subject">To what.</param>
    public Refusal? RefuseChange(string what, string subject) =>
        IsReady ? null : new Refusal(RefusalKind.WrongState, what, subject, Words, Next);

    private static string Time(DateTimeOffset time) => time.ToString("u", CultureInfo.InvariantCulture);
}
