using System.Collections.Immutable;

namespace DmAgents.Actors.Journals;

/// <summary>
/// The stored rows of the journal, as far as old ones are deleted. Each call is one durable transaction, or none.
/// Blocks; for one thread.
/// </summary>
/// <exception cref="IOException">By each method: the journal's disk is full or broken. Nothing of the call was done.
/// </exception>
public interface IJournalRows : IDisposable
{
    /// <summary>The persistence ids that have a snapshot.</summary>
    ImmutableArray<string> IdsWithSnapshot();

    /// <summary>Deletes the snapshots of an id but the latest.</summary>
    /// <returns>The sequence number of the latest; null if there is none.</returns>
    long? KeepLatestSnapshot(string id);

    /// <summary>Deletes the oldest events of an id whose sequence number is below <paramref name="before"/>.</summary>
    /// <param name="limit">How many at most.</param>
    /// <returns>How many it deleted.</returns>
    int DeleteEvents(string id, long before, int limit);

    /// <summary>Deletes all snapshots of an id.</summary>
    void DeleteSnapshots(string id);

    /// <summary>Gives unused space back to the file system, if there is much of it.</summary>
    /// <returns>Whether there is more to give back.</returns>
    bool Shrink();
}
