using DmAgents.Actors.Tests.Journals;

namespace DmAgents.Actors.Tests.Support;

/// <summary>A host, and the bytes of the journal.</summary>
internal sealed class ActorHost : TestHost
{
    public static string PersistenceId => $"pool-{PoolUuid}";

    public JournalStore Journal { get; } = new();
}
