using DmAgents.Domain.Pools;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Receiving;

/// <summary>A receiver's sources, and which pieces to request from each. Pure.</summary>
/// <remarks>A source that has everything is asked for what no other source has or expects, this receiver's own share of
/// it first, so that each piece leaves it about once, however many hosts receive the layer. A source that receives the layer
/// itself is asked for what it had at its last answer.</remarks>
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

    /// <summary>If at most this many pieces per other receiver are left, and none of the own share, they count as the
    /// last ones. A receiver has about as many between its requests and its disk.</summary>
    private const ulong LastPieces = 4;

    private readonly List<SourceTalk> _talks = [];
    private readonly Random _random = new(settings.Seed);

    /// <summary>The piece with which this receiver starts.</summary>
    private ulong _first;

    /// <summary>The next piece to request from complete sources.</summary>
    private ulong _next;

    private PieceShares _shares = new(settings.Pool.Pool, 0);
    private PieceSet _toReceive = PieceSet.Empty;

    /// <summary>This receiver's share beside these other receivers.</summary>
    private (List<PoolUuid> Others, PieceSet Own) _share = ([], PieceSet.Empty);

    /// <summary>Until when the last pieces are left to other receivers; null: there are more.</summary>
    private TimeSpan? _lastUntil;

    public IReadOnlyList<SourceTalk> All => _talks;

    /// <summary>The pools of the sources that receive the layer themselves.</summary>
    private List<PoolUuid> Receivers =>
        [.. _talks.Where(talk => talk.Lacks is not null).Select(talk => talk.Pool).OfType<PoolUuid>()];

    /// <summary>The pieces requested from sources that have everything. What was requested of a receiver is not among
    /// them: two receivers could wait for each other.</summary>
    public PieceSet Coming => _talks.Where(talk => talk.Lacks is null)
        .Aggregate(PieceSet.Empty, (coming, talk) => coming.Union(talk.Outstanding));

    public SourceTalk? Of(int connection) => _talks.Find(talk => talk.Connection == connection);

    public void Add(SourceTalk talk) => _talks.Add(talk);

    public void Remove(SourceTalk talk) => _talks.Remove(talk);

    /// <param name="coming">The pieces to receive.</param>
    /// <param name="pieces">The number of pieces in the layer's map.</param>
    public void Begin(PieceSet coming, ulong pieces)
    {
        _first = _next = Nth(coming, settings.FirstPart);
        _shares = new PieceShares(settings.Pool.Pool, settings.ChangedPieces ?? pieces);
        (_toReceive, _share) = (coming, ([], coming));
    }

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
        else if (talk.Lacks is null && LeftToOthersUntil(wanted, now) is { } until)
            talk.AskLater(until);
        return talk.AskAgainAt > now ? PieceSet.Empty : wanted;
    }

    /// <summary>The last pieces of other receivers' shares are left to them for a moment: they are probably about to get
    /// them.</summary>
    /// <returns>Null: they can be requested.</returns>
    private TimeSpan? LeftToOthersUntil(PieceSet wanted, TimeSpan now)
    {
        if (wanted.IsEmpty || Receivers is not { Count: > 0 } others)
            return null;
        if (wanted.Count > LastPieces * (ulong)others.Count || !wanted.Intersect(OwnBeside(others)).IsEmpty)
        {
            _lastUntil = null;
            return null;
        }
        _lastUntil ??= now + settings.AskAgainAfter * (1 + LastWait * _random.NextDouble());
        return now < _lastUntil ? _lastUntil : null;
    }

    /// <summary>Chooses the ranges to request: from a position on, then from the start.</summary>
    public List<PieceRange> Choose(SourceTalk talk, PieceSet wanted)
    {
        var room = (ulong)settings.AskAtOnce;
        if (_talks.Count > 1)
            room = Math.Clamp(wanted.Count / Parts, 1, room);
        if (talk.Lacks is not null)
            return Take(wanted, _first, room);
        var own = wanted.Intersect(OwnBeside(Receivers));
        // If all of the own share is here, or comes, other receivers take pieces of a slower one's share, too, at other
        // positions.
        var ranges = own.IsEmpty ? Take(wanted, Nth(wanted, _random.NextDouble()), room) : Take(own, _next, room);
        _next = ranges[^1].End;
        return ranges;
    }

    /// <summary>Up to so many pieces from a position on, then from the start.</summary>
    private static List<PieceRange> Take(PieceSet wanted, ulong from, ulong room)
    {
        var ranges = new List<PieceRange>();
        foreach (var range in From(wanted, from))
        {
            if (room == 0 || ranges.Count == WireLimits.Ranges)
                break;
            var taken = Math.Min(range.Count, room);
            ranges.Add(range with { Count = taken });
            room -= taken;
        }
        return ranges;
    }

    private PieceSet OwnBeside(List<PoolUuid> others)
    {
        if (!_share.Others.SequenceEqual(others))
            _share = (others, _shares.Of(_toReceive, others));
        return _share.Own;
    }

    private static IEnumerable<PieceRange> From(PieceSet wanted, ulong from)
    {
        var before = PieceSet.Empty.Add(new PieceRange(0, from));
        return wanted.Without(before).Ranges.Concat(wanted.Intersect(before).Ranges);
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

    /// <summary>The pieces that sources which receive the layer themselves have or are about to have, if they are fast
    /// enough to be left to supply them.</summary>
    private PieceSet HeldBeside(SourceTalk talk, PieceSet changed, TimeSpan now) => _talks
        .Where(other => other is { Lacks: not null, Pool: not null } && !other.IsLate(now)
            && (other.Speed ?? double.MaxValue) * MuchSlower >= (talk.Speed ?? 0))
        .Aggregate(PieceSet.Empty, (held, other) => held.Union(changed.Without(other.Lacks!)).Union(other.ComingBeside(talk.Speed, MuchSlower)));

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
