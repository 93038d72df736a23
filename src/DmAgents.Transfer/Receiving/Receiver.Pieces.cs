using DmAgents.Transfer.Content;

namespace DmAgents.Transfer.Receiving;

/// <summary>Pieces on their way to the disk: verified, written, synced, recorded, and read back.</summary>
public sealed partial class Receiver
{
    /// <summary>The most pieces that one job zeroes: a stop waits for jobs in progress.</summary>
    private const ulong ZeroAtOnce = 1024;

    private readonly Dictionary<ulong, InMemory> _inMemory = [];
    private readonly Stack<byte[]> _buffers = [];
    private readonly Queue<ulong> _toReadBack = [];

    /// <summary>Pieces that became zeros; and those that are still to be zeroed.</summary>
    private PieceSet _zeros = PieceSet.Empty;
    private readonly Queue<PieceRange> _toZero = [];
    private int _zeroing;

    /// <summary>Pieces recorded as verified; and those that the sync in progress will add.</summary>
    private PieceSet _durable = PieceSet.Empty;
    private PieceSet? _sync;

    /// <param name="Piece">The received parts.</param>
    /// <param name="Loaded">The whole piece: the target's bytes with the parts copied over them, or the bytes
    /// received.</param>
    private sealed record InMemory(PieceReception? Piece, Memory<byte> Loaded, byte[] Buffer);

    private string? TakePiece(PieceReception piece, bool askedWhole)
    {
        // Another source was faster.
        if (_written.Contains(piece.Piece) || _inMemory.ContainsKey(piece.Piece))
        {
            Free(piece.Buffer);
            return null;
        }
        if (piece.IsWhole)
            return Verify(piece, new InMemory(piece, piece.Bytes, piece.Buffer));
        if (askedWhole)
        {
            Free(piece.Buffer);
            return $"piece {piece.Piece} was asked for whole, and came in part";
        }
        var buffer = Buffer();
        var loading = new InMemory(piece, buffer.AsMemory(0, piece.Bytes.Length), buffer);
        _inMemory.Add(piece.Piece, loading);
        Order(new ReceiverOutput.LoadPiece(piece.Piece, piece.Range, loading.Loaded));
        return null;
    }

    private void TakeLoaded(ulong number)
    {
        _inMemory.Remove(number, out var loaded);
        var piece = loaded!.Piece!;
        piece.Overlay(loaded.Loaded);
        Free(piece.Buffer);
        if (Verify(piece, loaded) is not null)
            _failedInPart = _failedInPart.Add(number);
    }

    private string? Verify(PieceReception piece, InMemory whole)
    {
        if (PieceHash.Of(whole.Loaded.Span, _settings.PieceSize) != _map![piece.Piece])
        {
            Free(whole.Buffer);
            return $"piece {piece.Piece} is not what the digest says: the copy is damaged";
        }
        _inMemory.Add(piece.Piece, whole);
        Order(new ReceiverOutput.WritePiece(piece.Piece, piece.Range, piece.Parts, whole.Loaded));
        return null;
    }

    private void TakeWritten(ulong piece)
    {
        _inMemory.Remove(piece, out var written);
        Free(written!.Buffer);
        _written = _written.Add(piece);
    }

    private void PlanZeros(PieceSet zeros)
    {
        foreach (var range in zeros.Ranges)
        {
            for (var (at, left) = (range.Start, range.Count); left > 0;)
            {
                var part = new PieceRange(at, Math.Min(left, ZeroAtOnce));
                _toZero.Enqueue(part);
                (at, left) = (part.End, left - part.Count);
            }
        }
    }

    private void Zero()
    {
        while (_zeroing < _settings.PiecesInMemory && _toZero.TryDequeue(out var range))
        {
            _zeroing++;
            var (first, last) = (RangeOf(range.Start), RangeOf(range.End - 1));
            Order(new ReceiverOutput.ZeroPieces(range, first with { Length = last.End - first.Start }));
        }
    }

    private void Sync()
    {
        if (_phase != Phase.Receiving || _sync is not null || _written.Count == _durable.Count)
            return;
        if (_written.Count < _changed.Count && _written.Count - _durable.Count < (ulong)_settings.SyncEvery)
            return;
        _sync = _written;
        Order(new ReceiverOutput.Sync());
    }

    private void TakeSync()
    {
        _durable = _sync!;
        _plan = _plan! with { Verified = _durable };
        Order(new ReceiverOutput.KeepProgress(_plan));
    }

    private void EndReceiving()
    {
        DisconnectAll();
        if (_sync is not null || _durable.Count < _written.Count)
            return;
        _phase = Phase.ReadingBack;
        var back = _settings.ReadsAllBack ? PieceSet.Empty.Add(new PieceRange(0, _map!.PieceCount)) : _changed;
        foreach (var piece in back.Pieces)
            _toReadBack.Enqueue(piece);
    }

    private void ReadBack()
    {
        while (_inMemory.Count < _settings.PiecesInMemory && _toReadBack.TryDequeue(out var piece))
        {
            var (range, buffer) = (RangeOf(piece), Buffer());
            var into = buffer.AsMemory(0, (int)range.Length.Bytes);
            _inMemory.Add(piece, new InMemory(null, into, buffer));
            Order(new ReceiverOutput.ReadBack(piece, range, into));
        }
        if (_inMemory.Count > 0)
            return;
        _phase = Phase.Committing;
        Order(new ReceiverOutput.Commit(_plan!, _map!));
    }

    private void TakeReadBack(ulong piece)
    {
        _inMemory.Remove(piece, out var read);
        var hash = PieceHash.Of(read!.Loaded.Span, _settings.PieceSize);
        Free(read.Buffer);
        if (hash != _map![piece])
            Abandon($"piece {piece} of {_request.Layer} was written, and the disk gives something else");
    }

    private byte[] Buffer() =>
        _buffers.TryPop(out var buffer) ? buffer : GC.AllocateUninitializedArray<byte>(_settings.PieceSize.Bytes);

    private void Free(byte[] buffer) => _buffers.Push(buffer);
}
