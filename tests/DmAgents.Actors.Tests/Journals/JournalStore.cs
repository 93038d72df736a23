using System.Collections.Immutable;

namespace DmAgents.Actors.Tests.Journals;

/// <summary>A row of the journal, as bytes.</summary>
internal sealed record JournalRow(long Number, int SerializerId, string Manifest, ImmutableArray<byte> Bytes);

/// <summary>
/// The disk below the journal: outlives actor systems. What is written here is durable; a <see cref="JournalLine"/>
/// is one agent's way to it, and can be held, refused and cut.
/// </summary>
internal sealed class JournalStore
{
    private readonly object _gate = new();
    private readonly Dictionary<string, ImmutableArray<JournalRow>> _rows = [];
    private readonly Dictionary<string, ImmutableArray<JournalRow>> _snapshots = [];

    public ImmutableArray<JournalRow> Rows(string persistenceId) => Of(_rows, persistenceId);

    public ImmutableArray<JournalRow> Snapshots(string persistenceId) => Of(_snapshots, persistenceId);

    /// <summary>What has happened, in the words of the manifests.</summary>
    public IEnumerable<string> Manifests(string persistenceId) => Rows(persistenceId).Select(row => row.Manifest);

    public void Append(IEnumerable<(string PersistenceId, JournalRow Row)> rows)
    {
        lock (_gate)
        {
            foreach (var (id, row) in rows)
            {
                var before = _rows.GetValueOrDefault(id, []);
                if (before.Length > 0 && before[^1].Number >= row.Number)
                    throw new InvalidOperationException($"{id} has a row {before[^1].Number} before {row.Number}");
                _rows[id] = before.Add(row);
            }
        }
    }

    /// <summary>The file is gone.</summary>
    public void Lose()
    {
        lock (_gate)
        {
            _rows.Clear();
            _snapshots.Clear();
        }
    }

    public void PutSnapshot(string persistenceId, JournalRow row)
    {
        lock (_gate)
            _snapshots[persistenceId] = _snapshots.GetValueOrDefault(persistenceId, []).Add(row);
    }

    public void RemoveSnapshots(string persistenceId, Predicate<JournalRow> which)
    {
        lock (_gate)
            _snapshots[persistenceId] = _snapshots.GetValueOrDefault(persistenceId, []).RemoveAll(which);
    }

    /// <summary>The oldest rows below a number.</summary>
    /// <returns>How many.</returns>
    public int RemoveRows(string persistenceId, long before, int limit)
    {
        lock (_gate)
        {
            var rows = _rows.GetValueOrDefault(persistenceId, []);
            var count = rows.TakeWhile(row => row.Number < before).Take(limit).Count();
            _rows[persistenceId] = rows[count..];
            return count;
        }
    }

    public ImmutableArray<string> IdsWithSnapshot()
    {
        lock (_gate)
            return [.. _snapshots.Where(entry => !entry.Value.IsEmpty).Select(entry => entry.Key)];
    }

    private ImmutableArray<JournalRow> Of(Dictionary<string, ImmutableArray<JournalRow>> all, string persistenceId)
    {
        lock (_gate)
            return all.GetValueOrDefault(persistenceId, []);
    }
}
