using System.Text;
using DmAgents.Actors.Serialization;
using DmAgents.Actors.Tests.Journals;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Tests.Support;

/// <summary>A pool's state as its snapshot would have it: text, to be compared.</summary>
internal static class StateText
{
    // The serializer asks nothing of its system.
    private static readonly JournalSerializer Serializer = new(null!);

    public static string Of(PoolState state) => Encoding.UTF8.GetString(Serializer.ToBinary(state));

    /// <summary>The state after the journal's rows up to a number: from the first one on, or, if that was deleted, from
    /// the snapshot that allowed it.</summary>
    public static string Replayed(JournalStore journal, long upTo = long.MaxValue)
    {
        var rows = journal.Rows(ActorHost.PersistenceId);
        var snapshot = rows is [{ Number: > 1 }, ..] ? journal.Snapshots(ActorHost.PersistenceId)[0] : null;
        var state = snapshot is null ? PoolState.Empty : State(snapshot);
        return Of(rows.Where(row => row.Number <= upTo && row.Number > (snapshot?.Number ?? 0))
            .Select(row => (PoolEvent)Serializer.FromBinary([.. row.Bytes], row.Manifest))
            .Aggregate(state, (at, happened) => at.Apply(happened)));
    }

    public static string Of(JournalRow snapshot) => Of(State(snapshot));

    private static PoolState State(JournalRow snapshot) =>
        (PoolState)Serializer.FromBinary([.. snapshot.Bytes], snapshot.Manifest);
}
