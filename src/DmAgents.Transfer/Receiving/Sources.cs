using DmAgents.Transfer.Content;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Receiving;

/// <summary>A receiver's sources, and which pieces to request from each. Pure.</summary>
/// <remarks>A source that has everything is asked for what no other source has, so that each piece leaves it about
/// once, however many hosts receive the layer. A source that receives the layer itself is asked for what it had at its
/// last answer.</remarks>
internal sealed class Sources(ReceiverSettings settings)
{
    /// <summary>If a receiver is this many times slower than a complete source, its pieces are requested from that
    /// source, too.</summary>
    private const double MuchSlower = 8;

    /// <summary>With several sources, a request is for this fraction of the missing pieces.</summary>
    private const ulong Parts = 8;

    /// <summary>How long the last pieces are left to other receivers, as a multiple of the pause before the next
    /// request.</summary>
    private const int LastWait = 8;

    private readonly List<SourceTalk> _talks = [];
    private readonly Random _random = new(settings.Seed);

    /// <summary>The piece with which this receiver starts.</summary>
    private ulong _first;

    /// <summary>The next piece to request from complete sources.</summary>
    private ulong _next;

    public IReadOnlyList<SourceTalk> All => _talks;

    /// <summary>The number of sources that receive the layer themselves.</summary>
    private ulong Receivers => (ulong)_talks.Count(talk => talk.Lacks is not null);

    public SourceTalk? Of(int connection) => _talks.Find(talk => talk.Connection == connection);

    public void Add(SourceTalk talk) => _talks.Add(talk);

    public void Remove(SourceTalk talk) => _talks.Remove(talk);

    /// <param name="coming">The pieces to receive.</param>
    public void Begin(PieceSet coming) => _first = _next = Nth(coming, settings.FirstPart);

    /// <summary>The sources that can be sent a request now.</summary>
    public List<SourceTalk> Free(TimeSpan now) =>
        _talks.FindAll(talk => talk.IsIdle && (talk.AskAgainAt is not { } time || time <= now));

    /// <summary>What to request from a free source; empty: nothing, or nothing yet.</summary>
    /// <param name="missing">The pieces not yet received.</param>
    /// <param name="changed">All pieces to receive.</param>
    public PieceSet WantedOf(SourceTalk talk, PieceSet missing, PieceSet changed, TimeSpan now)
    {
        var free = _talks.Where(other => other != talk)
            .Aggregate(missing, (left, other) => left.Without(other.Outstanding));
        var wanted = free.Without(talk.Lacks ?? HeldBeside(talk, changed, now));
        if (wanted.IsEmpty && talk.Lacks is not null)
        {
            // After the pause, a request for one piece shows what the source has by then.
            if (talk.AskAgainAt is null || free.IsEmpty)
                talk.AskLater(now + settings.AskAgainAfter);
            else
                wanted = PieceSet.Empty.Add(free.Ranges[0].Start);
        }
        if (talk.Lacks is null && talk.AskAgainAt is null && !wanted.IsEmpty && wanted.Count <= Receivers)
        {
            // The last pieces: another receiver is probably about to get them.
            talk.AskLater(now + settings.AskAgainAfter * (1 + LastWait * _random.NextDouble()));
        }
        return talk.AskAgainAt > now ? PieceSet.Empty : wanted;
    }

    /// <summary>Chooses the ranges to request: from a position on, then from the start.</summary>
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

    /// <summary>Slow sources that owe pieces which another source has.</summary>
    /// <param name="takes">False if this receiver itself makes the source wait.</param>
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

    /// <summary>When a source can be asked again, or becomes slow; null: the next input decides.</summary>
    public TimeSpan? WakeAt(TimeSpan now)
    {
        var times = _talks.Where(talk => talk.IsIdle).Select(talk => talk.AskAgainAt).OfType<TimeSpan>();
        if (_talks.Count > 1)
            times = times.Concat(_talks.Where(talk => !talk.IsIdle).Select(talk => talk.MovedAt + settings.SlowAfter));
        return times.Where(time => time > now).Select(time => (TimeSpan?)time).Min();
    }

    /// <summary>The pieces of sources that receive the layer themselves, if they are fast enough to be left to supply
    /// them.</summary>
    private PieceSet HeldBeside(SourceTalk talk, PieceSet changed, TimeSpan now) => _talks
        .Where(other => other.Lacks is not null && !other.IsLate(now)
            && (other.Speed ?? double.MaxValue) * MuchSlower >= (talk.Speed ?? 0))
        .Aggregate(PieceSet.Empty, (held, other) => held.Union(changed.Without(other.Lacks!)));

    /// <summary>The position after the last request. If other receivers have the piece there, a random position in this
    /// receiver's own share of the rest: the pieces right behind theirs are the ones that they are about to
    /// get.</summary>
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
