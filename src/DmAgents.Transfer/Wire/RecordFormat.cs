using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;

namespace DmAgents.Transfer.Wire;

/// <summary>The fields of every record except data, which <see cref="ChunkFormat"/> handles.</summary>
internal static class RecordFormat
{
    public static RecordType TypeOf(TransferRecord record) => record switch
    {
        TransferRecords.Ask => RecordType.Ask,
        TransferRecords.AskPieces => RecordType.AskPieces,
        TransferRecords.Header => RecordType.Header,
        TransferRecords.Hashes => RecordType.Hashes,
        TransferRecords.ZeroPieces => RecordType.ZeroPieces,
        TransferRecords.MapEnd => RecordType.MapEnd,
        TransferRecords.Data => RecordType.Data,
        TransferRecords.Zeros => RecordType.Zeros,
        TransferRecords.PieceEnd => RecordType.PieceEnd,
        TransferRecords.End => RecordType.End,
        TransferRecords.Refused => RecordType.Refused,
        TransferRecords.KeepAlive => RecordType.KeepAlive,
        TransferRecords.Lacking => RecordType.Lacking,
        _ => throw new ArgumentException($"no record of the wire: {record.GetType().Name}", nameof(record)),
    };

    /// <summary>For messages.</summary>
    public static string NameOf(RecordType type) => $"record \"{type}\"";

    public static bool IsFrom(RecordType type, WireSide side) => type switch
    {
        RecordType.Ask or RecordType.AskPieces => side == WireSide.Receiver,
        _ => Enum.IsDefined(type) && side == WireSide.Sender,
    };

    public static void Write(FieldWriter fields, TransferRecord record)
    {
        switch (record)
        {
            case TransferRecords.Ask ask:
                WriteAsk(fields, ask);
                break;
            case TransferRecords.AskPieces ask:
                fields.Flag(ask.Whole);
                WriteRanges(fields, ask.Wanted);
                break;
            case TransferRecords.Lacking lacking:
                WriteRanges(fields, lacking.Pieces);
                WriteRanges(fields, lacking.Coming);
                break;
            case TransferRecords.Header header:
                WriteHeader(fields, header);
                break;
            case TransferRecords.Hashes hashes:
                fields.UInt64(hashes.First);
                fields.UInt32((uint)hashes.Pieces.Length);
                foreach (var hash in hashes.Pieces)
                    fields.Hash(hash);
                break;
            case TransferRecords.ZeroPieces zeros:
                fields.Range(zeros.Pieces);
                break;
            case TransferRecords.MapEnd end:
                fields.UInt64(end.Changed);
                break;
            case TransferRecords.Zeros zeros:
                fields.Size(zeros.Range.Start);
                fields.Size(zeros.Range.Length);
                break;
            case TransferRecords.PieceEnd end:
                fields.UInt64(end.Piece);
                break;
            case TransferRecords.End end:
                fields.UInt64(end.Pieces);
                fields.UInt64(end.Missing);
                fields.UInt64(end.DataBytes);
                fields.UInt64(end.ZeroBytes);
                fields.Digest(end.Content);
                break;
            case TransferRecords.Refused refused:
                fields.UInt16((ushort)refused.Why);
                fields.Text(refused.Reason, WireLimits.Reason);
                break;
            case TransferRecords.KeepAlive:
                break;
            default:
                throw new ArgumentException($"no record of fields: {record.GetType().Name}", nameof(record));
        }
    }

    public static TransferRecord Read(RecordType type, ReadOnlySpan<byte> payload)
    {
        var fields = new FieldReader(NameOf(type), payload);
        TransferRecord record = type switch
        {
            RecordType.Ask => ReadAsk(ref fields),
            RecordType.AskPieces => ReadAskPieces(ref fields),
            RecordType.Header => ReadHeader(ref fields),
            RecordType.Hashes => ReadHashes(ref fields),
            RecordType.ZeroPieces => new TransferRecords.ZeroPieces(fields.Range()),
            RecordType.MapEnd => new TransferRecords.MapEnd(fields.UInt64()),
            RecordType.Zeros => new TransferRecords.Zeros(new ByteRange(fields.Size(), fields.Size())),
            RecordType.PieceEnd => new TransferRecords.PieceEnd(fields.Piece()),
            RecordType.End => new TransferRecords.End(
                fields.UInt64(), fields.UInt64(), fields.UInt64(), fields.UInt64(), fields.Digest()),
            RecordType.Refused => new TransferRecords.Refused(
                fields.UInt16() is var code && Enum.IsDefined((TransferRefusal)code) ? (TransferRefusal)code : default,
                fields.Text(WireLimits.Reason)),
            RecordType.KeepAlive => new TransferRecords.KeepAlive(),
            RecordType.Lacking => new TransferRecords.Lacking(ReadRanges(ref fields), ReadRanges(ref fields)),
            _ => throw fields.Bad("it has no fields"),
        };
        fields.End();
        return record;
    }

    private static void WriteAsk(FieldWriter fields, TransferRecords.Ask ask)
    {
        WriteIdentity(fields, ask.Receiver);
        fields.Text(ask.Layer.Value, WireLimits.LayerName);
        fields.Digest(ask.Content);
        fields.Byte((byte)ask.Priority);
        fields.UInt32((uint)ask.PieceSize.Bytes);
        fields.Flag(ask.Expected is not null);
        if (ask.Expected is { } shape)
            WriteShape(fields, shape);
        fields.Flag(ask.HasMap);
        fields.UInt32((uint)ask.Ancestors.Length);
        foreach (var ancestor in ask.Ancestors)
            fields.Digest(ancestor);
    }

    private static TransferRecords.Ask ReadAsk(ref FieldReader fields)
    {
        var receiver = ReadIdentity(ref fields);
        var name = fields.Text(WireLimits.LayerName);
        if (!Digest.TryParse(name, out var layer))
            throw fields.Bad("its layer has no chain id's name");
        var content = fields.Digest();
        var priority = (TransferPriority)fields.Byte();
        if (!Enum.IsDefined(priority))
            throw fields.Bad($"a priority {(byte)priority}");
        var pieces = ReadPieceSize(ref fields);
        var expected = fields.Flag() ? ReadShape(ref fields) : null;
        var hasMap = fields.Flag();
        var ancestors = new ContentDigest[fields.Count(WireLimits.Ancestors, ContentDigest.Length)];
        for (var i = 0; i < ancestors.Length; i++)
            ancestors[i] = fields.Digest();
        return new TransferRecords.Ask(
            receiver, new ChainId(layer), content, priority, pieces, expected, hasMap, [.. ancestors]);
    }

    private static TransferRecords.AskPieces ReadAskPieces(ref FieldReader fields) =>
        new(fields.Flag(), ReadRanges(ref fields));

    private static void WriteRanges(FieldWriter fields, ImmutableArray<PieceRange> ranges)
    {
        fields.UInt32((uint)ranges.Length);
        foreach (var range in ranges)
            fields.Range(range);
    }

    private static ImmutableArray<PieceRange> ReadRanges(ref FieldReader fields)
    {
        var ranges = new PieceRange[fields.Count(WireLimits.Ranges, 16)];
        for (var i = 0; i < ranges.Length; i++)
            ranges[i] = fields.Range();
        return [.. ranges];
    }

    private static void WriteHeader(FieldWriter fields, TransferRecords.Header header)
    {
        WriteIdentity(fields, header.Sender);
        WriteIdentity(fields, header.Receiver);
        WriteShape(fields, header.Shape);
        fields.Flag(header.Base is not null);
        if (header.Base is { } origin)
            fields.Digest(origin);
        fields.Digest(header.Content);
        fields.UInt32((uint)header.PieceSize.Bytes);
        fields.UInt64(header.Changed);
    }

    private static TransferRecords.Header ReadHeader(ref FieldReader fields) => new(
        ReadIdentity(ref fields), ReadIdentity(ref fields), ReadShape(ref fields),
        fields.Flag() ? fields.Digest() : null, fields.Digest(), ReadPieceSize(ref fields), fields.UInt64());

    private static TransferRecords.Hashes ReadHashes(ref FieldReader fields)
    {
        var first = fields.Piece();
        var hashes = new PieceHash[fields.Count(WireLimits.Hashes, PieceHash.Length)];
        for (var i = 0; i < hashes.Length; i++)
        {
            hashes[i] = fields.Hash();
            if (hashes[i].IsZero)
                throw fields.Bad("a piece of zeros has a hash");
        }
        return new TransferRecords.Hashes(first, [.. hashes]);
    }

    private static void WriteIdentity(FieldWriter fields, TransferParty identity)
    {
        fields.Guid(identity.Fleet.Value);
        fields.Guid(identity.Pool.Value);
        fields.Size(identity.BlockSize.Bytes);
    }

    private static TransferParty ReadIdentity(ref FieldReader fields)
    {
        var (fleet, pool, block) = (fields.Guid(), fields.Guid(), fields.Size());
        return PoolBlockSize.IsValid(block)
            ? new TransferParty(new FleetId(fleet), new PoolUuid(pool), new PoolBlockSize(block))
            : throw fields.Bad($"a pool's block of {block.Bytes} bytes");
    }

    internal static void WriteShape(FieldWriter fields, LayerShape shape)
    {
        fields.Size(shape.DeviceSize);
        fields.Byte(shape.FileSystem switch
        {
            FileSystemKind.Ext4 => 1,
            FileSystemKind.Xfs => 2,
            _ => throw new ArgumentException($"no file system of the wire: {shape.FileSystem}", nameof(shape)),
        });
    }

    internal static LayerShape ReadShape(ref FieldReader fields)
    {
        var size = fields.Size();
        if (size.Bytes % SectorCount.BytesPerSector != 0)
            throw fields.Bad($"a device of {size.Bytes} bytes");
        return new LayerShape(size, fields.Byte() switch
        {
            1 => FileSystemKind.Ext4,
            2 => FileSystemKind.Xfs,
            var other => throw fields.Bad($"a file system {other}"),
        });
    }

    private static PieceSize ReadPieceSize(ref FieldReader fields) =>
        fields.UInt32() is var bytes && PieceSize.IsValid(bytes)
            ? new PieceSize((int)bytes)
            : throw fields.Bad($"a piece of {bytes} bytes");
}
