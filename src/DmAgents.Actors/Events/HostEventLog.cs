using System.Collections.Immutable;
using System.Threading.Channels;

namespace DmAgents.Actors.Events;

/// <summary>An event on the host, described for operators and scripts.</summary>
/// <param name="At">When it happened.</param>
/// <param name="Pool">The pool; empty for the host.</param>
/// <param name="Subject">The device, image or thin id.</param>
/// <param name="Type">Past tense with dashes: "container-created".</param>
/// <param name="Text">One sentence.</param>
/// <param name="Detail">Numbers and names, by name.</param>
public sealed record HostOccurrence(
    DateTimeOffset At, string Pool, string Subject, string Type, string Text,
    ImmutableSortedDictionary<string, string> Detail);

/// <summary>An occurrence with its place in the log.</summary>
/// <param name="Number">From 1, without gaps, within one life of the log.</param>
public sealed record LoggedOccurrence(ulong Number, HostOccurrence Occurrence);

/// <summary>The next item for a follower of the log.</summary>
/// <param name="Number">The occurrence's number. On the step that ends the past ones: the number of the last of
/// them.</param>
/// <param name="Occurrence">Null exactly once: when all past occurrences have been read.</param>
public sealed record LogStep(ulong Number, HostOccurrence? Occurrence);

/// <summary>The latest occurrences of the host, and future ones as they happen. Thread-safe.</summary>
public sealed class HostEventLog
{
    /// <summary>Number of occurrences kept in memory; the journal keeps all of them.</summary>
    public const int Capacity = 10_000;

    /// <summary>A follower this far behind loses the oldest occurrences, so that it delays nothing else.</summary>
    private const int FollowerCapacity = 1_000;

    private readonly Lock _lock = new();
    private readonly List<Channel<LoggedOccurrence>> _followers = [];
    private ImmutableQueue<LoggedOccurrence> _latest = ImmutableQueue<LoggedOccurrence>.Empty;
    private int _count;
    private ulong _last;

    /// <summary>Changes at each start of the agent. Numbers are comparable only within one life.</summary>
    public Guid Life { get; } = Guid.NewGuid();

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<HostOccurrence> Latest => [.. LatestLogged.Select(logged => logged.Occurrence)];

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<LoggedOccurrence> LatestLogged
    {
        get
        {
            lock (_lock)
                return [.. _latest];
        }
    }

    /// <summary>Returns past occurrences since <paramref name="since"/> (none if null), then each new one as it
    /// happens, until cancelled. The transition loses none and repeats none.</summary>
    public async IAsyncEnumerable<HostOccurrence> Follow(
        DateTimeOffset? since, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var all = Follow(logged => since is { } from && logged.Occurrence.At >= from, cancellation);
        await foreach (var step in all.ConfigureAwait(false))
        {
            if (step.Occurrence is { } occurrence)
                yield return occurrence;
        }
    }

    /// <summary>Like the other overload, with one step between past and new occurrences.</summary>
    /// <param name="isWanted">Selects past occurrences.</param>
    public async IAsyncEnumerable<LogStep> Follow(
        Func<LoggedOccurrence, bool> isWanted,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var channel = Channel.CreateBounded<LoggedOccurrence>(
            new BoundedChannelOptions(FollowerCapacity) { FullMode = BoundedChannelFullMode.DropOldest });
        ImmutableQueue<LoggedOccurrence> before;
        ulong last;
        lock (_lock)
        {
            (before, last) = (_latest, _last);
            _followers.Add(channel);
        }
        try
        {
            foreach (var logged in before.Where(isWanted))
                yield return new LogStep(logged.Number, logged.Occurrence);
            yield return new LogStep(last, null);
            await foreach (var logged in channel.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
                yield return new LogStep(logged.Number, logged.Occurrence);
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
            var logged = new LoggedOccurrence(++_last, occurrence);
            _latest = _latest.Enqueue(logged);
            if (++_count > Capacity)
            {
                _latest = _latest.Dequeue();
                _count--;
            }
            foreach (var follower in _followers)
                follower.Writer.TryWrite(logged);
        }
    }
}
