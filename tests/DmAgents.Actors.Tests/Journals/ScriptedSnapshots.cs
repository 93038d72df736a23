using Akka.Persistence;
using Akka.Persistence.Snapshot;

namespace DmAgents.Actors.Tests.Journals;

/// <summary>Snapshots as bytes, beside the journal.</summary>
internal sealed class ScriptedSnapshots : SnapshotStore
{
    private readonly JournalLine _line = JournalSetup.LineOf(Context.System);
    private readonly Akka.Serialization.Serialization _serialization = Context.System.Serialization;

    protected override Task<SelectedSnapshot> LoadAsync(
        string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken)
    {
        var found = _line.Store.Snapshots(persistenceId)
            .Where(row => row.Number <= criteria.MaxSequenceNr).MaxBy(row => row.Number);
        return Task.FromResult(found is null ? null! : new SelectedSnapshot(
            new SnapshotMetadata(persistenceId, found.Number, default),
            _serialization.Deserialize([.. found.Bytes], found.SerializerId, found.Manifest)));
    }

    protected override Task SaveAsync(
        SnapshotMetadata metadata, object snapshot, CancellationToken cancellationToken)
    {
        _line.Store.PutSnapshot(
            metadata.PersistenceId, ScriptedJournal.RowOf(_serialization, metadata.SequenceNr, snapshot));
        return Task.CompletedTask;
    }

    protected override Task DeleteAsync(SnapshotMetadata metadata, CancellationToken cancellationToken)
    {
        _line.Store.RemoveSnapshots(metadata.PersistenceId, row => row.Number == metadata.SequenceNr);
        return Task.CompletedTask;
    }

    protected override Task DeleteAsync(
        string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken)
    {
        _line.Store.RemoveSnapshots(persistenceId, row => row.Number <= criteria.MaxSequenceNr);
        return Task.CompletedTask;
    }
}
