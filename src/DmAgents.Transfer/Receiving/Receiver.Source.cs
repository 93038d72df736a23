using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Receiving;

/// <summary>The talk with the source: what is asked of it, and whether its answers fit.</summary>
public sealed partial class Receiver
{
    private Talk _talk;
    private int? _connection;
    private MapReception? _reception;
    private PieceReception? _current;

    /// <summary>Asked for and not yet come.</summary>
    private PieceSet _asked = PieceSet.Empty;
    private ulong _askedCount;
    private bool _asksWhole;

    /// <summary>The source has the target's base, so that what changed since can be had of it.</summary>
    private bool _hasBase;

    /// <summary>Pieces that were not what they had to be when their parts were put over the base's. The base or the
    /// difference is not what it is taken for; a whole piece depends upon neither.</summary>
    private PieceSet _failedInPart = PieceSet.Empty;
    private ulong _came;
    private ulong _dataBytes;
    private ulong _zeroBytes;
    private TimeSpan? _askAgainAt;
    private TimeSpan? _nothingSince;

    private enum Talk
    {
        None,

        /// <summary>For the layer: a header comes.</summary>
        Asked,
        Mapping,
        Idle,
        Pieces,
    }

    private void Connected(int connection)
    {
        if (!NeedsSource)
        {
            _outputs.Add(new ReceiverOutput.Disconnect(connection, null));
            return;
        }
        (_connection, _talk, _reception) = (connection, Talk.Asked, new MapReception(_request, _settings, _plan));
        (_askAgainAt, _nothingSince) = (null, null);
        Send(new TransferRecords.Ask(
            _settings.Pool, _request.Layer, _request.Content, _request.Priority, _settings.PieceSize,
            _plan?.Shape ?? _request.Expected, _plan is not null,
            [
                .. _request.Ancestors.Select(map => map.Digest).Take(WireLimits.Ancestors)
                    .Where(digest => _plan is null || digest == _plan.Base),
            ]));
    }

    private void Received(TransferRecord record)
    {
        var fault = (record, _talk) switch
        {
            (TransferRecords.Refused refused, _) => $"it refuses ({refused.Why}): {refused.Reason}",
            (TransferRecords.Header header, Talk.Asked) => TakeHeader(header),
            (_, Talk.Mapping) => TakeMap(record),
            (TransferRecords.Data or TransferRecords.Zeros, Talk.Pieces) => TakePart(record),
            (TransferRecords.PieceEnd end, Talk.Pieces) => TakePieceEnd(end.Piece),
            (TransferRecords.End end, Talk.Pieces) => TakeEnd(end),
            _ => $"a record \"{record.GetType().Name}\" that was not asked for",
        };
        if (fault is not null)
            Disconnect($"the source is of no use: {fault}");
    }

    private string? TakeHeader(TransferRecords.Header header)
    {
        if (_reception!.Take(header) is { } fault)
            return fault;
        _talk = _plan is null ? Talk.Mapping : Talk.Idle;
        _hasBase = _plan is null || header.Base == _plan.Base;
        return null;
    }

    private string? TakeMap(TransferRecord record)
    {
        var fault = _reception!.Take(record);
        if (fault is null && _reception.Map is not null)
            _talk = Talk.Idle;
        return fault;
    }

    /// <summary>Asks for what is missing, if nothing is being answered.</summary>
    private void AskOrWait()
    {
        if (_talk != Talk.Idle)
            return;
        if (_askAgainAt is { } time && time > _now)
        {
            _outputs.Add(new ReceiverOutput.WakeAt(time));
            return;
        }
        _askAgainAt = null;
        var missing = _changed.Without(_written).Without(_zeros).Without(PieceSet.Of(_inMemory.Keys));
        if (missing.IsEmpty)
            return;
        var inPart = missing.Intersect(_failedInPart);
        (_asksWhole, missing) = (!_hasBase || !inPart.IsEmpty, inPart.IsEmpty ? missing : inPart);
        var ranges = Choose(missing);
        (_asked, _came, _dataBytes, _zeroBytes) = (PieceSet.Of(ranges), 0, 0, 0);
        (_askedCount, _talk) = (_asked.Count, Talk.Pieces);
        Send(new TransferRecords.AskPieces(_asksWhole, [.. ranges]));
    }

    /// <summary>From the first piece of this receiver on, and then from the start.</summary>
    private List<PieceRange> Choose(PieceSet missing)
    {
        var before = PieceSet.Empty.Add(new PieceRange(0, _settings.FirstPiece));
        var (ranges, room) = (new List<PieceRange>(), (ulong)_settings.AskAtOnce);
        foreach (var range in missing.Without(before).Ranges.Concat(missing.Intersect(before).Ranges))
        {
            if (room == 0 || ranges.Count == WireLimits.Ranges)
                break;
            var taken = Math.Min(range.Count, room);
            ranges.Add(range with { Count = taken });
            room -= taken;
        }
        return ranges;
    }

    private string? TakePart(TransferRecord record)
    {
        var (offset, length) = record switch
        {
            TransferRecords.Data data => (data.Offset, (ulong)data.Bytes.Length),
            TransferRecords.Zeros zeros => (zeros.Range.Start, zeros.Range.Length.Bytes),
            _ => throw new ArgumentException($"no part of a piece: {record.GetType().Name}", nameof(record)),
        };
        var piece = offset.Bytes / (ulong)_settings.PieceSize.Bytes;
        if (Begin(piece) is { } fault)
            return fault;
        _dataBytes += record is TransferRecords.Data ? length : 0;
        _zeroBytes += record is TransferRecords.Zeros ? length : 0;
        return _current!.Take(record);
    }

    private string? TakePieceEnd(ulong piece)
    {
        if (Begin(piece) is { } fault)
            return fault;
        var ended = _current!;
        _current = null;
        _asked = _asked.Without(PieceSet.Empty.Add(piece));
        _came++;
        return PieceCame(ended);
    }

    /// <summary>The piece is the one that comes, or the next one.</summary>
    private string? Begin(ulong piece)
    {
        if (_current is not null)
            return _current.Piece == piece ? null : $"{_current.Piece} was not ended before piece {piece}";
        if (!_asked.Contains(piece))
            return $"piece {piece} was not asked for, or came already";
        _current = new PieceReception(piece, RangeOf(piece), Buffer());
        return null;
    }

    private string? TakeEnd(TransferRecords.End end)
    {
        if (_current is not null)
            return $"piece {_current.Piece} was not ended";
        if (end.Content != _request.Content)
            return $"it ends with the content {end.Content}";
        if (end.Pieces != _came || end.DataBytes != _dataBytes || end.ZeroBytes != _zeroBytes)
            return $"{_came} pieces, {_dataBytes} and {_zeroBytes} bytes came, and {end.Pieces}, {end.DataBytes} and "
                + $"{end.ZeroBytes} were sent";
        if (_came + end.Missing != _askedCount)
            return $"{_askedCount} pieces were asked for, {_came} came and {end.Missing} are missing";
        _talk = Talk.Idle;
        if (_came > 0)
        {
            _nothingSince = null;
            return null;
        }
        _nothingSince ??= _now;
        if (_now - _nothingSince > _settings.NothingNewFor)
            return "it has nothing that is missing here";
        _askAgainAt = _now + _settings.AskAgainAfter;
        return null;
    }

    private void Send(TransferRecord record) => _outputs.Add(new ReceiverOutput.Send(_connection!.Value, record));

    private void Disconnect(string? fault)
    {
        if (_connection is { } connection)
            _outputs.Add(new ReceiverOutput.Disconnect(connection, fault));
        Disconnected();
    }

    private void Disconnected()
    {
        if (_current is { } current)
            Free(current.Buffer);
        (_connection, _talk, _current, _asked, _reception) = (null, Talk.None, null, PieceSet.Empty, null);
    }

    private ByteRange RangeOf(ulong piece) => _settings.PieceSize.RangeOf(piece, _plan!.Shape.DeviceSize);
}
