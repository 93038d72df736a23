namespace DmAgents.Actors.Fleet.Database;

/// <summary>
/// Stands before the fleet's journal on each host: while the database is away no write and no recovery begins, so that
/// none waits for it and none fails. <see cref="DatabaseWatch"/> opens and closes it; readers ask no actor.
/// </summary>
public sealed class DatabaseGate
{
    private DatabaseStatus _current;
    private long _refusals;

    /// <summary>Made by the first that waits.</summary>
    private TaskCompletionSource? _next;

    /// <summary>Made by the watch when it waits; completed by whom the journal failed.</summary>
    private TaskCompletionSource? _suspicion;

    public DatabaseGate(DatabaseStatus initial) => _current = initial;

    public DatabaseStatus Current => Volatile.Read(ref _current);

    /// <summary>How many changes were refused because of the database.</summary>
    public long Refusals => Interlocked.Read(ref _refusals);

    /// <summary>The status as soon as it is as asked: of now, or of a moment to come.</summary>
    public async Task<DatabaseStatus> When(Func<DatabaseStatus, bool> holds, CancellationToken cancellation)
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

    internal void Show(DatabaseStatus status)
    {
        Volatile.Write(ref _current, status);
        Interlocked.Exchange(ref _next, null)?.TrySetResult();
    }

    internal void CountRefusal() => Interlocked.Increment(ref _refusals);

    /// <summary>The journal failed: the watch looks at once whether the database is there.</summary>
    internal void Suspect() => Interlocked.Exchange(ref _suspicion, null)?.TrySetResult();

    /// <summary>Done at the next <see cref="Suspect"/>.</summary>
    internal Task Suspicion()
    {
        var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return (Interlocked.CompareExchange(ref _suspicion, made, null) ?? made).Task;
    }
}
