using System.Collections.Immutable;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Persistence;
using Akka.Persistence.Journal;

namespace DmAgents.Actors.Tests.Journals;

/// <summary>Hands a <see cref="JournalLine"/> to the journal of an actor system.</summary>
internal sealed class JournalSetup(JournalLine line) : Setup
{
    public JournalLine Line { get; } = line;

    public static JournalLine LineOf(ActorSystem system) =>
        system.Settings.Setup.Get<JournalSetup>().Value.Line;
}

/// <summary>A journal that keeps bytes, so that every event passes through the serializer, and does what the test says.
/// </summary>
internal sealed class ScriptedJournal : AsyncWriteJournal
{
    private readonly JournalLine _line = JournalSetup.LineOf(Context.System);
    private readonly Akka.Serialization.Serialization _serialization = Context.System.Serialization;

    public override Task ReplayMessagesAsync(
        IActorContext context, string persistenceId, long fromSequenceNr, long toSequenceNr, long max,
        Action<IPersistentRepresentation> recoveryCallback)
    {
        var rows = _line.Store.Rows(persistenceId)
            .Where(row => row.Number >= fromSequenceNr && row.Number <= toSequenceNr)
            .Take((int)Math.Min(max, int.MaxValue));
        foreach (var row in rows)
        {
            var payload = _serialization.Deserialize([.. row.Bytes], row.SerializerId, row.Manifest);
            recoveryCallback(new Persistent(payload, row.Number, persistenceId, row.Manifest));
        }
        return Task.CompletedTask;
    }

    public override Task<long> ReadHighestSequenceNrAsync(
        string persistenceId, long fromSequenceNr, CancellationToken cancellationToken) =>
        Task.FromResult(_line.Store.Rows(persistenceId) is [.., var last] ? last.Number : 0L);

    protected override async Task<IImmutableList<Exception>> WriteMessagesAsync(
        IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken)
    {
        var writes = messages.ToList();
        var rows = writes.SelectMany(write => (IImmutableList<IPersistentRepresentation>)write.Payload)
            .Select(message => (message.PersistenceId, RowOf(_serialization, message.SequenceNr, message.Payload)))
            .ToImmutableArray();
        return await _line.Write(rows).ConfigureAwait(false) switch
        {
            WriteFate.Durable => null!, // The plugin's word for "all of them were taken".
            WriteFate.Rejected =>
                [.. writes.Select(_ => (Exception)new InvalidDataException("rejected, by the test's order"))],
            _ => throw new IOException("the journal fails, by the test's order"),
        };
    }

    protected override Task DeleteMessagesToAsync(
        string persistenceId, long toSequenceNr, CancellationToken cancellationToken) =>
        throw new NotSupportedException("the sweeper deletes, and not the actor whose journal it is");

    public static JournalRow RowOf(Akka.Serialization.Serialization serialization, long number, object payload)
    {
        var serializer = serialization.FindSerializerFor(payload);
        return new JournalRow(
            number, serializer.Identifier, Akka.Serialization.Serialization.ManifestFor(serializer, payload),
            [.. serializer.ToBinary(payload)]);
    }
}
