using System.Text;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Images.Layers;
using DmAgents.Images.Tests.Support;

namespace DmAgents.Images.Tests.Refusals;

/// <summary>
/// Each refusal of a layer, by what causes it: what the operator is told to do would help. A refusal that is not here
/// fails the last test.
/// </summary>
public sealed class RefusalTests : IDisposable
{
    private const string Fetch = "Fetch or write the archive again";
    private const string Build = "Build the image again";
    private const string MadeSo =
        "Build the image again: these are the bytes that it names, so fetching them again changes nothing";
    private const string OtherConfig = "Build the image again: its config names another layer than its manifest";
    private const string Beware =
        "Do not use this image unless you know why it does that; build it without such an entry";
    private const string Room =
        "Grow the pool if it is full; else import into a pool that is made with a larger pool.base-size";
    private const string OtherFileSystem = "Import it into a pool of another file system";
    private const string KernelLog = "See the kernel's log; if it has nothing, report this";

    private static readonly byte[] Sound = new TarBytes().File("a", new string('c', 700)).End();

    private readonly TestTree tree = new();

    public void Dispose() => tree.Dispose();

    /// <summary>Archives without a digest: whether they are damaged, nothing tells.</summary>
    public static TheoryData<string, byte[], ImageReason, string> Archives => new()
    {
        { "no tar", new byte[600].Select(_ => (byte)7).ToArray(), ImageReason.NotAnImage,
            "Give a tar archive: plain, or compressed by gzip, zstd, xz or bzip2" },
        { "cut off", Sound[..900], ImageReason.Truncated, Fetch },
        { "a bad checksum", [.. Sound[..1536], .. new byte[512].Select(_ => (byte)7)], ImageReason.Corrupt, Fetch },
        { "a bad number", new TarBytes().Pax("uid", "-1").File("a", "").End(), ImageReason.Corrupt, Fetch },
        { "an unknown type", new TarBytes().Entry("a", 'Q').End(), ImageReason.Unsupported,
            "Write the archive again in the pax format" },
        { "a later volume", new TarBytes().Entry("a", 'M').End(), ImageReason.Unsupported,
            "Extract all volumes together (tar --multi-volume), and write their content as one archive" },
        { "an endless header", new TarBytes().Entry("x", 'x', change: Endless).End(), ImageReason.TooLarge,
            "Write the archive again with shorter names, and fewer or smaller extended attributes" },
        { "a cut zstd", ImageFiles.Zstd(new TarBytes().Entry("n", '0', content: Noise(400_000)).End())[..300_000],
            ImageReason.Truncated, Fetch },
        { "a damaged gzip", Damaged(ImageFiles.Gzip(Sound)), ImageReason.Corrupt, Fetch },
        { "a root that is a link", new TarBytes().Symlink("/", "x").End(), ImageReason.Corrupt, Build },
        { "no name", new TarBytes().Entry("", '0').End(), ImageReason.Corrupt, Build },
        { "a NUL in a name", new TarBytes().Pax(("path", "a\0b"u8.ToArray())).File("a", "").End(),
            ImageReason.Corrupt, Build },
        { "a long name", new TarBytes().Pax("path", string.Join('/', Enumerable.Repeat("d", 3000))).File("a", "").End(),
            ImageReason.Unsupported, "Build the image with shorter names" },
        { "a symlink to no name", new TarBytes().Symlink("a", "").End(), ImageReason.Corrupt, Build },
        { "a hard link to nothing", new TarBytes().HardLink("a", "b").End(), ImageReason.Corrupt,
            "Build the image again, or fetch all of its layers" },
        { "a circle", new TarBytes().Symlink("a", "b").Symlink("b", "a").File("a/x", "").End(), ImageReason.Corrupt,
            "Build the image without it" },
        { "a file as a directory", new TarBytes().File("a", "").File("a/b", "").End(), ImageReason.Corrupt, Build },
        { "a whiteout of nothing", new TarBytes().File(".wh...", "").End(), ImageReason.UnsafePath, Beware },
        { "a device beyond the kernel's", new TarBytes().Entry("a", '4', change: BeyondTheKernel).End(),
            ImageReason.Corrupt, Build },
        { "a capability that is none", new TarBytes().Pax("SCHILY.xattr.security.capability", "x").File("a", "").End(),
            ImageReason.Corrupt, Build },
    };

    [Theory]
    [MemberData(nameof(Archives))]
    public void Of_an_archive_without_a_digest(string what, byte[] tar, ImageReason reason, string next) =>
        Same(what, reason, next, Assert.Throws<ImageException>(() => tree.Apply(tar)));

    /// <summary>The same archives as layers: their bytes are those that the image names.</summary>
    [Theory]
    [MemberData(nameof(Archives))]
    public void Of_a_layer_that_is_made_so_fetching_it_again_is_not_the_advice(
        string what, byte[] tar, ImageReason reason, string next)
    {
        var refusal = Assert.Throws<ImageException>(() => ApplyLayer(tar, Digest.Of(tar), Digest.Of(tar)));

        var blames = reason is ImageReason.Corrupt or ImageReason.Truncated or ImageReason.NotAnImage;
        Same(what, reason, blames ? MadeSo : next, refusal);
    }

    /// <summary>The same archives as layers of another digest: their bytes are not what the image names.</summary>
    [Theory]
    [MemberData(nameof(Archives))]
    public void Of_a_layer_that_is_damaged_the_damage_is_told(
        string what, byte[] tar, ImageReason reason, string next)
    {
        var refusal = Assert.Throws<ImageException>(() => ApplyLayer(tar, Digest.Of("other"u8), Digest.Of("other"u8)));

        Assert.NotEqual((reason, next), (refusal.Reason, refusal.Next));
        Same(what, ImageReason.DigestMismatch, Fetch, refusal);
    }

    [Fact]
    public void Of_a_sound_tar_under_another_name()
    {
        Same("other bytes", ImageReason.DigestMismatch, Fetch,
            Assert.Throws<ImageException>(() => ApplyLayer(Sound, Digest.Of("other"u8), Digest.Of(Sound))));
        Same("an uncompressed layer of unknown stored digest", ImageReason.DigestMismatch, Fetch,
            Assert.Throws<ImageException>(() => ApplyLayer(Sound, null, Digest.Of("other"u8))));
        Same("a config of another image", ImageReason.DigestMismatch, OtherConfig,
            Assert.Throws<ImageException>(() => ApplyLayer(Sound, Digest.Of(Sound), Digest.Of("other"u8))));
    }

    [Fact]
    public void Of_a_disk_that_cannot_be_read() => Same(
        "an unreadable disk", ImageReason.Failed, "Check the disk that the archive is on, then try again",
        Assert.Throws<ImageException>(() => Apply(
            new FailingStream(Sound, 600), new LayerDescriptor("test", null, Sound.Length, null, null))));

    public static TheoryData<FileTreeOutcome, string, int, ImageReason, string> Outcomes => new()
    {
        { FileTreeOutcome.NoSpace, "openat", 28, ImageReason.NoSpace, Room },
        { FileTreeOutcome.NoSpace, "setxattr security.capability", 28, ImageReason.NoSpace, Room },
        { FileTreeOutcome.NameTooLong, "openat", 36, ImageReason.Unsupported, "Build the image with shorter names" },
        { FileTreeOutcome.TooManyLinks, "linkat", 31, ImageReason.Unsupported,
            "Import it into a pool whose file system counts more (xfs)" },
        { FileTreeOutcome.Unsupported, "mknodat", 22, ImageReason.Corrupt, Build },
        { FileTreeOutcome.Unsupported, "pwrite", 27, ImageReason.Unsupported, OtherFileSystem },
        { FileTreeOutcome.Unsupported, "setxattr security.capability", 22, ImageReason.Corrupt, Build },
        { FileTreeOutcome.Unsupported, "setxattr security.capability", 95, ImageReason.Unsupported, OtherFileSystem },
        { FileTreeOutcome.NotPermitted, "mknodat", 1, ImageReason.NotPermitted,
            "Run the agent as root with all its capabilities" },
        { FileTreeOutcome.NotPermitted, "setxattr security.capability", 1, ImageReason.NotPermitted,
            "Run the agent as root, with the capability SETFCAP" },
        { FileTreeOutcome.ReadOnly, "openat", 30, ImageReason.Failed,
            "See the kernel's log for what made it so" },
        { FileTreeOutcome.ReadOnly, "setxattr security.capability", 30, ImageReason.Failed,
            "See the kernel's log for what made it so" },
        { FileTreeOutcome.Failed, "openat", 5, ImageReason.Failed, KernelLog },
        { FileTreeOutcome.Failed, "setxattr user.x", 5, ImageReason.Failed, KernelLog },
        { FileTreeOutcome.NotFound, "openat", 2, ImageReason.Failed, KernelLog },
        { FileTreeOutcome.Exists, "openat", 17, ImageReason.Failed, KernelLog },
        { FileTreeOutcome.NotEmpty, "unlinkat", 39, ImageReason.Failed, KernelLog },
        { FileTreeOutcome.WrongType, "openat", 20, ImageReason.Failed, KernelLog },
        { FileTreeOutcome.NotResolved, "openat2", 40, ImageReason.Failed, KernelLog },
    };

    [Theory]
    [MemberData(nameof(Outcomes))]
    public void Of_a_file_system(FileTreeOutcome outcome, string call, int errno, ImageReason reason, string next)
    {
        var writer = new TreeWriter(tree.Tree, "Layer of the test") { Entry = "etc/x" };

        Same(call, reason, next, Assert.Throws<ImageException>(
            () => writer.Require(new FileTreeStatus(outcome, errno, call), TreePath.Of("etc/x"))));
    }

    [Fact]
    public void Each_outcome_of_a_file_system_is_here() => Assert.Equal(
        Enum.GetValues<FileTreeOutcome>().Where(outcome => outcome != FileTreeOutcome.Done),
        Outcomes.Select(row => (FileTreeOutcome)row[0]).Distinct().Order());

    /// <summary>Every advice in the source of layers and tars is one of those above.</summary>
    [Fact]
    public void Each_advice_of_the_source_is_here()
    {
        string[] known =
        [
            .. Archives.Select(row => (string)row[3]), .. Outcomes.Select(row => (string)row[4]), MadeSo, OtherConfig,
        ];
        var found = ImageAdvice.In("Layers", "Tar");

        Assert.True(found.Count > 15, $"Only {found.Count} texts were found");
        Assert.Empty(found.Except(known));
        Assert.Empty(known.Except(found));
    }

    private void ApplyLayer(byte[] stored, Digest? digest, Digest diffId) => Apply(
        new MemoryStream(stored), new LayerDescriptor("test", digest, stored.Length, diffId, new ChainId(diffId)));

    private void Apply(Stream stored, LayerDescriptor descriptor)
    {
        using var layer = new LayerStream(stored, descriptor, "Layer of the test", null);
        LayerApplier.Apply(layer, tree.Tree, onEmptyBase: false);
    }

    private static void Same(string what, ImageReason reason, string next, ImageException refusal) =>
        Assert.Equal((what, reason, next), (what, refusal.Reason, refusal.Next));

    private static byte[] Noise(int count)
    {
        var noise = new byte[count];
        new Random(7).NextBytes(noise);
        return noise;
    }

    private static byte[] Damaged(byte[] gzip)
    {
        gzip.AsSpan(12, 20).Fill(0xFF);
        return gzip;
    }

    private static void Endless(byte[] header) => Encoding.ASCII.GetBytes("77777777777").CopyTo(header, 124);

    /// <summary>Major numbers have 12 bits.</summary>
    private static void BeyondTheKernel(byte[] header) => Encoding.ASCII.GetBytes("0010000").CopyTo(header, 329);

    private sealed class FailingStream(byte[] content, int until) : MemoryStream(content)
    {
        public override int Read(Span<byte> buffer) => Position >= until
            ? throw new IOException("Input/output error")
            : base.Read(buffer[..Math.Min(buffer.Length, until - (int)Position)]);
    }
}
