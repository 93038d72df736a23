using DmAgents.Domain.Fleet;
using LinqToDB;

namespace DmAgents.Actors.Fleet.Database;

/// <summary>Whose the database is.</summary>
/// <param name="Id">Stays; the name is for people.</param>
public readonly record struct FleetIdentity(FleetId Id, FleetName Name)
{
    public override string ToString() => $"{Name} ({Id})";
}

/// <summary>The database of a fleet's journal.</summary>
public abstract class FleetDatabase
{
    /// <summary>Server, database and role, without a password: for people.</summary>
    public abstract string Where { get; }

    /// <summary>For the plugins of journal and snapshots.</summary>
    internal abstract DataOptions Options { get; }

    /// <summary>What the plugins call this kind of database.</summary>
    internal abstract string Provider { get; }

    /// <summary>One connection, which opens when it is first used.</summary>
    internal abstract DatabaseProbe Probe(FleetIdentity fleet);
}

/// <summary>The one connection by which a host looks whether the database is there.</summary>
internal abstract class DatabaseProbe : IAsyncDisposable
{
    /// <summary>
    /// Done if the database takes changes of this fleet. On a new connection it makes what tables are missing, takes a
    /// database that is no fleet's for this one, and closes connections from before.
    /// </summary>
    /// <exception cref="DatabaseRefusedException">It is not to be used.</exception>
    /// <exception cref="Exception">Any other one: it is not reached. The next call connects anew.</exception>
    public abstract Task CheckAsync(CancellationToken cancellation);

    public abstract ValueTask DisposeAsync();
}

/// <summary>The database answers and must not be used.</summary>
internal sealed class DatabaseRefusedException(string why, string next) : Exception(why)
{
    public string Next => next;
}
