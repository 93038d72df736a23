namespace DmAgents.Actors.Fleet;

/// <summary>The current state of the host's fleet. <see cref="FleetKeeper"/> writes it; any thread reads it without
/// asking an actor.</summary>
public sealed class FleetBoard
{
    private readonly ChangeSignal _changed = new();
    private FleetStatus _current = FleetStatus.Outside;

    public FleetStatus Current => Volatile.Read(ref _current);

    /// <summary>Waits until the status satisfies <paramref name="holds"/>; returns at once if it does
    /// already.</summary>
    public Task<FleetStatus> When(Func<FleetStatus, bool> holds, CancellationToken cancellation) =>
        _changed.When(() => Current, holds, cancellation);

    internal void Show(FleetStatus status)
    {
        Volatile.Write(ref _current, status);
        _changed.Notify();
    }
}
