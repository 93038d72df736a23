namespace DmAgents.Domain.Tests.Fleet.Simulation;

/// <summary>
/// An entity with its journal. Two instances of it work at the same time, as they may while a cluster is split: each
/// decides upon the state that it knows, and one whose journal has gone on without it is refused its write and begins
/// anew, as by the journal's unique key.
/// </summary>
internal sealed class VirtualEntity<TState, TEvent>(TState initial, Func<TState, TEvent, TState> apply)
{
    private readonly TState _initial = initial;
    private readonly (TState State, int Read)[] _instances = [(initial, 0), (initial, 0)];

    public List<TEvent> Journal { get; } = [];

    /// <summary>Of the instance that has written last.</summary>
    public TState Latest { get; private set; } = initial;

    public TState Replayed => Journal.Aggregate(_initial, apply);

    public TState StateOf(int instance) => _instances[instance].State;

    /// <returns>The answer may be given.</returns>
    public bool Commit(int instance, IReadOnlyCollection<TEvent> events)
    {
        var (state, read) = _instances[instance];
        if (events.Count > 0 && read != Journal.Count)
        {
            Restart(instance);
            return false;
        }
        Journal.AddRange(events);
        _instances[instance] = (events.Aggregate(state, apply), read + events.Count);
        if (events.Count > 0)
            Latest = _instances[instance].State;
        return true;
    }

    public void Restart(int instance) => _instances[instance] = (Replayed, Journal.Count);
}
