using DmAgents.Domain.Pools;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Receiving;

/// <summary>The dialogue with one source over one connection: the requests, and whether the answers fit them.</summary>
internal sealed class SourceTalk(
    int connection, ReceiveRequest request, ReceiverSettings settings, ReceivingProgress? plan, TimeSpan begun)
{
    private readonly MapReception _reception = new(request, settings, plan);
    private Phase _phase;

    /// <summary>Requested and not yet received.</summary>
    private readonly HashSet<ulong> _asked = [];
    private PieceSet? _outstanding;
    private TimeSpan _askedAt;
    private TimeSpan _answering;
    private ulong _answered;
    private ulong _askedCount;
    private ulong _came;
    private ulong _dataBytes;
    private ulong _zeroBytes;
    private TimeSpan? _nothingSince;
    private PieceSet _coming = PieceSet.Empty;
    private Gain _gained = new(0, default, default);
    private bool _isStuck;

    /// <summary>What a source that receives the layer itself has received, as far as its answers show.</summary>
    private readonly record struct Gain(ulong Pieces, TimeSpan Since, TimeSpan At)
    {
        /// <summary>Pieces per second; null: too early to say.</summary>
        public double? Speed { get; init; }

        public Gain Plus(ulong pieces, TimeSpan now, TimeSpan least) => new(
            Pieces + pieces, Since, pieces > 0 ? now : At)
        {
            Speed = now - Since >= least ? (Pieces + pieces) / (now - Since).TotalSeconds : null,
        };
    }

    private enum Phase
    {
        /// <summary>The header is awaited.</summary>
        Asked,
        Mapping,
        Idle,
        Pieces,
    }

    public int Connection => connection;

    /// <summary>All requests are answered: the next one can be sent.</summary>
    public bool IsIdle => _phase == Phase.Idle;

    /// <summary>The layer's map, once it is complete and has the wanted digest.</summary>
    public ContentMap? Map => _reception.Map;

    public ReceivingProgress NewPlan => new(
        Map!.Digest, _reception.Header!.Base, _reception.Header.Shape, PieceSet.Empty);

    /// <summary>The source has the target's base, so it can send only the changes.</summary>
    public bool HasBase { get; private set; }

    /// <summary>The request was for whole pieces.</summary>
    public bool AskedWhole { get; private set; }

    /// <summary>The piece whose parts are arriving.</summary>
    public PieceReception? Current { get; private set; }

    /// <summary>The source had nothing to send: the time of the next request.</summary>
    public TimeSpan? AskAgainAt { get; private set; }

    /// <summary>The pieces missing at its last answer; null: as far as known it has all.</summary>
    public PieceSet? Lacks { get; private set; }

    /// <summary>The source's pool; null: its header is not there yet.</summary>
    public PoolUuid? Pool => _reception.Header?.Sender.Pool;

    /// <summary>Missing pieces that are about to arrive at the source, if it is fast enough to be waited for.</summary>
    /// <param name="speed">Pieces per second of the source that would be asked instead; null: unknown.</param>
    /// <param name="muchSlower">A source this many times slower is not waited for.</param>
    public PieceSet ComingBeside(double? speed, double muchSlower) =>
        _isStuck || _gained.Speed * muchSlower < speed ? PieceSet.Empty : _coming;

    /// <summary>Requested and not yet received.</summary>
    public PieceSet Outstanding => IsIdle ? PieceSet.Empty : _outstanding ??= PieceSet.Of(_asked);

    /// <summary>When a piece was last requested or received.</summary>
    public TimeSpan MovedAt { get; private set; }

    /// <summary>The source has completely answered a request for pieces.</summary>
    public bool HasAnswered { get; private set; }

    /// <summary>Pieces per second, over all requests that brought some; null: none did yet.</summary>
    public double? Speed => _answering > TimeSpan.Zero ? _answered / _answering.TotalSeconds : null;

    /// <summary>Sends no request before this time.</summary>
    public void AskLater(TimeSpan at) => AskAgainAt = at;

    /// <summary>The source has owed a piece for longer than the limit.</summary>
    public bool IsLate(TimeSpan now) => _phase == Phase.Pieces && now - MovedAt >= settings.SlowAfter;

    /// <summary>The source waits for this host's own work.</summary>
    public void WaitsForUs(TimeSpan now) => MovedAt = now;

    /// <summary>The first request.</summary>
    public TransferRecords.Ask Begin() => new(
        settings.Pool, request.Layer, request.Content, request.Priority, settings.PieceSize,
        plan?.Shape ?? request.Expected, plan is not null,
        [
            .. request.Ancestors.Select(map => map.Digest).Where(digest => plan is null || digest == plan.Base)
                .Take(WireLimits.Ancestors),
        ]);

    /// <summary>Requests pieces. The dialogue must be idle.</summary>
    public TransferRecords.AskPieces Ask(bool whole, List<PieceRange> ranges, TimeSpan now)
    {
        (_askedAt, MovedAt) = (now, now);
        _asked.Clear();
        _asked.UnionWith(PieceSet.Of(ranges).Pieces);
        _outstanding = null;
        (_phase, _askedCount, _came, _dataBytes, _zeroBytes) = (Phase.Pieces, (ulong)_asked.Count, 0, 0, 0);
        (AskedWhole, AskAgainAt) = (whole, null);
        return new TransferRecords.AskPieces(whole, [.. ranges]);
    }

    /// <summary>Takes a record.</summary>
    /// <param name="begin">Allocates a piece.</param>
    /// <param name="ended">A piece of which the source has sent everything.</param>
    /// <returns>What is wrong with the record, or null.</returns>
    public string? Take(
        TransferRecord record, TimeSpan now, Func<ulong, PieceReception> begin, out PieceReception? ended)
    {
        ended = null;
        return (record, _phase) switch
        {
            (TransferRecords.Refused refused, _) => $"it refuses ({refused.Why}): {refused.Reason}",
            (TransferRecords.Header header, Phase.Asked) => TakeHeader(header),
            (TransferRecords.KeepAlive, Phase.Asked) => now - begun > settings.HeaderWithin
                ? $"it has sent no header for {settings.HeaderWithin.TotalMinutes:0} minutes"
                : null,
            (_, Phase.Mapping) => TakeMap(record),
            (TransferRecords.Lacking lacking, Phase.Asked) => TakeLacking(lacking, now),
            (TransferRecords.Lacking lacking, Phase.Pieces) when Current is null => TakeLacking(lacking, now),
            (TransferRecords.Data data, Phase.Pieces) => TakePart(data.Offset.Bytes, data, begin),
            (TransferRecords.Zeros zeros, Phase.Pieces) => TakePart(zeros.Range.Start.Bytes, zeros, begin),
            (TransferRecords.PieceEnd end, Phase.Pieces) => TakePieceEnd(end.Piece, now, begin, out ended),
            (TransferRecords.End end, Phase.Pieces) => TakeEnd(end, now),
            _ => $"a record \"{record.GetType().Name}\" that was not asked for",
        };
    }

    private string? TakeHeader(TransferRecords.Header header)
    {
        if (_reception.Take(header) is { } fault)
            return fault;
        _phase = plan is null ? Phase.Mapping : Phase.Idle;
        HasBase = plan is null || header.Base == plan.Base;
        return null;
    }

    private string? TakeMap(TransferRecord record)
    {
        var fault = _reception.Take(record);
        if (fault is null && Map is not null)
            _phase = Phase.Idle;
        return fault;
    }

    private string? TakePart(ulong offset, TransferRecord part, Func<ulong, PieceReception> begin)
    {
        if (Begin(offset / (ulong)settings.PieceSize.Bytes, begin) is { } fault)
            return fault;
        _dataBytes += part is TransferRecords.Data data ? (ulong)data.Bytes.Length : 0;
        _zeroBytes += part is TransferRecords.Zeros zeros ? zeros.Range.Length.Bytes : 0;
        return Current!.Take(part);
    }

    private string? TakeLacking(TransferRecords.Lacking lacking, TimeSpan now)
    {
        var lacks = PieceSet.Of(lacking.Pieces);
        if (Lacks is not { } before)
            _gained = new Gain(0, now, now);
        else if (_phase == Phase.Asked)
            return "it says twice before its header what it lacks";
        else
            _gained = _gained.Plus(before.Count - Math.Min(before.Count, lacks.Count), now, settings.SlowAfter / 4);
        _isStuck = now - _gained.At >= settings.SlowAfter;
        (Lacks, _coming) = (lacks.IsEmpty ? null : lacks, PieceSet.Of(lacking.Coming).Intersect(lacks));
        return null;
    }

    private string? TakePieceEnd(
        ulong piece, TimeSpan now, Func<ulong, PieceReception> begin, out PieceReception? ended)
    {
        ended = null;
        if (Begin(piece, begin) is { } fault)
            return fault;
        (ended, Current) = (Current, null);
        _asked.Remove(piece);
        _outstanding = null;
        _came++;
        MovedAt = now;
        return null;
    }

    /// <summary>The part must belong to the current piece, or start the next one.</summary>
    private string? Begin(ulong piece, Func<ulong, PieceReception> begin)
    {
        if (Current is not null)
            return Current.Piece == piece ? null : $"piece {Current.Piece} was not ended before piece {piece}";
        if (!_asked.Contains(piece))
            return $"piece {piece} was not asked for, or came already";
        Current = begin(piece);
        return null;
    }

    private string? TakeEnd(TransferRecords.End end, TimeSpan now)
    {
        if (Current is not null)
            return $"piece {Current.Piece} was not ended";
        if (end.Content != request.Content)
            return $"it ends with the content {end.Content}";
        if (end.Pieces != _came || end.DataBytes != _dataBytes || end.ZeroBytes != _zeroBytes)
            return $"{_came} pieces, {_dataBytes} and {_zeroBytes} bytes came, and {end.Pieces}, {end.DataBytes} and "
                + $"{end.ZeroBytes} were sent";
        if (_came + end.Missing != _askedCount)
            return $"{_askedCount} pieces were asked for, {_came} came and {end.Missing} are missing";
        _phase = Phase.Idle;
        HasAnswered = true;
        if (_came > 0)
            (_answering, _answered) = (_answering + (now - _askedAt), _answered + _came);
        _nothingSince = _came > 0 ? null : _nothingSince ?? now;
        if (now - _nothingSince > settings.NothingNewFor)
            return "it has nothing that is missing here";
        AskAgainAt = _nothingSince is null ? null : now + settings.AskAgainAfter;
        return null;
    }
}
