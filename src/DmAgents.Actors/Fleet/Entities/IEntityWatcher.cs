namespace DmAgents.Actors.Fleet.Entities;

/// <summary>Learns of the entities of one kind that live on this host. Is called by the entities, and returns at once.
/// </summary>
internal interface IEntityWatcher<TState>
{
    /// <summary>The entity was recovered, or has changed.</summary>
    void Seen(string id, TState state);

    /// <summary>It lives here no more.</summary>
    void Stopped(string id);
}
