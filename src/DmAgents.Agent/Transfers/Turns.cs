namespace DmAgents.Agent.Transfers;

/// <summary>One holder at a time for each key. Nothing is kept for a key without a holder.</summary>
internal sealed class Turns<TKey>
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, (SemaphoreSlim Turn, int Wanted)> _turns = [];

    public int Count
    {
        get
        {
            lock (_lock)
                return _turns.Count;
        }
    }

    /// <returns>Ends the turn when disposed.</returns>
    public async Task<IDisposable> TakeAsync(TKey key, CancellationToken cancellation)
    {
        SemaphoreSlim turn;
        lock (_lock)
        {
            var (known, wanted) = _turns.GetValueOrDefault(key);
            turn = known ?? new SemaphoreSlim(1);
            _turns[key] = (turn, wanted + 1);
        }
        try
        {
            await turn.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Leave(key);
            throw;
        }
        return new Held(() =>
        {
            turn.Release();
            Leave(key);
        });
    }

    private void Leave(TKey key)
    {
        lock (_lock)
        {
            var (turn, wanted) = _turns[key];
            if (wanted > 1)
                _turns[key] = (turn, wanted - 1);
            else if (_turns.Remove(key))
                turn.Dispose();
        }
    }

    private sealed class Held(Action end) : IDisposable
    {
        private Action? _end = end;

        public void Dispose() => Interlocked.Exchange(ref _end, null)?.Invoke();
    }
}
