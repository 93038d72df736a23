using DmAgents.Domain.Fleet;
using LinqToDB;

namespace DmAgents.Actors.Fleet.Database;

/// <summary>The fleet that owns the database.</summary>
/// <param name="Id">Never changes; the name is for operators.</param>
public readonly record struct FleetIdentity(FleetId Id, FleetName Name)
{
    public override string ToString() => $"{Name} ({Id})";
}

/// <summary>The database of a fleet's journal.</summary>
public abstract class FleetDatabase
{
    /// <summary>Server, database and role, without a password, for messages.</summary>
    public abstract string Where { get; }

    /// <summary>Connection options of the journal and snapshot plugins.</summary>
    internal abstract DataOptions Options { get; }

    /// <summary>The plugins' name for this kind of database.</summary>
    internal abstract string Provider { get; }

    /// <summary>One connection, which opens on first use.</summary>
    internal abstract DatabaseProbe Probe(FleetIdentity fleet);
}

/// <summary>The one connection over which a host checks whether the database is there.</summary>
internal abstract class DatabaseProbe : IAsyncDisposable
{
    /// <summary>Completes if the database accepts changes of this fleet. On a new connection it creates missing tables,
    /// claims a database that belongs to no fleet, and closes connections from before.</summary>
    /// <exception cref="DatabaseRefusedException">The database must not be used.</exception>
    /// <exception cref="Exception">Any other one: the database is unreachable. The next call reconnects.</exception>
    public abstract Task CheckAsync(CancellationToken cancellation);

    public abstract ValueTask DisposeAsync();
}

/// <summary>The database answers and must not be used.</summary>
internal sealed class DatabaseRefusedException(string why, string next) : Exception(why)
{
    public string Next => next;
}
