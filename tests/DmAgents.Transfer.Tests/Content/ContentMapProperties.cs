using CsCheck;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Tests.Support;

namespace DmAgents.Transfer.Tests.Content;

/// <summary>The digest follows the bytes and nothing else. Devices of 4 KiB pieces, by blocks of 512 bytes.</summary>
public sealed class ContentMapProperties
{
    private const int Block = 512;
    private static readonly PieceSize Pieces = new(4096);

    /// <summary>A device's blocks, of few different ones, so that equal pieces and zeros come up.</summary>
    private static readonly Gen<byte[]> Devices =
        Gen.Byte[0, 7].Array[1, 40].Select(fills =>
        {
            var bytes = new byte[fills.Length * Block];
            for (var i = 0; i < fills.Length; i++)
                bytes.AsSpan(i * Block, Block).Fill(fills[i] <= 2 ? fills[i] : (byte)0);
            return bytes;
        });

    private static readonly Gen<(int Block, byte Fill)[]> Writes =
        Gen.Select(Gen.Int[0, 39], Gen.Byte[0, 2]).Array[0, 6];

    [Fact]
    public void Digests_are_equal_exactly_if_sizes_and_bytes_are() =>
        Gen.Select(Devices, Writes).Sample(
            (device, writes) =>
            {
                var other = Written(device, writes, out _);
                Assert.Equal(device.AsSpan().SequenceEqual(other), Whole(device).Digest == Whole(other).Digest);
            },
            iter: 3000);

    [Fact]
    public void Unmapped_blocks_and_blocks_of_zeros_are_the_same_content() =>
        Devices.Sample(
            bytes =>
            {
                var device = new MemoryDevice(bytes);
                var mapped = Enumerable.Range(0, bytes.Length / Block)
                    .Where(block => bytes.AsSpan(block * Block, Block).ContainsAnyExcept((byte)0))
                    .Select(BlockAt);
                Assert.Equal(
                    Whole(bytes).Digest,
                    ContentScan.Whole(device, Pieces, mapped, CancellationToken.None).Value.Digest);
            },
            iter: 1000);

    [Fact]
    public void The_order_in_which_pieces_are_hashed_does_not_matter() =>
        Gen.Select(Devices, Gen.Int).Sample(
            (bytes, seed) =>
            {
                var whole = Whole(bytes);
                var shuffled = whole.Pieces.ToArray();
                new Random(seed).Shuffle(shuffled);
                Assert.Equal(whole.Digest, ContentMap.OfZeros(whole.DeviceSize, Pieces)
                    .With(shuffled, whole.DeviceSize).Digest);
            },
            iter: 1000);

    [Fact]
    public void A_child_map_made_of_the_changes_is_the_map_of_the_whole_and_reads_the_changed_pieces_alone() =>
        Gen.Select(Devices, Writes, Gen.Int[0, 9]).Sample(
            (parent, writes, grown) =>
            {
                var bytes = Written(parent, writes, out var touched);
                Array.Resize(ref bytes, bytes.Length + grown * Block);
                var device = new MemoryDevice(bytes);
                var child = ContentScan.Child(
                    Whole(parent), device, touched.Select(BlockAt), CancellationToken.None).Value;
                Assert.Equal(Whole(bytes).Digest, child.Digest);
                Assert.True(
                    device.BytesRead <= touched.Select(block => block * Block / Pieces.Bytes).Distinct().Count()
                        * (long)Pieces.Bytes);
            },
            iter: 3000);

    [Fact]
    public void The_changed_pieces_are_those_whose_bytes_differ_and_make_one_map_of_the_other() =>
        Gen.Select(Devices, Writes).Sample(
            (parent, writes) =>
            {
                var bytes = Written(parent, writes, out _);
                var (from, to) = (Whole(parent), Whole(bytes));
                var changed = to.ChangedSince(from);
                Assert.Equal(
                    Enumerable.Range(0, (int)to.PieceCount).Where(piece => !Piece(parent, piece)
                        .SequenceEqual(Piece(bytes, piece))).Select(piece => (ulong)piece),
                    changed.Select(piece => piece.Index));
                Assert.Equal(to.Digest, from.With(changed, to.DeviceSize).Digest);
            },
            iter: 1000);

    [Fact]
    public void A_map_is_read_as_it_was_written() =>
        Devices.Sample(
            bytes =>
            {
                var map = Whole(bytes);
                Assert.True(ContentMapFile.TryRead(ContentMapFile.Write(map), out var read, out var reason), reason);
                Assert.Equal(map.Digest, read.Digest);
                Assert.True(map.Pieces.AsSpan().SequenceEqual(read.Pieces.AsSpan()));
            },
            iter: 1000);

    [Fact]
    public void A_file_with_any_byte_changed_missing_or_more_is_refused_with_a_reason() =>
        Gen.Select(Devices, Gen.Int[0, int.MaxValue], Gen.Byte[1, 255]).Sample(
            (bytes, place, change) =>
            {
                var file = ContentMapFile.Write(Whole(bytes));
                Refused([.. file, change]);
                Refused(file[..(place % file.Length)]);
                file[place % file.Length] ^= change;
                Refused(file);
            },
            iter: 3000);

    private static void Refused(byte[] file)
    {
        Assert.False(ContentMapFile.TryRead(file, out _, out var reason));
        Assert.NotEmpty(reason);
    }

    private static byte[] Written(byte[] device, (int Block, byte Fill)[] writes, out List<int> touched)
    {
        var bytes = device.ToArray();
        touched = [];
        foreach (var (block, fill) in writes.Where(write => write.Block * Block < device.Length))
        {
            bytes.AsSpan(block * Block, Block).Fill(fill);
            touched.Add(block);
        }
        return bytes;
    }

    private static ByteRange BlockAt(int block) => new(new ByteSize((ulong)(block * Block)), new ByteSize(Block));

    private static ReadOnlySpan<byte> Piece(byte[] device, int piece) =>
        device.AsSpan(piece * Pieces.Bytes, Math.Min(Pieces.Bytes, device.Length - piece * Pieces.Bytes));

    private static ContentMap Whole(byte[] bytes) => ContentScan.Whole(
        new MemoryDevice(bytes), Pieces, [new ByteRange(ByteSize.Zero, new ByteSize((ulong)bytes.Length))],
        CancellationToken.None).Value;
}
