using System.Runtime.CompilerServices;
using System.Threading.Channels;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Pools;

/// <summary>An item for a watcher of a pool, in this order: a picture, then the changes since it.</summary>
public abstract record PoolChange
{
    private PoolChange()
    {
    }

    /// <summary>The whole picture, at the beginning and again after a gap.</summary>
    public sealed record Whole(PoolPicture Picture) : PoolChange;

    /// <summary>The next events, numbered on from the last one. The picture may already include some of them: a notice
    /// states how its device is, not what was done to it.</summary>
    public sealed record Happened(PoolNotices Notices) : PoolChange;

    /// <summary>The pool's phase has changed.</summary>
    public sealed record PhaseChanged(PoolPhaseNotice Notice) : PoolChange;
}

/// <summary>Passes what pools publish to the watchers of each pool. Thread-safe.</summary>
/// <param name="capacity">Publications a watcher may be behind before it restarts with a picture.</param>
internal sealed class PoolFeed(int capacity)
{
    private readonly Lock _lock = new();
    private readonly List<(PoolName Pool, Channel<PoolChange> Channel)> _watchers = [];

    /// <summary>Watches until cancelled, or until the host has no such pool.</summary>
    /// <param name="find">Returns the pool's current picture; null if the host has no such pool.</param>
    public async IAsyncEnumerable<PoolChange> Watch(
        PoolName pool, Func<PoolPicture?> find, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            // Subscribes before it reads the picture: changes in between are repeated rather than lost.
            var channel = Begin(pool);
            try
            {
                if (find() is not { } picture)
                    yield break;
                yield return new PoolChange.Whole(picture);
                var next = picture.Number + 1;
                while (await channel.Reader.WaitToReadAsync(cancellation).ConfigureAwait(false)
                    && channel.Reader.TryRead(out var change))
                {
                    if (change is PoolChange.Happened happened)
                    {
                        if (FromNumber(happened, picture.Uuid, next) is not { } fresh)
                            break;
                        if (fresh.Notices.Notices.IsEmpty)
                            continue;
                        next = fresh.Notices.Notices[^1].Number + 1;
                        change = fresh;
                    }
                    yield return change;
                }
            }
            finally
            {
                End(channel);
            }
        }
    }

    public void Publish(PoolNotices notices) => Publish(notices.Pool, new PoolChange.Happened(notices));

    public void Publish(PoolPhaseNotice notice) => Publish(notice.Pool, new PoolChange.PhaseChanged(notice));

    /// <summary>The host no longer has such a pool.</summary>
    public void End(PoolName pool)
    {
        lock (_lock)
        {
            foreach (var watcher in _watchers.Where(watcher => watcher.Pool == pool))
                watcher.Channel.Writer.TryComplete();
        }
    }

    private void Publish(PoolName pool, PoolChange change)
    {
        lock (_lock)
        {
            foreach (var watcher in _watchers.Where(watcher => watcher.Pool == pool))
            {
                // A watcher that is too far behind does not delay others: it gets a gap, and restarts.
                if (!watcher.Channel.Writer.TryWrite(change))
                    watcher.Channel.Writer.TryComplete();
            }
        }
    }

    /// <summary>The notices not passed on yet; null if they do not follow the last one.</summary>
    private static PoolChange.Happened? FromNumber(PoolChange.Happened happened, PoolUuid uuid, long next)
    {
        var notices = happened.Notices;
        var fresh = notices.Notices.RemoveAll(notice => notice.Number < next);
        return notices.Uuid != uuid || (!fresh.IsEmpty && fresh[0].Number != next)
            ? null
            : new PoolChange.Happened(notices with { Notices = fresh });
    }

    private Channel<PoolChange> Begin(PoolName pool)
    {
        var channel = Channel.CreateBounded<PoolChange>(new BoundedChannelOptions(capacity) { SingleReader = true });
        lock (_lock)
            _watchers.Add((pool, channel));
        return channel;
    }

    private void End(Channel<PoolChange> channel)
    {
        lock (_lock)
            _watchers.RemoveAll(watcher => watcher.Channel == channel);
    }
}
