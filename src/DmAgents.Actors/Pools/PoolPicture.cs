using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Actor;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Formats;
using DmAgents.Domain.Pools.Recovery;

namespace DmAgents.Actors.Pools;

/// <summary>A pool as its actor last saw it: immutable, so that readers never wait for a change and never see half of
/// one.</summary>
public sealed record PoolPicture(
    PoolName Name,
    PoolUuid Uuid,
    PoolPaths Paths,
    PoolPhase Phase,
    string Reason,
    DateTimeOffset Since,
    PoolContents State,
    PoolHealth? Health,
    ImmutableSortedDictionary<ThinId, PendingDeletion> Deletions,
    ImmutableSortedDictionary<ThinId, string> Problems)
{
    /// <summary>Receives the pool's commands, and answers each with a <see cref="PoolReply"/>.</summary>
    internal IActorRef Actor { get; init; } = ActorRefs.Nobody;

    /// <summary>The journal number up to which the picture includes events. It may include more: decisions on their way
    /// to the journal.</summary>
    public long Number { get; init; }

    /// <summary>The pool's work under way; continues to count after the picture was taken.</summary>
    public PoolActivity Activity { get; init; } = new();

    /// <summary>The last opening failed because the pool's own metadata are unusable.</summary>
    public bool MetadataAreDamaged { get; init; }

    /// <summary>For operators: the pool's sectors are larger than those it was created with; null if they are
    /// not.</summary>
    public string? Sectors { get; init; }

    /// <summary>File systems that the kernel does not support, with everything created from them.</summary>
    public ImmutableArray<FormatConcern> Formats { get; init; } = [];

    /// <summary>Ready-made snapshots handed out since the agent's start.</summary>
    public long StockClaims { get; init; }

    /// <summary>When the mounted file systems are next trimmed without a request; null: never.</summary>
    public DateTimeOffset? NextTrim { get; init; }

    public bool IsTrimming { get; init; }
}

/// <summary>The pictures of all pools of the host. Each pool actor writes its own; any thread reads.</summary>
public sealed class PoolBoard
{
    private readonly ConcurrentDictionary<PoolName, PoolPicture> _pictures = new();

    /// <summary>How far a watcher may be behind, in publications; a pool publishes every 50 ms at most.</summary>
    private const int FeedCapacity = 256;

    private readonly ChangeSignal _changed = new();

    /// <summary>Work on the pools outside their actors.</summary>
    public WorkUnderWay Work { get; } = new();

    public IEnumerable<PoolPicture> All => _pictures.Values.OrderBy(p => p.Name.Value, StringComparer.Ordinal);

    public PoolPicture? Find(PoolName name) => _pictures.GetValueOrDefault(name);

    /// <summary>The pools' changes, for watchers of one pool.</summary>
    internal PoolFeed Feed { get; } = new(FeedCapacity);

    /// <summary>Returns the pool's picture, then its changes as they become durable, until cancelled or until the host
    /// has no such pool. After a gap (the watcher was too slow, or the pool restarted) a picture follows
    /// again.</summary>
    public IAsyncEnumerable<PoolChange> Watch(PoolName name, CancellationToken cancellation) =>
        Feed.Watch(name, () => Find(name), cancellation);

    /// <summary>Waits until the pool's picture satisfies <paramref name="holds"/>; returns at once if it does
    /// already.</summary>
    /// <param name="holds">Called with each picture; with null if the host has no such pool.</param>
    public Task<PoolPicture?> When(PoolName name, Func<PoolPicture?, bool> holds, CancellationToken cancellation) =>
        _changed.When(() => Find(name), holds, cancellation);

    /// <summary>Completes at the next change of any picture. A caller that takes it before it reads the pictures misses
    /// no change.</summary>
    public Task Changed => _changed.Next;

    internal void Show(PoolPicture picture)
    {
        _pictures[picture.Name] = picture;
        _changed.Notify();
    }

    /// <summary>The pool has no actor at this moment; its last picture stays.</summary>
    internal void Leave(PoolName name, IActorRef actor)
    {
        if (_pictures.TryGetValue(name, out var shown) && shown.Actor.Equals(actor))
            _pictures.TryUpdate(name, shown with { Actor = ActorRefs.Nobody }, shown);
        _changed.Notify();
    }

    internal void Forget(PoolName name)
    {
        _pictures.TryRemove(name, out _);
        _changed.Notify();
        Feed.End(name);
    }
}
