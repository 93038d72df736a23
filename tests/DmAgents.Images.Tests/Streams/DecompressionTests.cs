using System.Buffers.Binary;
using System.Diagnostics;
using DmAgents.Images.Streams;
using DmAgents.Images.Tests.Support;

namespace DmAgents.Images.Tests.Streams;

public sealed class DecompressionTests
{
    private static readonly byte[] One = Noise(300_000, seed: 1);
    private static readonly byte[] Two = Noise(200_000, seed: 2);

    public static TheoryData<string, string> Writers => new()
    {
        { "xz", "" },
        { "xz", "-9" },
        { "xz", "--check=sha256 --block-size=65536" },
        { "xz", "--check=none --x86 --lzma2" },
        { "xz", "--delta=dist=4 --lzma2" },
        { "bzip2", "-1" },
        { "bzip2", "-9" },
        { "gzip", "" },
        { "zstd", "" },
    };

    [Theory]
    [MemberData(nameof(Writers))]
    public void All_streams_of_a_file_are_read(string program, string options)
    {
        byte[] stored = [.. ImageFiles.Filter(program, One, options), .. ImageFiles.Filter(program, Two, options)];

        Assert.Equal([.. One, .. Two], ReadAll(stored));
    }

    [Theory]
    [InlineData("xz")]
    [InlineData("bzip2")]
    public void What_is_cut_off_is_truncated(string program)
    {
        var stored = ImageFiles.Filter(program, One);
        foreach (var size in new[] { 20, stored.Length / 2, stored.Length - 1 })
            Assert.Equal(ImageReason.Truncated, Refusal(stored[..size]).Reason);
    }

    [Theory]
    [InlineData("xz")]
    [InlineData("bzip2")]
    public void What_was_changed_is_corrupt(string program)
    {
        var stored = ImageFiles.Filter(program, One);
        stored[stored.Length / 2] ^= 1;

        Assert.Equal(ImageReason.Corrupt, Refusal(stored).Reason);
    }

    [Fact]
    public void A_file_that_claims_much_memory_is_refused_with_what_would_do()
    {
        var stored = ImageFiles.Filter("xz", One, "--threads=1");
        // The block's header follows the stream's: its size, flags, and the filter LZMA2 with a dictionary of 1.5 GiB.
        var header = stored.AsSpan(12, (stored[12] + 1) * 4);
        Assert.Equal([0x00, 0x21, 0x01], header[1..4].ToArray());
        header[4] = 37;
        BinaryPrimitives.WriteUInt32LittleEndian(header[^4..], Crc32(header[..^4]));

        var refusal = Refusal(stored);

        Assert.Equal(ImageReason.Unsupported, refusal.Reason);
        Assert.Contains("256MiB", refusal.What, StringComparison.Ordinal);
        Assert.Contains("xz -9", refusal.Next, StringComparison.Ordinal);
    }

    [Fact]
    public void A_zstd_window_that_claims_much_memory_is_refused_with_what_would_do()
    {
        // A frame header with a window of 2 GiB, and an empty last block.
        var refusal = Refusal([0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 0x01, 0x00, 0x00]);

        Assert.Equal(ImageReason.Unsupported, refusal.Reason);
        Assert.Contains("--long", refusal.Next, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stream_that_is_left_in_the_middle_leaves_no_program()
    {
        var stored = ImageFiles.Filter("xz", new byte[64 << 20], "-0");
        var before = Children();
        List<int> started;
        using (var content = Decompression.Open(new MemoryStream(stored), "it"))
        {
            content.ReadExactly(new byte[1000]);
            started = [.. Children().Except(before)];
            Assert.NotEmpty(started);
        }
        // Programs of tests beside this one may be among them; those end by themselves.
        Assert.True(SpinWait.SpinUntil(() => !Children().Intersect(started).Any(), TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public void A_failure_of_the_source_reaches_the_reader()
    {
        var stored = ImageFiles.Filter("bzip2", One);
        using var content = Decompression.Open(new Failing(new MemoryStream(stored), after: 70_000), "it");

        Assert.Equal("the disk is gone", Assert.Throws<IOException>(() => content.CopyTo(Stream.Null)).Message);
    }

    [Fact]
    public void A_program_that_is_missing_is_named()
    {
        var refusal = Assert.Throws<ImageException>(() => new ProgramStream(
            new MemoryStream(), ["no-such-program"],
            (status, complaint) => new ImageException(
                ImageReason.Unsupported, $"{status}: {complaint}", "install it")));

        Assert.StartsWith(": ", refusal.What, StringComparison.Ordinal);
    }

    private static ImageException Refusal(byte[] stored) => Assert.Throws<ImageException>(() => ReadAll(stored));

    private static byte[] ReadAll(byte[] stored)
    {
        using var content = Decompression.Open(new MemoryStream(stored), "it");
        using var whole = new MemoryStream();
        content.CopyTo(whole);
        return whole.ToArray();
    }

    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) == 0 ? 0 : 0xEDB88320);
        }
        return ~crc;
    }

    private static int[] Children() =>
        [.. Process.GetProcessesByName("xz").Where(IsOurs).Select(process => process.Id)];

    private static bool IsOurs(Process process) =>
        File.Exists($"/proc/{process.Id}/stat")
        && File.ReadAllText($"/proc/{process.Id}/stat").Split(' ')[3] == $"{Environment.ProcessId}";

    /// <summary>Half of it repeats, so that each program has something to do.</summary>
    private static byte[] Noise(int size, int seed)
    {
        var noise = new byte[size];
        new Random(seed).NextBytes(noise.AsSpan(size / 2));
        return noise;
    }

    private sealed class Failing(Stream inner, int after) : ReadOnlyStream
    {
        private int read;

        public override int Read(Span<byte> buffer)
        {
            if (read >= after)
                throw new IOException("the disk is gone");
            var count = inner.Read(buffer);
            read += count;
            return count;
        }
    }
}
