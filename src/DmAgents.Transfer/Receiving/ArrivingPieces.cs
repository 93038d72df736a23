using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;

namespace DmAgents.Transfer.Receiving;

/// <summary>A layer's pieces on their way to the target: verified, zeroed, written, synced and read back.
/// Pure.</summary>
/// <param name="order">Takes each job; the receiver counts them.</param>
internal sealed class ArrivingPieces(ReceiverSettings settings, Action<ReceiverOutput> order)
{
    /// <summary>The most pieces that one job zeroes: a stop waits for jobs in progress.</summary>
    private const ulong ZeroAtOnce = 1024;

    private readonly Dictionary<ulong, InMemory> _inMemory = [];
    private readonly Stack<byte[]> _buffers = [];
    private readonly Queue<ulong> _toReadBack = [];
    private readonly Queue<PieceRange> _toZero = [];
    private ContentMap? _map;
    private int _zeroing;

    /// <summary>Pieces that become zeros. No source sends them.</summary>
    private PieceSet _zeros = PieceSet.Empty;

    /// <summary>Pieces recorded as verified; and those that the sync in progress will add.</summary>
    private PieceSet _durable = PieceSet.Empty;
    private PieceSet? _sync;

    /// <param name="Piece">The received parts; null: the piece is being read back.</param>
    /// <param name="Loaded">The whole piece: the target's bytes with the parts copied over them, or the bytes
    /// received.</param>
    private sealed record InMemory(PieceReception? Piece, Memory<byte> Loaded, byte[] Buffer);

    /// <summary>All pieces that differ from the base's.</summary>
    public PieceSet Changed { get; private set; } = PieceSet.Empty;

    /// <summary>Those of them that are verified and written.</summary>
    public PieceSet Written { get; private set; } = PieceSet.Empty;

    /// <summary>Pieces whose hash was wrong after their parts were copied over the base's bytes. Base or difference is
    /// not the expected one; a whole piece depends on neither.</summary>
    public PieceSet FailedInPart { get; private set; } = PieceSet.Empty;

    /// <summary>The pieces that sources send.</summary>
    public PieceSet Sent => Changed.Without(_zeros);

    /// <summary>Those of them that are neither written nor in memory.</summary>
    public PieceSet Missing => Sent.Without(Written).Without(InHand);

    /// <summary>Pieces in memory: they are about to be written, or are read back.</summary>
    public PieceSet InHand => PieceSet.Of(_inMemory.Keys);

    public bool AreWritten => Written.Count == Changed.Count;

    /// <summary>All pieces are written, synced, and recorded as such.</summary>
    public bool AreDurable => AreWritten && _sync is null && _durable.Count == Written.Count;

    /// <summary>Pieces wait for the disk: no further one may be received.</summary>
    public bool IsFull => _inMemory.Count >= settings.PiecesInMemory;

    /// <param name="verified">Pieces that an earlier process has received and recorded.</param>
    public void Begin(ContentMap map, ContentMap? origin, PieceSet verified)
    {
        var changed = map.ChangedSince(origin);
        _map = map;
        Changed = PieceSet.Of(changed.Select(piece => piece.Index));
        _zeros = PieceSet.Of(changed.Where(piece => piece.Hash.IsZero).Select(piece => piece.Index));
        Written = _durable = verified.Intersect(Changed);
    }

    /// <summary>There is a target: its pieces of zeros can be made.</summary>
    public void PlanZeros()
    {
        foreach (var range in _zeros.Without(Written).Ranges)
        {
            for (var (at, left) = (range.Start, range.Count); left > 0;)
            {
                var part = new PieceRange(at, Math.Min(left, ZeroAtOnce));
                _toZero.Enqueue(part);
                (at, left) = (part.End, left - part.Count);
            }
        }
    }

    public void Zero()
    {
        while (_zeroing < settings.PiecesInMemory && _toZero.TryDequeue(out var range))
        {
            _zeroing++;
            var (first, last) = (RangeOf(range.Start), RangeOf(range.End - 1));
            order(new ReceiverOutput.ZeroPieces(range, first with { Length = last.End - first.Start }));
        }
    }

    public void TakeZeroed(PieceRange pieces) => (_zeroing, Written) = (_zeroing - 1, Written.Add(pieces));

    /// <summary>A piece whose parts begin to arrive.</summary>
    public PieceReception Allocate(ulong piece) => new(piece, RangeOf(piece), Buffer());

    public void Free(PieceReception piece) => Free(piece.Buffer);

    /// <summary>All of a piece has arrived.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    public string? Take(PieceReception piece, bool askedWhole)
    {
        // Another source was faster.
        if (Written.Contains(piece.Piece) || _inMemory.ContainsKey(piece.Piece))
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
        order(new ReceiverOutput.LoadPiece(piece.Piece, piece.Range, loading.Loaded));
        return null;
    }

    public void TakeLoaded(ulong number)
    {
        _inMemory.Remove(number, out var loaded);
        var piece = loaded!.Piece!;
        piece.Overlay(loaded.Loaded);
        Free(piece.Buffer);
        if (Verify(piece, loaded) is not null)
            FailedInPart = FailedInPart.Add(number);
    }

    public void TakeWritten(ulong piece)
    {
        _inMemory.Remove(piece, out var written);
        Free(written!.Buffer);
        Written = Written.Add(piece);
    }

    public void Sync()
    {
        if (_sync is not null || Written.Count == _durable.Count)
            return;
        if (!AreWritten && Written.Count - _durable.Count < (ulong)settings.SyncEvery)
            return;
        _sync = Written;
        order(new ReceiverOutput.Sync());
    }

    /// <returns>The pieces to record as verified.</returns>
    public PieceSet TakeSync() => _durable = _sync!;

    /// <summary>They are recorded.</summary>
    public void TakeRecorded() => _sync = null;

    public void PlanReadBack()
    {
        var back = settings.ReadsAllBack ? PieceSet.Empty.Add(new PieceRange(0, _map!.PieceCount)) : Changed;
        foreach (var piece in back.Pieces)
            _toReadBack.Enqueue(piece);
    }

    /// <returns>True: everything was read back.</returns>
    public bool ReadBack()
    {
        while (!IsFull && _toReadBack.TryDequeue(out var piece))
        {
            var (range, buffer) = (RangeOf(piece), Buffer());
            var into = buffer.AsMemory(0, (int)range.Length.Bytes);
            _inMemory.Add(piece, new InMemory(null, into, buffer));
            order(new ReceiverOutput.ReadBack(piece, range, into));
        }
        return _inMemory.Count == 0;
    }

    /// <returns>False: the disk has returned something else than was written.</returns>
    public bool TakeReadBack(ulong piece)
    {
        _inMemory.Remove(piece, out var read);
        var hash = PieceHash.Of(read!.Loaded.Span, settings.PieceSize);
        Free(read.Buffer);
        return hash == _map![piece];
    }

    private string? Verify(PieceReception piece, InMemory whole)
    {
        if (PieceHash.Of(whole.Loaded.Span, settings.PieceSize) != _map![piece.Piece])
        {
            Free(whole.Buffer);
            return $"piece {piece.Piece} is not what the digest says: the copy is damaged";
        }
        _inMemory.Add(piece.Piece, whole);
        order(new ReceiverOutput.WritePiece(piece.Piece, piece.Range, piece.Parts, whole.Loaded));
        return null;
    }

    private ByteRange RangeOf(ulong piece) => settings.PieceSize.RangeOf(piece, _map!.DeviceSize);

    private byte[] Buffer() =>
        _buffers.TryPop(out var buffer) ? buffer : GC.AllocateUninitializedArray<byte>(settings.PieceSize.Bytes);

    private void Free(byte[] buffer) => _buffers.Push(buffer);
}
