using System.Collections.Immutable;
using DmAgents.Actors.Journals;

namespace DmAgents.Actors.Tests.Journals;

/// <summary>The store's rows, as the sweeper deletes them. A cut line deletes nothing any more.</summary>
internal sealed class StoredRows(JournalLine line) : IJournalRows
{
    public ImmutableArray<string> IdsWithSnapshot() => line.Store.IdsWithSnapshot();

    public long? KeepLatestSnapshot(string id)
    {
        var snapshots = line.Store.Snapshots(id);
        if (snapshots.IsEmpty)
            return null;
        var latest = snapshots.Max(row => row.Number);
        line.Alter(() => line.Store.RemoveSnapshots(id, row => row.Number < latest));
        return latest;
    }

    public int DeleteEvents(string id, long before, int limit)
    {
        var count = 0;
        line.Alter(() => count = line.Store.RemoveRows(id, before, limit));
        return count;
    }

    public void DeleteSnapshots(string id) => line.Alter(() => line.Store.RemoveSnapshots(id, _ => true));

    public bool Shrink() => false;

    public void Dispose()
    {
    }
}
