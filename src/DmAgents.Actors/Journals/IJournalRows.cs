using System.Collections.Immutable;

namespace DmAgents.Actors.Journals;

/// <summary>The stored rows of the journal, for the deletion of old ones. Each call is one durable transaction, or
/// none. Blocks; not thread-safe.</summary>
/// <exception cref="IOException">By each method: the journal's disk is full or broken. The call had no
/// effect.</exception>
public interface IJournalRows : IDisposable
{
    /// <summary>The persistence ids that have a snapshot.</summary>
    ImmutableArray<string> IdsWithSnapshot();

    /// <summary>Deletes all snapshots of an id except the latest.</summary>
    /// <returns>The sequence number of the latest; null if there is none.</returns>
    long? KeepLatestSnapshot(string id);

    /// <summary>Deletes the oldest events of an id whose sequence number is below <paramref name="before"/>.</summary>
    /// <param name="limit">How many at most.</param>
    /// <returns>How many it deleted.</returns>
    int DeleteEvents(string id, long before, int limit);

    /// <summary>Deletes all snapshots of an id.</summary>
    void DeleteSnapshots(string id);

    /// <summary>Returns unused space to the file system, if there is much of it.</summary>
    /// <returns>True if there is more to return.</returns>
    bool Shrink();
}
