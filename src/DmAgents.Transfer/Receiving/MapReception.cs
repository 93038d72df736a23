using DmAgents.Transfer.Content;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Receiving;

/// <summary>The first half of a transfer: a header that fits the request, and a map with the wanted digest. Nothing is
/// created before both have arrived.</summary>
internal sealed class MapReception(ReceiveRequest request, ReceiverSettings settings, ReceivingProgress? plan)
{
    private readonly List<ContentPiece> _pieces = [];
    private ContentMap? _base;
    private ulong _next;

    public TransferRecords.Header? Header { get; private set; }

    /// <summary>Set once the map is complete and has the wanted digest.</summary>
    public ContentMap? Map { get; private set; }

    /// <summary>Takes the header.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    public string? Take(TransferRecords.Header header)
    {
        var known = plan?.Shape ?? request.Expected;
        if (header.Sender.Fleet != settings.Pool.Fleet)
            return $"it is of fleet {header.Sender.Fleet}";
        if (header.Receiver != settings.Pool)
            return $"its answer is for the pool {header.Receiver.Pool}";
        if (header.Content != request.Content)
            return $"it offers the content {header.Content}";
        if (header.PieceSize != settings.PieceSize)
            return $"its pieces have {header.PieceSize.Bytes} bytes";
        if (known is not null && header.Shape != known)
            return $"its copy has {header.Shape.DeviceSize.Bytes} bytes and {header.Shape.FileSystem}";
        if (header.Shape.DeviceSize > settings.LargestDevice)
            return $"its device of {header.Shape.DeviceSize} is longer than the {settings.LargestDevice} allowed here";
        if (header.Changed > settings.PieceSize.CountIn(header.Shape.DeviceSize))
            return "it names more pieces than the device has";
        if (header.Base is { } origin)
        {
            if (plan is not null && plan.Base != origin)
                return $"it sends changes against {origin}, which the target is not made of";
            _base = request.Ancestors.FirstOrDefault(map => map.Digest == origin);
            if (_base is null)
                return $"it sends changes against {origin}, which was not offered";
            if (_base.DeviceSize > header.Shape.DeviceSize)
                return $"its device of {header.Shape.DeviceSize} is shorter than that of its base {origin}";
        }
        Header = header;
        return null;
    }

    /// <summary>Takes a record of the map.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    public string? Take(TransferRecord record) => record switch
    {
        TransferRecords.Hashes(var first, var hashes) => Fits(new PieceRange(first, (ulong)hashes.Length))
            ?? Take(first, hashes.AsSpan()),
        TransferRecords.ZeroPieces(var range) => Fits(range) ?? TakeZeros(range),
        TransferRecords.MapEnd(var changed) => TakeEnd(changed),
        _ => $"a record \"{record.GetType().Name}\" within a map",
    };

    private string? Fits(PieceRange range)
    {
        if (range.Count == 0 || range.Start < _next)
            return "its map does not ascend";
        if (range.End > settings.PieceSize.CountIn(Header!.Shape.DeviceSize))
            return "its map has pieces beyond the device";
        _next = range.End;
        return (ulong)_pieces.Count + range.Count > Header.Changed ? "its map has more pieces than it said" : null;
    }

    private string? Take(ulong first, ReadOnlySpan<PieceHash> hashes)
    {
        foreach (var hash in hashes)
            _pieces.Add(new ContentPiece(first++, hash));
        return null;
    }

    private string? TakeZeros(PieceRange range)
    {
        for (var piece = range.Start; piece < range.End; piece++)
        {
            // So a peer cannot claim, in a few bytes, more than this host already knows.
            if (_base is null || _base[piece].IsZero)
                return "its map says of zeros that they became zeros";
            _pieces.Add(new ContentPiece(piece, default));
        }
        return null;
    }

    private string? TakeEnd(ulong changed)
    {
        if (changed != (ulong)_pieces.Count || changed != Header!.Changed)
            return $"its map has {_pieces.Count} pieces, and {Header!.Changed} were named";
        var size = Header.Shape.DeviceSize;
        var map = (_base ?? ContentMap.OfZeros(size, settings.PieceSize)).With(_pieces, size);
        if (map.Digest != request.Content)
            return $"its map has the digest {map.Digest}";
        Map = map;
        return null;
    }
}
