using System.Collections.Immutable;
using DmAgents.Domain.Layers;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Sending;

/// <summary>
/// The sending side of one connection. A pure machine: it decides what to read and send, and its driver does it. It
/// answers a receiver's requests one after the other, and holds only a few pieces in memory, whatever the request.
/// </summary>
/// <remarks>It has no state that a crash could lose. Pieces are read ahead and sent in the order of the request. A
/// buffer is reused after its last record has left, so a slow receiver stops the reading.</remarks>
public sealed class Sender(TransferParty pool, int readAhead = Sender.DefaultReadAhead)
{
    /// <summary>Pieces in memory: one being sent, and the next ones for moments in which the disk is slower.</summary>
    public const int DefaultReadAhead = 4;

    /// <summary>The maximum of a map's records in flight.</summary>
    private const int MapAhead = 4;

    private readonly List<SenderOutput> _outputs = [];
    private readonly Stack<byte[]> _buffers = new(Enumerable.Repeat<byte[]>([], readAhead));
    private readonly Queue<SendSlot> _window = [];
    private readonly Queue<SendSlot?> _unsent = [];
    private Phase _phase;
    private TransferRecords.Ask? _ask;
    private SourceLayer? _layer;
    private ContentDigest? _base;
    private ChangedExtents? _extents;
    private ImmutableArray<ContentPiece> _changed = [];
    private IEnumerator<TransferRecord>? _map;
    private TransferRecords.AskPieces? _asked;
    private SendBatch? _batch;

    /// <summary>Jobs that use the open layer.</summary>
    private int _underWay;

    private enum Phase
    {
        Waiting,
        Opening,
        Finding,
        Mapping,
        Ready,
        Looking,
        Sending,
        Closed,
    }

    /// <summary>False if the last request is not answered, or its answer is still being sent: no record must be read
    /// from the connection then.</summary>
    public bool TakesRecords => _phase is Phase.Waiting or Phase.Ready && _unsent.Count == 0;

    /// <summary>The receiver waits for a header, which may take long: each tick sends it a record.</summary>
    public bool NeedsTicks => _phase is Phase.Opening or Phase.Finding;

    public ImmutableArray<SenderOutput> Step(SenderInput input)
    {
        _outputs.Clear();
        switch (input)
        {
            case SenderInput.Received(var record) when _phase != Phase.Closed:
                TakeRecord(record);
                break;
            case SenderInput.Opened(var layer) when _phase == Phase.Opening:
                TakeLayer(layer);
                break;
            case SenderInput.NotOpened(var why, var reason) when _phase == Phase.Opening:
                Refuse(why, reason);
                break;
            case SenderInput.ExtentsFound or SenderInput.Looked or SenderInput.PieceRead:
                _underWay--;
                TakeDone(input);
                break;
            case SenderInput.Sent when _unsent.TryDequeue(out var slot):
                if (slot is not null)
                    _buffers.Push(slot.Buffer);
                break;
            case SenderInput.Tick:
                // A link that has not taken the last one needs no second one.
                if (NeedsTicks && _unsent.Count == 0)
                    Send(new TransferRecords.KeepAlive());
                break;
            case SenderInput.Broken:
                Close("");
                break;
            case SenderInput.Opened:
                // The connection ended meanwhile.
                _outputs.Add(new SenderOutput.Release());
                break;
            case SenderInput.Received or SenderInput.NotOpened or SenderInput.Sent:
                break;
            default:
                throw new InvalidOperationException($"an input of no known kind: {input}");
        }
        Pump();
        return [.. _outputs];
    }

    private void TakeDone(SenderInput done)
    {
        switch (done)
        {
            case var _ when _phase == Phase.Closed:
                if (_underWay == 0)
                    Release();
                break;
            case SenderInput.ExtentsFound(var extents):
                _extents = extents is null ? null : new ChangedExtents(extents);
                Head();
                break;
            case SenderInput.Looked(null):
                Refuse(TransferRefusal.UnknownLayer, $"this host receives {_ask!.Layer} no more");
                break;
            case SenderInput.Looked({ } layer):
                _layer = layer;
                Send(SenderRecords.OfMissing(layer));
                Answer();
                break;
            case SenderInput.PieceRead(var piece, { } error):
                Refuse(TransferRefusal.Unreadable, $"piece {piece} of {_ask!.Layer} cannot be read: {error}");
                break;
            case SenderInput.PieceRead(var piece, _):
                _window.First(slot => slot.Piece == piece).IsRead = true;
                break;
            default:
                throw new InvalidOperationException($"a job of no known kind: {done}");
        }
    }

    private void TakeRecord(TransferRecord record)
    {
        switch (record)
        {
            case TransferRecords.Ask ask when _phase is Phase.Waiting or Phase.Ready:
                Release();
                (_ask, _base, _extents) = (ask, null, null);
                if (ask.Receiver.Fleet != pool.Fleet)
                {
                    Refuse(TransferRefusal.OtherFleet, $"this host is of fleet {pool.Fleet}, not {ask.Receiver.Fleet}");
                    break;
                }
                _phase = Phase.Opening;
                _outputs.Add(new SenderOutput.Open(ask));
                break;
            case TransferRecords.AskPieces ask when _phase == Phase.Ready:
                var wanted = PieceSet.Of(ask.Wanted);
                if (wanted.IsEmpty)
                    Refuse(TransferRefusal.Violation, "a question for no piece");
                else if (wanted.Count != ask.Wanted.Aggregate(0UL, (sum, range) => sum + range.Count))
                    Refuse(TransferRefusal.Violation, "pieces were asked for twice in one question");
                else
                    Ask(ask);
                break;
            default:
                Refuse(TransferRefusal.Violation, $"a record \"{record.GetType().Name}\" while \"{_phase}\"");
                break;
        }
    }

    private void Ask(TransferRecords.AskPieces ask)
    {
        _asked = ask;
        if (_layer!.Missing.IsEmpty)
        {
            Answer();
            return;
        }
        // Between requests, this host receives more of the layer itself.
        _phase = Phase.Looking;
        OrderJob(new SenderOutput.LookForMissing());
    }

    private void Answer() => (_phase, _batch) = (Phase.Sending, MakeBatch(_asked!));

    private void TakeLayer(SourceLayer layer)
    {
        (_layer, var ask) = (layer, _ask!);
        if (layer.Map.Digest != ask.Content)
            Refuse(TransferRefusal.OtherContent, $"this host's copy of {ask.Layer} has the content {layer.Map.Digest}");
        else if (layer.Map.PieceSize != ask.PieceSize)
            Refuse(TransferRefusal.OtherPieceSize, $"this host's pieces have {layer.Map.PieceSize.Bytes} bytes");
        else if (ask.Expected is not null && ask.Expected != layer.Shape)
            Refuse(TransferRefusal.OtherShape, $"this host's copy of {ask.Layer} has "
                + $"{layer.Shape.DeviceSize.Bytes} bytes and {layer.Shape.FileSystem}");
        else
            ChooseBase(layer, ask);
    }

    private void ChooseBase(SourceLayer layer, TransferRecords.Ask ask)
    {
        foreach (var ancestor in ask.Ancestors)
        {
            if (layer.Bases.TryGetValue(ancestor, out var map) && map.PieceSize == layer.Map.PieceSize
                && map.DeviceSize <= layer.Shape.DeviceSize)
            {
                (_base, _changed) = (ancestor, layer.Map.ChangedSince(map));
                break;
            }
        }
        _changed = _base is null ? layer.Map.Pieces : _changed;
        if (_base is { } origin && !_changed.IsEmpty)
        {
            _phase = Phase.Finding;
            OrderJob(new SenderOutput.FindExtents(origin));
        }
        else
        {
            Head();
        }
    }

    private void Head()
    {
        var (layer, ask) = (_layer!, _ask!);
        if (!layer.Missing.IsEmpty)
            Send(SenderRecords.OfMissing(layer));
        Send(new TransferRecords.Header(
            pool with { Pool = layer.Pool ?? pool.Pool }, ask.Receiver, layer.Shape, _base, layer.Map.Digest, layer.Map.PieceSize, (ulong)_changed.Length));
        _map = ask.HasMap ? null : SenderRecords.OfMap(_changed).GetEnumerator();
        _phase = _map is null ? Phase.Ready : Phase.Mapping;
    }

    /// <summary>A receiver with the map names the pieces itself; without it, a receiver may ask only for changed
    /// pieces.</summary>
    private SendBatch MakeBatch(TransferRecords.AskPieces ask)
    {
        var layer = _layer!;
        var candidates = _ask!.HasMap || ask.Whole ? layer.Map.Pieces : _changed;
        var batch = new SendBatch(ask.Whole || _base is null);
        foreach (var range in ask.Wanted)
        {
            var (first, end) = (FirstFrom(candidates, range.Start), FirstFrom(candidates, range.End));
            foreach (var piece in candidates.AsSpan()[first..end])
            {
                if (piece.Hash.IsZero)
                    continue;
                if (layer.Missing.Contains(piece.Index))
                    batch.Missing++;
                else
                    batch.Pieces.Enqueue(piece.Index);
            }
        }
        return batch;
    }

    private void Pump()
    {
        if (_phase == Phase.Mapping)
        {
            while (_unsent.Count < MapAhead && _map is not null)
            {
                _map.MoveNext();
                Send(_map.Current);
                // The receiver may send requests as soon as it has the end of the map.
                if (_map.Current is TransferRecords.MapEnd)
                    (_map, _phase) = (null, Phase.Ready);
            }
        }
        if (_phase != Phase.Sending)
            return;
        var batch = _batch!;
        while (_buffers.Count > 0 && batch.Pieces.TryDequeue(out var piece))
            Read(piece, batch.IsWhole);
        while (_window.TryPeek(out var slot) && slot.IsRead)
        {
            _window.Dequeue();
            SendPiece(slot, batch);
        }
        if (batch.Pieces.Count == 0 && _window.Count == 0)
        {
            Send(new TransferRecords.End(
                batch.Sent, batch.Missing, batch.DataBytes, batch.ZeroBytes, _layer!.Map.Digest));
            (_phase, _batch) = (Phase.Ready, null);
        }
    }

    private void Read(ulong piece, bool whole)
    {
        var size = _layer!.Map.PieceSize;
        var range = size.RangeOf(piece, _layer.Shape.DeviceSize);
        var buffer = _buffers.Pop();
        if (buffer.Length != size.Bytes)
            buffer = GC.AllocateUninitializedArray<byte>(size.Bytes);
        var slot = new SendSlot(
            piece, range, whole || _extents is null ? [range] : _extents.Within(range), buffer);
        _window.Enqueue(slot);
        OrderJob(new SenderOutput.ReadPiece(piece, range, slot.Parts, buffer));
    }

    private void OrderJob(SenderOutput job)
    {
        _underWay++;
        _outputs.Add(job);
    }

    private void SendPiece(SendSlot slot, SendBatch batch)
    {
        foreach (var record in SenderRecords.OfPiece(
            slot.Range, slot.Parts, slot.Buffer, _layer!.Map.PieceSize.ZeroUnit))
        {
            batch.DataBytes += record is TransferRecords.Data data ? (ulong)data.Bytes.Length : 0;
            batch.ZeroBytes += record is TransferRecords.Zeros zeros ? zeros.Range.Length.Bytes : 0;
            Send(record);
        }
        batch.Sent++;
        Send(new TransferRecords.PieceEnd(slot.Piece), slot);
    }

    private void Send(TransferRecord record, SendSlot? last = null)
    {
        _unsent.Enqueue(last);
        _outputs.Add(new SenderOutput.Send(record));
    }

    private void Refuse(TransferRefusal why, string reason)
    {
        Send(new TransferRecords.Refused(why, reason));
        Close(reason);
    }

    private void Close(string reason)
    {
        if (_phase == Phase.Closed)
            return;
        _phase = Phase.Closed;
        _outputs.Add(new SenderOutput.Close(reason));
        if (_underWay == 0)
            Release();
    }

    private void Release()
    {
        if (_layer is null)
            return;
        _layer = null;
        _outputs.Add(new SenderOutput.Release());
    }

    private static int FirstFrom(ImmutableArray<ContentPiece> pieces, ulong index)
    {
        var (low, high) = (0, pieces.Length);
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            if (pieces[middle].Index < index)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}
