using DmAgents.Transfer.Content;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Receiving;

/// <summary>The sources of a receiver, and which of them is asked for which pieces. Pure.</summary>
/// <remarks>A source that has all is asked for what no other source has, so that each piece leaves it about once,
/// however many hosts receive the layer. One that receives the layer itself is asked for what it had at its last
/// answer.</remarks>
internal sealed class Sources(ReceiverSettings settings)
{
    /// <summary>A receiver so many times slower than a source that has all keeps nothing from that.</summary>
    private const double MuchSlower = 8;

    /// <summary>One of several sources is asked for one part in so many of what is missing.</summary>
    private const ulong Parts = 8;

    /// <summary>How long the last pieces may come from other receivers, in times of the pause before a second question.
    /// </summary>
    private const int LastWait = 8;

    private readonly List<SourceTalk> _talks = [];
    private readonly Random _random = new(settings.Seed);

    /// <summary>Where this receiver begins.</summary>
    private ulong _first;

    /// <summary>Where the sources that have all are asked on.</summary>
    private ulong _next;

    public IReadOnlyList<SourceTalk> All => _talks;

    /// <summary>How many of them receive the layer themselves.</summary>
    private ulong Receivers => (ulong)_talks.Count(talk => talk.Lacks is not null);

    public SourceTalk? Of(int connection) => _talks.Find(talk => talk.Connection == connection);

    public void Add(SourceTalk talk) => _talks.Add(talk);

    public void Remove(SourceTalk talk) => _talks.Remove(talk);

    /// <param name="coming">The pieces that come.</param>
    public void Begin(PieceSet coming) => _first = _next = Nth(coming, settings.FirstPart);

    /// <summary>Those that can be asked for something at this time.</summary>
    public List<SourceTalk> Free(TimeSpan now) =>
        _talks.FindAll(talk => talk.IsIdle && (talk.AskAgainAt is not { } time || time <= now));

    /// <summary>What a free source can be asked for; empty: nothing, or not yet.</summary>
    /// <param name="missing">What has not come.</param>
    /// <param name="changed">All that comes.</param>
    public PieceSet WantedOf(SourceTalk talk, PieceSet missing, PieceSet changed, TimeSpan now)
    {
        var free = _talks.Where(other => other != talk)
            .Aggregate(missing, (left, other) => left.Without(other.Outstanding));
        var wanted = free.Without(talk.Lacks ?? HeldBeside(talk, changed, now));
        if (wanted.IsEmpty && talk.Lacks is not null)
        {
            // When it has waited, a question for one piece shows what it has by then.
            if (talk.AskAgainAt is null || free.IsEmpty)
                talk.AskLater(now + settings.AskAgainAfter);
            else
                wanted = PieceSet.Empty.Add(free.Ranges[0].Start);
        }
        if (talk.Lacks is null && talk.AskAgainAt is null && !wanted.IsEmpty && wanted.Count <= Receivers)
        {
            // The last ones: another receiver is likely to get them at this moment.
            talk.AskLater(now + settings.AskAgainAfter * (1 + LastWait * _random.NextDouble()));
        }
        return talk.AskAgainAt > now ? PieceSet.Empty : wanted;
    }

    /// <summary>Those to ask for, from a place on, and then from the start.</summary>
    public List<PieceRange> Choose(SourceTalk talk, PieceSet wanted)
    {
        var ranges = new List<PieceRange>();
        var room = (ulong)settings.AskAtOnce;
        if (_talks.Count > 1)
            room = Math.Clamp(wanted.Count / Parts, 1, room);
        var before = PieceSet.Empty.Add(new PieceRange(0, talk.Lacks is null ? Place(wanted, room) : _first));
        foreach (var range in wanted.Without(before).Ranges.Concat(wanted.Intersect(before).Ranges))
        {
            if (room == 0 || ranges.Count == WireLimits.Ranges)
                break;
            var taken = Math.Min(range.Count, room);
            ranges.Add(range with { Count = taken });
            room -= taken;
        }
        if (talk.Lacks is null)
            _next = ranges[^1].End;
        return ranges;
    }

    /// <summary>Slow sources of which another one has what they owe.</summary>
    /// <param name="takes">False: the receiver itself makes a source wait.</param>
    public List<SourceTalk> Slow(Func<SourceTalk, bool> takes, TimeSpan now)
    {
        if (_talks.Count < 2)
            return [];
        foreach (var talk in _talks.Where(talk => !takes(talk)))
            talk.WaitsForUs(now);
        return _talks.FindAll(late => late.IsLate(now) && _talks.Exists(other =>
            other != late && other.HasAnswered && !other.IsLate(now)
            && (other.Lacks is not { } lacks || !late.Outstanding.Without(lacks).IsEmpty)));
    }

    /// <summary>When one of them can be asked again, or is slow; null: what comes decides.</summary>
    public TimeSpan? WakeAt(TimeSpan now)
    {
        var times = _talks.Where(talk => talk.IsIdle).Select(talk => talk.AskAgainAt).OfType<TimeSpan>();
        if (_talks.Count > 1)
            times = times.Concat(_talks.Where(talk => !talk.IsIdle).Select(talk => talk.MovedAt + settings.SlowAfter));
        return times.Where(time => time > now).Select(time => (TimeSpan?)time).Min();
    }

    /// <summary>What sources that receive the layer themselves have, and are fast enough to be left to it.</summary>
    private PieceSet HeldBeside(SourceTalk talk, PieceSet changed, TimeSpan now) => _talks
        .Where(other => other.Lacks is not null && !other.IsLate(now)
            && (other.Speed ?? double.MaxValue) * MuchSlower >= (talk.Speed ?? 0))
        .Aggregate(PieceSet.Empty, (held, other) => held.Union(changed.Without(other.Lacks!)));

    /// <summary>Where it was left off. If other receivers have what is there, within this receiver's own part of what
    /// is left: right behind what they have is what they are about to get.</summary>
    private ulong Place(PieceSet wanted, ulong count)
    {
        var others = Receivers;
        if (others == 0 || (count > 1 && wanted.Contains(_next)))
            return _next;
        return Nth(wanted, (settings.FirstPart + _random.NextDouble() / (others + 1)) % 1);
    }

    private static ulong Nth(PieceSet pieces, double part)
    {
        var left = (ulong)(pieces.Count * part);
        foreach (var range in pieces.Ranges)
        {
            if (left < range.Count)
                return range.Start + left;
            left -= range.Count;
        }
        return 0;
    }
}
