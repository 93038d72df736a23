using DmAgents.Domain.Devices;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Tests.Wire;

/// <summary>One record of each type.</summary>
internal static class Records
{
    public static TransferParty Here { get; } = Identity(1, 64);

    public static TransferParty There { get; } = Identity(2, 512);

    public static LayerShape Shape { get; } = new(ByteSize.GiB(10), FileSystemKind.Ext4);

    public static ChainId Layer { get; } = new(Digest.FromHash(Bytes(32, 0x11)));

    /// <summary>By the names in the golden file.</summary>
    public static IReadOnlyList<(string Name, TransferRecord Record)> All { get; } =
    [
        ("ask", new TransferRecords.Ask(
            Here, Layer, Content(1), TransferPriority.Urgent, PieceSize.Default, Shape, HasMap: false,
            [Content(2), Content(3)])),
        ("ask of a host that knows nothing", new TransferRecords.Ask(
            Here, Layer, Content(1), TransferPriority.Background, PieceSize.Default, null, HasMap: true, [])),
        ("ask-pieces", new TransferRecords.AskPieces(Whole: true, [new PieceRange(3, 4), new PieceRange(0, 1)])),
        ("header", new TransferRecords.Header(There, Here, Shape, Content(2), Content(1), PieceSize.Default, 17)),
        ("header of a whole layer", new TransferRecords.Header(
            There, Here, new LayerShape(ByteSize.MiB(300), FileSystemKind.Xfs), null, Content(1), new PieceSize(4096),
            0)),
        ("hashes", new TransferRecords.Hashes(
            5, [new PieceHash(Bytes(32, 0x21)), new PieceHash(Bytes(32, 0x22))])),
        ("zero-pieces", new TransferRecords.ZeroPieces(new PieceRange(7, 1000))),
        ("map-end", new TransferRecords.MapEnd(1002)),
        ("data that does not compress", new TransferRecords.Data(ByteSize.KiB(64), Noise(48))),
        ("zeros", new TransferRecords.Zeros(new ByteRange(ByteSize.MiB(1), ByteSize.KiB(64)))),
        ("piece-end", new TransferRecords.PieceEnd(9)),
        ("end", new TransferRecords.End(3, 1, 196608, 65536, Content(1))),
        ("refused", new TransferRecords.Refused(TransferRefusal.OtherContent, "this host's copy is another")),
        ("keep-alive", new TransferRecords.KeepAlive()),
        ("lacking", new TransferRecords.Lacking(
            [new PieceRange(3, 4), new PieceRange(9, 1)], [new PieceRange(4, 2)])),
    ];

    public static ContentDigest Content(byte fill) => new(Bytes(32, fill));

    public static byte[] Noise(int length)
    {
        var bytes = new byte[length];
        new Random(7).NextBytes(bytes);
        return bytes;
    }

    public static byte[] Bytes(int length, byte fill) => [.. Enumerable.Repeat(fill, length)];

    /// <summary>Of the side that writes it.</summary>
    public static WireSide SideOf(TransferRecord record) =>
        record is TransferRecords.Ask or TransferRecords.AskPieces ? WireSide.Receiver : WireSide.Sender;

    /// <summary>By what the fields hold: records of arrays and of memory do not compare them.</summary>
    public static string Text(TransferRecord record) => record switch
    {
        TransferRecords.Data data => $"data {data.Offset.Bytes} {Convert.ToHexString(data.Bytes.Span)}",
        TransferRecords.Ask ask => $"{ask with { Ancestors = [] }} {string.Join(' ', ask.Ancestors)}",
        TransferRecords.AskPieces ask => $"{ask with { Wanted = [] }} {string.Join(' ', ask.Wanted)}",
        TransferRecords.Lacking lacking =>
            $"lacking {string.Join(' ', lacking.Pieces)} coming {string.Join(' ', lacking.Coming)}",
        TransferRecords.Hashes hashes => $"{hashes with { Pieces = [] }} {string.Join(' ', hashes.Pieces)}",
        _ => record.ToString(),
    };

    public static async Task<byte[]> WriteAsync(params TransferRecord[] records)
    {
        using var stream = new MemoryStream();
        using var writer = new RecordWriter(stream);
        foreach (var record in records)
            await writer.WriteAsync(record, CancellationToken.None);
        Assert.Equal(stream.Length, writer.BytesWritten);
        return stream.ToArray();
    }

    private static TransferParty Identity(byte pool, ulong kibibytes) => new(
        new FleetId(new Guid(Bytes(16, 0xfe))), new PoolUuid(new Guid(Bytes(16, pool))),
        new PoolBlockSize(ByteSize.KiB(kibibytes)));
}
