using Akka.Event;
using DmAgents.Actors.Fleet.Entities;

namespace DmAgents.Actors.Fleet.Spread;

/// <summary>Drives the entities of one kind on this host: a round after each change, and by timer. If an entity moves
/// to another host, that host drives it. A change during a round causes another one.</summary>
/// <param name="round">One round. It may be interrupted anywhere.</param>
/// <param name="needsCare">Whether the entity needs frequent rounds.</param>
internal sealed class EntityDriver<TState>(
    Func<TState, CancellationToken, Task> round, Func<TState, bool> needsCare, SpreadSettings settings,
    TimeProvider time, ILoggingAdapter log) : IEntityWatcher<TState>, IDisposable
    where TState : class
{
    /// <summary>Concurrent rounds: fewer than connections of the journal.</summary>
    private const int Beside = 8;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Looked> _entities = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _turns = new(Beside);
    private readonly CancellationTokenSource _end = new();
    private ITimer? _timer;

    private sealed class Looked(TState state)
    {
        public TState State { get; set; } = state;

        public bool IsLookedAt { get; set; }

        public bool Again { get; set; }

        public DateTimeOffset Next { get; set; }
    }

    public void Seen(string id, TState state)
    {
        lock (_lock)
        {
            if (_end.IsCancellationRequested)
                return;
            _timer ??= time.CreateTimer(_ => LookAtThoseDue(), state: null, settings.Look, settings.Look);
            if (!_entities.TryGetValue(id, out var entity))
                _entities[id] = entity = new Looked(state);
            entity.State = state;
            Look(id, entity);
        }
    }

    public void Stopped(string id)
    {
        lock (_lock)
            _entities.Remove(id);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _end.Cancel();
            _entities.Clear();
            _timer?.Dispose();
        }
    }

    private void LookAtThoseDue()
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            foreach (var (id, entity) in _entities)
            {
                if (!entity.IsLookedAt && entity.Next <= now)
                    Look(id, entity);
            }
        }
    }

    private void Look(string id, Looked entity)
    {
        if (entity.IsLookedAt)
        {
            entity.Again = true;
            return;
        }
        (entity.IsLookedAt, entity.Again) = (true, false);
        _ = Task.Run(() => LookAsync(id, entity));
    }

    private async Task LookAsync(string id, Looked entity)
    {
        try
        {
            await _turns.WaitAsync(_end.Token).ConfigureAwait(false);
            try
            {
                await round(entity.State, _end.Token).ConfigureAwait(false);
            }
            finally
            {
                _turns.Release();
            }
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            return;
        }
        // A fault about one entity does not block the rounds of others, and the next round retries.
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            log.Write(FleetActorLog.EntityFault(id), fault);
        }
        lock (_lock)
        {
            entity.IsLookedAt = false;
            entity.Next = time.GetUtcNow() + (needsCare(entity.State) ? settings.Look : settings.Rest);
            if (entity.Again && _entities.TryGetValue(id, out var present) && present == entity)
                Look(id, entity);
        }
    }
}
