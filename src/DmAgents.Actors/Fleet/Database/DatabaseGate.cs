namespace DmAgents.Actors.Fleet.Database;

/// <summary>Guards the fleet's journal on each host: while the database is away, no write and no recovery begins, so
/// that none waits for it and none fails. <see cref="DatabaseWatch"/> opens and closes the gate. Readers ask no
/// actor.</summary>
public sealed class DatabaseGate
{
    private DatabaseStatus _current;
    private long _refusals;

    /// <summary>Created by the first waiter.</summary>
    private TaskCompletionSource? _next;

    /// <summary>Created by the watch when it waits; completed by <see cref="Suspect"/> after a journal
    /// failure.</summary>
    private TaskCompletionSource? _suspicion;

    public DatabaseGate(DatabaseStatus initial) => _current = initial;

    public DatabaseStatus Current => Volatile.Read(ref _current);

    /// <summary>Number of changes refused because of the database.</summary>
    public long Refusals => Interlocked.Read(ref _refusals);

    /// <summary>Waits until the status satisfies <paramref name="holds"/>; returns at once if it does
    /// already.</summary>
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

    /// <summary>Reports a journal failure: the watch checks at once whether the database is there.</summary>
    internal void Suspect() => Interlocked.Exchange(ref _suspicion, null)?.TrySetResult();

    /// <summary>Completes at the next <see cref="Suspect"/>.</summary>
    internal Task Suspicion()
    {
        var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return (Interlocked.CompareExchange(ref _suspicion, made, null) ?? made).Task;
    }
}
