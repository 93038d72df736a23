using System.Threading.Channels;
using DmAgents.Domain.Fleet;

namespace DmAgents.Agent.Fleet.Talks;

/// <summary>Follows the events of all hosts of the fleet, each over its own connection.</summary>
/// <param name="first">The first question to each host.</param>
internal sealed class FleetFollower(
    FleetPeers fleet, HostAsker asker, TimeProvider time, EventQuestion first, HostName self, CancellationToken end)
{
    /// <summary>Maximum number of one host's events that wait for those of others.</summary>
    private const int Room = 256;

    /// <summary>Longer than an event takes from host to host.</summary>
    private static readonly TimeSpan Hold = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(2);

    private readonly long _origin = time.GetTimestamp();
    private readonly DateTimeOffset _begun = time.GetUtcNow();
    private readonly EventMerge _merge = new(Hold, asker.SilentFor);
    private readonly Channel<Input> _inbox = Channel.CreateUnbounded<Input>(
        new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<HostName, Source> _sources = [];
    private readonly Dictionary<HostName, string> _silent = [];
    private Task _watching = Task.CompletedTask;
    private bool _isBegun;

    private TimeSpan Now => time.GetElapsedTime(_origin);

    public async IAsyncEnumerable<FleetNews> RunAsync()
    {
        _watching = WatchAsync();
        Begin(self, first);
        while (true)
        {
            while (_merge.TryNext(Now, out var next))
            {
                _sources[next.Host].Room.Release();
                yield return new FleetNews(next, null, null);
            }
            var some = await WaitAsync().ConfigureAwait(false);
            if (some is null)
                continue;
            foreach (var news in Take(some))
                yield return news;
        }
    }

    public async Task EndAsync()
    {
        foreach (var source in _sources.Values)
            await source.Stop().ConfigureAwait(false);
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <returns>Null: an event is due.</returns>
    private async Task<Input?> WaitAsync()
    {
        if (_inbox.Reader.TryRead(out var input))
            return input;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(end);
        if (_merge.NextAt is { } at)
            either.CancelAfter(at > Now ? at - Now : TimeSpan.Zero);
        try
        {
            return await _inbox.Reader.ReadAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!end.IsCancellationRequested)
        {
            return null;
        }
    }

    private IEnumerable<FleetNews> Take(Input input)
    {
        switch (input)
        {
            case Input.Peers(var peers):
                return Take(peers);
            case Input.Answered(var host, var answer):
                if (answer.Event is { } said)
                    _merge.Take(host, said.ToOccurrence(), Now);
                else if (answer.CaughtUp is not null)
                    _merge.CatchUp(host);
                return _silent.Remove(host) ? [new FleetNews(null, null, host)] : [];
            case Input.Failed(var host, var why):
                _merge.CatchUp(host);
                return _sources[host].IsStopped ? [] : Silent(host, why);
            default:
                throw new InvalidOperationException($"an input of no known kind: {input}");
        }
    }

    /// <summary>A present host is asked again and again, even if it is unreachable at the moment.</summary>
    private List<FleetNews> Take(IReadOnlyList<FleetPeer> peers)
    {
        foreach (var gone in _sources.Keys.Where(
            host => host != self && peers.All(peer => peer.Host != host)).ToList())
            _ = _sources[gone].Stop();
        foreach (var gone in _silent.Keys.Where(host => peers.All(peer => peer.Host != host)).ToList())
            _silent.Remove(gone);
        foreach (var peer in peers.Where(peer => peer.Absent is null))
        {
            // A host that joins later is also asked for its events since the start.
            if (!_sources.TryGetValue(peer.Host, out var source))
                Begin(peer.Host, _isBegun ? first with { Since = first.Since ?? _begun } : first);
            else if (source.IsStopped)
                Begin(peer.Host, source.Question);
        }
        _isBegun = true;
        return peers.Where(peer => peer.Absent is not null && !_sources.ContainsKey(peer.Host))
            .SelectMany(peer => Silent(peer.Host, peer.Absent!)).ToList();
    }

    private FleetNews[] Silent(HostName host, string why)
    {
        var isNews = !_silent.ContainsKey(host);
        _silent[host] = why;
        return isNews ? [new FleetNews(null, new SilentHost(host, why), null)] : [];
    }

    private void Begin(HostName host, EventQuestion question)
    {
        var source = _sources[host] = new Source(question, end);
        // New events wait for no host.
        if (question.Since is not null)
            _merge.Await(host, Now);
        source.Asking = Task.Run(() => AskAsync(host, source), CancellationToken.None);
    }

    private async Task AskAsync(HostName host, Source source)
    {
        while (!source.End.IsCancellationRequested)
        {
            try
            {
                await FollowAsync(host, source).ConfigureAwait(false);
            }
            catch (IOException fault)
            {
                source.Question = source.Question with { Since = source.Question.Since ?? _begun };
                _inbox.Writer.TryWrite(new Input.Failed(host, fault.Message));
            }
            await Task.Delay(AskAgainAfter, time, source.End).ConfigureAwait(false);
        }
    }

    private async Task FollowAsync(HostName host, Source source)
    {
        var answers = asker.AskAsync(host, new HostQuestion { Events = source.Question }, source.End);
        await foreach (var answer in answers.ConfigureAwait(false))
        {
            if (answer.Event is { } said)
            {
                await source.Room.WaitAsync(source.End).ConfigureAwait(false);
                source.Question = source.Question with { After = said.Place, Since = said.At };
            }
            else if (answer.CaughtUp is { } place)
                source.Question = source.Question with { After = place, Since = source.Question.Since ?? _begun };
            _inbox.Writer.TryWrite(new Input.Answered(host, answer));
        }
    }

    private async Task WatchAsync()
    {
        var seen = fleet.Others();
        while (true)
        {
            _inbox.Writer.TryWrite(new Input.Peers(seen));
            seen = await fleet.WhenOtherThan(seen, end).ConfigureAwait(false);
        }
    }

    private abstract record Input
    {
        public sealed record Peers(IReadOnlyList<FleetPeer> All) : Input;

        public sealed record Answered(HostName Host, HostAnswer Answer) : Input;

        public sealed record Failed(HostName Host, string Why) : Input;
    }

    /// <summary>A followed host.</summary>
    private sealed class Source(EventQuestion question, CancellationToken end)
    {
        private readonly CancellationTokenSource _end = CancellationTokenSource.CreateLinkedTokenSource(end);

        /// <summary>The next question to it.</summary>
        public EventQuestion Question { get; set; } = question;

        public SemaphoreSlim Room { get; } = new(FleetFollower.Room);

        public Task Asking { get; set; } = Task.CompletedTask;

        public CancellationToken End => _end.Token;

        public bool IsStopped => _end.IsCancellationRequested;

        public async Task Stop()
        {
            await _end.CancelAsync().ConfigureAwait(false);
            await Asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
