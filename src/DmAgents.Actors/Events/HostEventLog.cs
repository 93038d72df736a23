using System.Collections.Immutable;
using System.Threading.Channels;

namespace DmAgents.Actors.Events;

/// <summary>Something that happened on the host, told for people and scripts.</summary>
/// <param name="At">When.</param>
/// <param name="Pool">The pool; empty for the host.</param>
/// <param name="Subject">The device, image or thin id.</param>
/// <param name="Type">Past tense with dashes: "container-created".</param>
/// <param name="Text">One sentence.</param>
/// <param name="Detail">Numbers and names, by name.</param>
public sealed record HostOccurrence(
    DateTimeOffset At, string Pool, string Subject, string Type, string Text,
    ImmutableSortedDictionary<string, string> Detail);

/// <summary>The latest occurrences of the host, and those to come. Safe for many threads.</summary>
public sealed class HostEventLog
{
    /// <summary>What is kept in memory; the journal keeps everything.</summary>
    public const int Capacity = 10_000;

    /// <summary>A follower that is so far behind loses the oldest rather than holding anyone up.</summary>
    private const int FollowerCapacity = 1_000;

    private readonly Lock _lock = new();
    private readonly List<Channel<HostOccurrence>> _followers = [];
    private ImmutableQueue<HostOccurrence> _latest = ImmutableQueue<HostOccurrence>.Empty;
    private int _count;

    /// <summary>The oldest first.</summary>
    public IReadOnlyList<HostOccurrence> Latest
    {
        get
        {
            lock (_lock)
                return [.. _latest];
        }
    }

    /// <summary>Those of before since <paramref name="since"/> (none where null), then each as it happens, until
    /// cancelled. None is lost or doubled between the two.</summary>
    public async IAsyncEnumerable<HostOccurrence> Follow(
        DateTimeOffset? since, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var channel = Channel.CreateBounded<HostOccurrence>(
            new BoundedChannelOptions(FollowerCapacity) { FullMode = BoundedChannelFullMode.DropOldest });
        ImmutableQueue<HostOccurrence> before;
        lock (_lock)
        {
            before = _latest;
            _followers.Add(channel);
        }
        try
        {
            foreach (var occurrence in before.Where(o => since is { } from && o.At >= from))
                yield return occurrence;
            await foreach (var occurrence in channel.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
                yield return occurrence;
        }
        finally
        {
            lock (_lock)
                _followers.Remove(channel);
        }
    }

    internal void Add(HostOccurrence occurrence)
    {
        lock (_lock)
        {
            _latest = _latest.Enqueue(occurrence);
            if (++_count > Capacity)
            {
                _latest = _latest.Dequeue();
                _count--;
            }
            foreach (var follower in _followers)
                follower.Writer.TryWrite(occurrence);
        }
    }
}
