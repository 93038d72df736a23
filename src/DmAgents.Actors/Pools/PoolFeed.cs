using System.Runtime.CompilerServices;
using System.Threading.Channels;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Pools;

/// <summary>What a watcher of a pool gets, in this order: a picture, then what changed since it.</summary>
public abstract record PoolChange
{
    private PoolChange()
    {
    }

    /// <summary>The whole, at the beginning and again after a gap.</summary>
    public sealed record Whole(PoolPicture Picture) : PoolChange;

    /// <summary>What has happened next, with numbers that follow the last one's. The picture before may show some of it
    /// already: a notice says how its device is, not what was done to it.</summary>
    public sealed record Happened(PoolNotices Notices) : PoolChange;

    /// <summary>The pool's phase is another.</summary>
    public sealed record PhaseChanged(PoolPhaseNotice Notice) : PoolChange;
}

/// <summary>Hands what pools publish to those who watch one. Safe for many threads.</summary>
/// <param name="capacity">How many publications a watcher may be behind before it starts again with a picture.</param>
internal sealed class PoolFeed(int capacity)
{
    private readonly Lock _lock = new();
    private readonly List<(PoolName Pool, Channel<PoolChange> Channel)> _watchers = [];

    /// <summary>Watches until cancelled, or until the host has no such pool.</summary>
    /// <param name="find">The pool's picture by now; null if the host has none.</param>
    public async IAsyncEnumerable<PoolChange> Watch(
        PoolName pool, Func<PoolPicture?> find, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            // Before the picture is read: what happens in between comes twice rather than never.
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

    /// <summary>The host has no such pool any more.</summary>
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
                // One that is too far behind is not waited for: it has a gap, and starts again.
                if (!watcher.Channel.Writer.TryWrite(change))
                    watcher.Channel.Writer.TryComplete();
            }
        }
    }

    /// <summary>What of it was not told yet; null: it does not follow what was.</summary>
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
