using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Actor;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Formats;
using DmAgents.Domain.Pools.Recovery;

namespace DmAgents.Actors.Pools;

/// <summary>
/// A pool as its actor saw it last: immutable, so that readers never wait for a change and never meet half of one.
/// </summary>
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
    /// <summary>Takes the pool's commands, and answers each with a <see cref="PoolReply"/>.</summary>
    internal IActorRef Actor { get; init; } = ActorRefs.Nobody;

    /// <summary>The journal's number up to which the picture shows what has happened. It may show more: what is decided
    /// and on its way to the journal.</summary>
    public long Number { get; init; }

    /// <summary>What the pool is at; counts on after the picture was taken.</summary>
    public PoolActivity Activity { get; init; } = new();

    /// <summary>It could not be opened last time because its own metadata cannot be used.</summary>
    public bool MetadataAreDamaged { get; init; }

    /// <summary>That its sectors are larger than those it was made with, for people; null where they are not.</summary>
    public string? Sectors { get; init; }

    /// <summary>File systems that the kernel does not take, with all that was made from them.</summary>
    public ImmutableArray<FormatConcern> Formats { get; init; } = [];

    /// <summary>How many ready-made snapshots were given away since the agent's start.</summary>
    public long StockClaims { get; init; }

    /// <summary>When the mounted file systems are trimmed without anyone asking; null: never.</summary>
    public DateTimeOffset? NextTrim { get; init; }

    public bool IsTrimming { get; init; }
}

/// <summary>The pictures of all pools of the host. Pool actors write their own; anyone reads.</summary>
public sealed class PoolBoard
{
    private readonly ConcurrentDictionary<PoolName, PoolPicture> _pictures = new();

    /// <summary>Publications, which pools make every 50 ms at most: how far a watcher may be behind.</summary>
    private const int FeedCapacity = 256;

    /// <summary>Made by the first that waits.</summary>
    private TaskCompletionSource? _next;

    /// <summary>What goes on in the pools outside their actors.</summary>
    public WorkUnderWay Work { get; } = new();

    public IEnumerable<PoolPicture> All => _pictures.Values.OrderBy(p => p.Name.Value, StringComparer.Ordinal);

    public PoolPicture? Find(PoolName name) => _pictures.GetValueOrDefault(name);

    /// <summary>What happens in pools, for those who watch one.</summary>
    internal PoolFeed Feed { get; } = new(FeedCapacity);

    /// <summary>The pool's picture, then its changes as they become durable, until cancelled or until the host has no
    /// such pool. After a gap (the watcher was too slow, or the pool started again) there is a picture again.</summary>
    public IAsyncEnumerable<PoolChange> Watch(PoolName name, CancellationToken cancellation) =>
        Feed.Watch(name, () => Find(name), cancellation);

    /// <summary>The pool's picture as soon as it is as asked: of now, or of a moment to come.</summary>
    /// <param name="holds">Asked of each picture; of null if the host has no such pool.</param>
    public async Task<PoolPicture?> When(
        PoolName name, Func<PoolPicture?, bool> holds, CancellationToken cancellation)
    {
        while (true)
        {
            var next = Next;
            var picture = Find(name);
            if (holds(picture))
                return picture;
            await next.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Done with the next change of any picture. Taken before the pictures are read, none is missed.</summary>
    public Task Changed => Next;

    internal void Show(PoolPicture picture)
    {
        _pictures[picture.Name] = picture;
        Notify();
    }

    /// <summary>The pool has no actor at this moment; what it showed last stays.</summary>
    internal void Leave(PoolName name, IActorRef actor)
    {
        if (_pictures.TryGetValue(name, out var shown) && shown.Actor.Equals(actor))
            _pictures.TryUpdate(name, shown with { Actor = ActorRefs.Nobody }, shown);
        Notify();
    }

    internal void Forget(PoolName name)
    {
        _pictures.TryRemove(name, out _);
        Notify();
        Feed.End(name);
    }

    /// <summary>Done with the next change of any picture.</summary>
    private Task Next
    {
        get
        {
            var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return (Interlocked.CompareExchange(ref _next, made, null) ?? made).Task;
        }
    }

    /// <summary>Pictures change all the time, and rarely is one waited for: then this is one exchange of null.
    /// </summary>
    private void Notify() => Interlocked.Exchange(ref _next, null)?.TrySetResult();
}
