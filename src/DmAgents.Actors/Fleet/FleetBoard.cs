namespace DmAgents.Actors.Fleet;

/// <summary>The current state of the host's fleet. <see cref="FleetKeeper"/> writes it; any thread reads it without
/// asking an actor.</summary>
public sealed class FleetBoard
{
    private FleetStatus _current = FleetStatus.Outside;

    /// <summary>Created by the first waiter.</summary>
    private TaskCompletionSource? _next;

    public FleetStatus Current => Volatile.Read(ref _current);

    /// <summary>Waits until the status satisfies <paramref name="holds"/>; returns at once if it does
    /// already.</summary>
    public async Task<FleetStatus> When(Func<FleetStatus, bool> holds, CancellationToken cancellation)
    {
        while (true)
        {
            var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var next = (Interlocked.CompareExchange(ref _next, made, null) ?? made).Task;
            var status = Current;
            if (holds(status))
                return status;
            await next.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    internal void Show(FleetStatus status)
    {
        Volatile.Write(ref _current, status);
        Interlocked.Exchange(ref _next, null)?.TrySetResult();
    }
}
