namespace DmAgents.Actors.Fleet.Entities;

/// <summary>Observes the entities of one kind on this host. The entities call it, and it returns at once.</summary>
internal interface IEntityWatcher<TState>
{
    /// <summary>The entity was recovered, or has changed.</summary>
    void Seen(string id, TState state);

    /// <summary>The entity left this host's memory.</summary>
    void Stopped(string id);
}
