namespace DmAgents.Actors.Fleet;

/// <summary>The host's fleet as it is at this moment. <see cref="FleetKeeper"/> writes it; anyone reads, and asks no
/// actor.</summary>
public sealed class FleetBoard
{
    private FleetStatus _current = FleetStatus.Outside;

    /// <summary>Made by the first that waits.</summary>
    private TaskCompletionSource? _next;

    public FleetStatus Current => Volatile.Read(ref _current);

    /// <summary>The status as soon as it is as asked: of now, or of a moment to come.</summary>
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
