namespace DmAgents.Actors.Journals;

/// <summary>Decides which rows of the journal are deleted next. Derived from the stored rows alone: a crash between any
/// two steps leaves rows for the next sweep, and never removes one that a replay needs.</summary>
/// <remarks>Order for an id with a new snapshot: older snapshots, then events in pieces, then unused space. Order for
/// an erased id: its snapshots, then its events in pieces, then the announcement.</remarks>
public sealed class JournalSweep(IJournalRows rows, JournalSettings settings)
{
    /// <summary>For each id being swept: events below this number are deleted.</summary>
    private readonly Dictionary<string, long> _floors = [];
    private readonly Queue<string> _due = [];
    private readonly Queue<string> _erasing = [];
    private bool _mayShrink;

    /// <summary>Nothing is left to do.</summary>
    public bool IsDone => _due.Count == 0 && _erasing.Count == 0 && !_mayShrink;

    /// <summary>Begins with rows that a crash or an earlier version left.</summary>
    public void BeginWithAll()
    {
        foreach (var id in rows.IdsWithSnapshot())
            Begin(id);
        _mayShrink = true;
    }

    /// <summary>A pool has stored its next snapshot before the rows behind the previous one were deleted.</summary>
    public bool IsBehind { get; private set; }

    /// <summary>A snapshot of this id was stored.</summary>
    public void Begin(string id)
    {
        IsBehind |= _floors.Remove(id);
        if (!_due.Contains(id))
            _due.Enqueue(id);
    }

    /// <summary>Nothing of this id is needed any more.</summary>
    public void Erase(string id)
    {
        if (!_erasing.Contains(id))
            _erasing.Enqueue(id);
    }

    /// <summary>Does one step: one transaction, or two of which the first is small.</summary>
    /// <param name="limit">Rows to delete at most.</param>
    /// <returns>The id that this step erased; null if none.</returns>
    public string? Step(int limit)
    {
        if (_erasing.TryPeek(out var erased))
            return EraseSome(erased, limit) ? erased : null;
        if (_due.TryPeek(out var due))
            Sweep(due, limit);
        else if (_mayShrink)
            _mayShrink = rows.Shrink();
        return null;
    }

    private bool EraseSome(string id, int limit)
    {
        rows.DeleteSnapshots(id);
        if (rows.DeleteEvents(id, long.MaxValue, limit) == limit)
            return false;
        _erasing.Dequeue();
        _mayShrink = true;
        return true;
    }

    private void Sweep(string id, int limit)
    {
        if (!_floors.TryGetValue(id, out var floor))
        {
            // Without a snapshot every event is needed.
            floor = rows.KeepLatestSnapshot(id) is { } latest ? settings.FirstKept(latest) : 0;
            _floors[id] = floor;
        }
        if (floor > 0 && rows.DeleteEvents(id, floor, limit) == limit)
            return;
        _floors.Remove(id);
        _due.Dequeue();
        (IsBehind, _mayShrink) = (false, true);
    }
}
