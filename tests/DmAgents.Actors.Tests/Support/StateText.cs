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

    /// <summary>The state after the journal's rows up to a number, from the first one on.</summary>
    public static string Replayed(JournalStore journal, long upTo = long.MaxValue) =>
        Of(journal.Rows(TestHost.PersistenceId).Where(row => row.Number <= upTo)
            .Select(row => (PoolEvent)Serializer.FromBinary([.. row.Bytes], row.Manifest))
            .Aggregate(PoolState.Empty, (state, happened) => state.Apply(happened)));

    public static string Of(JournalRow snapshot) =>
        Of((PoolState)Serializer.FromBinary([.. snapshot.Bytes], snapshot.Manifest));
}
