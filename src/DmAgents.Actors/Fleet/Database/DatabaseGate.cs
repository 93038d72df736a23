namespace DmAgents.Actors.Fleet.Database;

/// <summary>Guards the fleet's journal on each host: while the database is away, no write and no recovery begins, so
/// that none waits for it and none fails. <see cref="DatabaseWatch"/> opens and closes the gate. Readers ask no
/// actor.</summary>
public sealed class DatabaseGate
{
    private readonly ChangeSignal _changed = new();

    /// <summary>The watch waits for it.</summary>
    private readonly ChangeSignal _suspected = new();
    private DatabaseStatus _current;
    private long _refusals;

    public DatabaseGate(DatabaseStatus initial) => _current = initial;

    public DatabaseStatus Current => Volatile.Read(ref _current);

    /// <summary>Number of changes refused because of the database.</summary>
    public long Refusals => Interlocked.Read(ref _refusals);

    /// <summary>Waits until the status satisfies <paramref name="holds"/>; returns at once if it does
    /// already.</summary>
    public Task<DatabaseStatus> When(Func<DatabaseStatus, bool> holds, CancellationToken cancellation) =>
        _changed.When(() => Current, holds, cancellation);

    internal void Show(DatabaseStatus status)
    {
        Volatile.Write(ref _current, status);
        _changed.Notify();
    }

    internal void CountRefusal() => Interlocked.Increment(ref _refusals);

    /// <summary>Reports a journal failure: the watch checks at once whether the database is there.</summary>
    internal void Suspect() => _suspected.Notify();

    /// <summary>Completes at the next <see cref="Suspect"/>.</summary>
    internal Task Suspicion() => _suspected.Next;
}
