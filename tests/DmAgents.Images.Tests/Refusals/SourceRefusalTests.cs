using System.Text.Json.Nodes;
using DmAgents.Domain.Layers;
using DmAgents.Images.Archives;
using DmAgents.Images.Layers;
using DmAgents.Images.Sources;
using DmAgents.Images.Streams;
using DmAgents.Images.Tests.Support;

namespace DmAgents.Images.Tests.Refusals;

/// <summary>
/// Each refusal of an archive, by what causes it: what the operator is told to do would help. A refusal that is not
/// here fails the last test.
/// </summary>
public sealed class SourceRefusalTests : IDisposable
{
    private const string Fetch = "Fetch or write the archive again";
    private const string MadeSo =
        "Build the image again: these are the bytes that it names, so fetching them again changes nothing";
    private const string Formats =
        "Give an OCI image layout (directory or tar), a docker archive, or a root file system as a tar";
    private const string CheckDisk = "Check the disk that the archive is on, then try again";
    private const string CheckOrigin = "Check where the archive comes from";
    private const string Select = "Choose one of these with --select";
    private const string ByDigest = "Choose one by its digest with --select";
    private const string ByPlatform = "Choose one of these with --platform, or by its digest with --select";
    private const string NoFileSystem = "Import a container image; artifacts of other kinds have no file system";
    private const string OrRoot =
        "Fetch or write the archive again, or take it for a root file system with --format rootfs";
    private const string SpoolElsewhere = "Check that directory, or set image.spool-directory to another";

    private static readonly byte[] Layer = new TarBytes().Directory("./").File("a", "content").End();
    private static readonly byte[] Config = ImageFiles.Config("amd64", Layer);

    private readonly string home = Directory.CreateTempSubdirectory("dmagents-refusals-").FullName;

    public void Dispose() => Directory.Delete(home, recursive: true);

    private static Dictionary<string, (Func<byte[]> Archive, ImageReason Reason, string Next)> Tars { get; } = new()
    {
        ["nothing"] = (() => [], ImageReason.NotAnImage,
            Formats + "; what comes from a pipe is read with: dmagent image import -"),
        ["layouts in two folders"] = (() => ImageFiles.Tar(Folder("a/").Concat(Folder("b/"))), ImageReason.Ambiguous,
            "Unpack it and import one of them, or take it for a root file system with --format rootfs"),
        ["a layout in a root file system"] = (
            () => ImageFiles.Tar([new("etc/x", []), .. Folder("")]), ImageReason.Ambiguous,
            "Say which with --format oci or --format rootfs"),
        ["a docker archive in a root file system"] = (
            () => ImageFiles.Tar([new("etc/x", []), .. Docker("app:1", Config)]), ImageReason.Ambiguous,
            "Say which with --format docker or --format rootfs"),
        ["parts of a layout"] = (() => ImageFiles.Tar(Folder("").Where(member => member.Key != "oci-layout")),
            ImageReason.Corrupt, OrRoot),
        ["skopeo's dir:"] = (() => ImageFiles.Tar(SkopeoDirectory()), ImageReason.Unsupported,
            "Unpack it, and import the OCI layout that this makes: skopeo copy dir:DIRECTORY oci:LAYOUT"),
        ["too many members"] = (ManyMembers, ImageReason.TooLarge, CheckOrigin),
        ["no image in a layout"] = (() => new OciLayout().ToTar(), ImageReason.NotFound,
            "Give a layout with an image in it"),
        ["an index of other bytes"] = (() => Changed("index.json", bytes => bytes[..^1]), ImageReason.Corrupt, Fetch),
        ["a config of other bytes"] = (() => Changed(new OciLayout().Blob("", Config)["digest"]!.ToString(),
            bytes => [.. bytes[..^1], (byte)' ']), ImageReason.DigestMismatch, Fetch),
        ["a layer that is short"] = (() => Changed(new OciLayout().Blob("", Layer)["digest"]!.ToString(),
            bytes => bytes[..^1]), ImageReason.Truncated, Fetch),
        ["a blob that is missing"] = (
            () => ImageFiles.Tar(Folder("").Where(member => !member.Value.SequenceEqual(Config))), ImageReason.NotFound,
            Fetch),
        ["a manifest that is malformed"] = (() => OfManifest(new JsonObject { ["schemaVersion"] = 2 }),
            ImageReason.Corrupt, MadeSo),
        ["a config that is malformed"] = (() => OfConfig("{\"rootfs\":7}"u8.ToArray()), ImageReason.Corrupt, MadeSo),
        ["a config of other layers"] = (() => OfConfig(ImageFiles.Config("amd64", Layer, Layer)), ImageReason.Corrupt,
            "Build the image again: its config names other layers than its manifest"),
        ["an encrypted layer"] = (() => OfManifest(Manifest("application/vnd.oci.image.layer.v1.tar+encrypted")),
            ImageReason.Unsupported, "Import an image whose layers are tars that are not encrypted"),
        ["an artifact"] = (() => OfManifest(Manifest(config: "application/vnd.cncf.helm.config.v1+json")),
            ImageReason.Unsupported, NoFileSystem),
        ["an artifact of an unknown kind"] = (() => new OciLayout().AddManifest(
            new OciLayout().Blob("application/x-unknown", [])).ToTar(), ImageReason.Unsupported, NoFileSystem),
        ["an artifact beside an image"] = (ArtifactFirst, ImageReason.Unsupported,
            "Choose a container image of the layout with --select"),
        ["several images"] = (() => new OciLayout().Add("a:1", "amd64", ImageFiles.Gzip, Layer)
            .Add("b:1", "arm64", ImageFiles.Gzip, Layer).ToTar(), ImageReason.Ambiguous, Select),
        ["several images for the platform"] = (() => new OciLayout()
            .Add("a:1", Platform.Host.Architecture, ImageFiles.Gzip, Layer)
            .Add("a:1", Platform.Host.Architecture, bytes => bytes, Layer).ToTar(), ImageReason.Ambiguous, ByDigest),
        ["no image for the platform"] = (
            () => new OciLayout().AddIndex("a:1", ("s390x", Layer), ("mips", Layer)).ToTar(), ImageReason.NotFound,
            ByPlatform),
        ["a descriptor of nothing"] = (() => new OciLayout().AddManifest(new JsonObject()).ToTar(), ImageReason.Corrupt,
            Fetch),
        ["an endless nest"] = (Nest, ImageReason.Unsupported,
            "No sound image nests as deep: check where the archive comes from"),
        ["very many manifests"] = (Many, ImageReason.TooLarge,
            "No sound image has as many: check where the archive comes from"),
        ["a document that is too large"] = (() => OfConfig(new byte[(8 << 20) + 1]), ImageReason.TooLarge,
            "No sound image has documents of this size: check where the archive comes from"),
        ["a docker archive without an image"] = (() => ImageFiles.Tar([new("manifest.json", "[]"u8.ToArray())]),
            ImageReason.Corrupt, OrRoot),
        ["a docker archive of other layers"] = (() => ImageFiles.Tar(Docker("app:1", ImageFiles.Config("amd64"))),
            ImageReason.Corrupt, "Save the image again"),
        ["a docker archive with another config"] = (() => ImageFiles.Tar(Docker(
            "app:1", Config, config: "blobs/sha256/" + new string('0', 64))), ImageReason.DigestMismatch,
            "Save the image again"),
        ["a compressed archive that is cut off"] = (() => ImageFiles.Gzip(ImageFiles.Tar(Folder("")))[..600],
            ImageReason.Truncated, Fetch),
    };

    public static TheoryData<string> Names => [.. Tars.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Of_a_tar(string what)
    {
        var (archive, reason, next) = Tars[what];

        Same(what, reason, next, Assert.Throws<ImageException>(() => ReadAll(Write(archive()))));
    }

    [Fact]
    public void Of_a_choice_that_the_archive_does_not_have()
    {
        var oci = Write(ImageFiles.Tar(Folder("")));
        var root = Write(new TarBytes().File("etc/x", "").End());

        Same("no such image", ImageReason.NotFound, Select, Refusal(oci, source => source.Describe("other:1")));
        Same("no such image of a root", ImageReason.NotFound, "Leave --select out",
            Refusal(root, source => source.Describe("app:1")));
        Same("another format", ImageReason.NotAnImage, "Leave --format out to see what it is",
            Refusal(oci, _ => { }, ImageFormat.DockerArchive));
        Same("no layout", ImageReason.NotAnImage, "Leave --format out to see what it is",
            Refusal(root, _ => { }, ImageFormat.OciLayout));
    }

    [Fact]
    public void Of_a_directory()
    {
        var skopeo = Unpacked("skopeo", SkopeoDirectory());
        var empty = Directory.CreateDirectory(Path.Combine(home, "empty")).FullName;

        Same("skopeo's dir:", ImageReason.Unsupported,
            $"Import the OCI layout that this makes: skopeo copy dir:{skopeo} oci:LAYOUT", Refusal(skopeo, _ => { }));
        Same("no image", ImageReason.NotAnImage, Formats, Refusal(empty, _ => { }));
        Same("a root file system", ImageReason.Unsupported, $"Make one of it: tar -C {empty} -cf rootfs.tar .",
            Refusal(empty, _ => { }, ImageFormat.RootFileSystem));
        Same("nothing", ImageReason.NotFound, "Check the path, as the agent's host sees it",
            Refusal(Path.Combine(home, "missing"), _ => { }));
    }

    /// <summary>What a disk or the kernel refuses is not the archive's fault.</summary>
    [Fact]
    public void Of_what_cannot_be_read()
    {
        Same("a document", ImageReason.Failed, CheckDisk,
            Assert.Throws<ImageException>(() => new FailingArchive().ReadDocument("index.json")));
        var layer = new LayerDescriptor("", null, 1, null, null) { Member = "a" };
        Same("a layer from its first byte on", ImageReason.Failed, CheckDisk, Assert.Throws<ImageException>(
            () => ImageLayers.Open(new FailingArchive(), layer, null)));
        Same("a path that is too long", ImageReason.NotFound, "Check the path, as the agent's host sees it",
            Refusal(Path.Combine(home, new string('n', 300)), _ => { }));
        Same("a link in a circle", ImageReason.Failed, CheckDisk, Refusal(Circle(), _ => { }));
    }

    [Fact]
    public void Of_a_spool()
    {
        var file = Write([1]);
        Same("no directory", ImageReason.Failed, SpoolElsewhere,
            Assert.Throws<ImageException>(() => new Spool(file, "it").Dispose()));
        Same("no room", ImageReason.NoSpace,
            "Make room there, or set image.spool-directory to a directory on another disk",
            Assert.Throws<ImageException>(() => new Spool(home, "it", long.MaxValue).Dispose()));
        using var received = new ReceivedArchive(home, "standard input", 0);
        Same("nothing received", ImageReason.NotAnImage, "Check the command that was to write the archive",
            Assert.Throws<ImageException>(() => received.Open(null, CancellationToken.None)));
    }

    [Fact]
    public void Of_decompression()
    {
        var xz = Decompression.Failure("it", "xz", "xz-utils");

        Same("no program", ImageReason.Unsupported, "Install it on the agent's host: apt-get install xz-utils",
            xz(null, "No such file or directory"));
        Same("much memory", ImageReason.Unsupported, "Compress it again with a smaller dictionary: xz -9 or less",
            xz(1, "Memory usage limit reached"));
        Same("cut off", ImageReason.Truncated, Fetch, xz(1, "Unexpected end of input"));
        Same("damaged", ImageReason.Corrupt, Fetch, xz(1, "Compressed data is corrupt"));
        // A frame header with a window of 2 GiB, and an empty last block.
        byte[] window = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 0x01, 0x00, 0x00];
        Same("a large window", ImageReason.Unsupported,
            "Compress it again without zstd's --long, or with --long=27 at most", Refusal(Write(window), _ => { }));
    }

    /// <summary>The agent has no right to read what another user's directory holds.</summary>
    [Fact]
    public void Of_what_is_not_permitted()
    {
        var archive = Write(ImageFiles.Tar(Folder("")));
        var layout = Unpacked("layout", Folder(""));
        Tool.Shell(home, $"chmod 0777 .; chmod 0600 {archive} {layout}/blobs/sha256/*");
        using (new OtherUser())
        {
            Same("an archive", ImageReason.NotPermitted, "Let the agent's user read it", Refusal(archive, _ => { }));
            Same("a blob of a layout", ImageReason.NotPermitted, "Let the agent's user read it",
                Refusal(layout, source => source.Describe()));
        }
    }

    [Fact]
    public void Each_advice_of_the_source_is_here()
    {
        string[] known =
        [
            .. Tars.Values.Select(row => row.Next), Fetch, CheckDisk, Formats, Select, SpoolElsewhere,
            "Leave --select out", "Leave --format out to see what it is", "Let the agent's user read it",
            "Import the OCI layout that this makes: skopeo copy dir:DIRECTORY oci:LAYOUT",
            "Make one of it: tar -C DIR -cf rootfs.tar .", "Check the path, as the agent's host sees it",
            "Make room there, or set image.spool-directory to a directory on another disk",
            "Check the command that was to write the archive",
            "Install it on the agent's host: apt-get install xz-utils",
            "Compress it again with a smaller dictionary: xz -9 or less",
            "Compress it again without zstd's --long, or with --long=27 at most",
        ];
        var found = ImageAdvice.In("Sources", "Archives", "Streams");

        Assert.True(found.Count > 25, $"Only {found.Count} texts were found");
        Assert.All(found, form => Assert.Contains(known, advice => AdviceInSource.Fits(form, advice)));
        Assert.All(known, advice => Assert.Contains(found, form => AdviceInSource.Fits(form, advice)));
    }

    private static void Same(string what, ImageReason reason, string next, ImageException refusal) =>
        Assert.Equal((what, reason, next), (what, refusal.Reason, refusal.Next));

    private static List<KeyValuePair<string, byte[]>> Folder(string folder) =>
        [.. new OciLayout().Add("app:1", "amd64", bytes => bytes, Layer).Members()
            .Select(member => KeyValuePair.Create(folder + member.Key, member.Value))];

    private static byte[] Changed(string member, Func<byte[], byte[]> change)
    {
        var hex = member[(member.IndexOf(':', StringComparison.Ordinal) + 1)..];
        return ImageFiles.Tar(Folder("").Select(one => one.Key.EndsWith(hex, StringComparison.Ordinal)
            ? KeyValuePair.Create(one.Key, change(one.Value)) : one));
    }

    private static List<KeyValuePair<string, byte[]>> Docker(string name, byte[] content, string config = "c.json") =>
    [
        new(config, content), new("0.tar", Layer),
        new("manifest.json", ImageFiles.Json(new JsonArray(new JsonObject
        {
            ["Config"] = config, ["RepoTags"] = new JsonArray(name), ["Layers"] = new JsonArray("0.tar"),
        }))),
    ];

    /// <summary>What <c>skopeo copy ... dir:</c> writes.</summary>
    private static List<KeyValuePair<string, byte[]>> SkopeoDirectory()
    {
        var layout = new OciLayout();
        var manifest = layout.Add("app:1", "amd64", ImageFiles.Gzip, Layer).Blobs.Values
            .Single(blob => JsonNodeOf(blob)?["layers"] is not null);
        return
        [
            new("version", "Directory Transport Version: 1.1\n"u8.ToArray()), new("manifest.json", manifest),
            .. layout.Blobs.Where(blob => blob.Value != manifest)
                .Select(blob => KeyValuePair.Create(Path.GetFileName(blob.Key), blob.Value)),
        ];
    }

    private static JsonNode? JsonNodeOf(byte[] blob)
    {
        try
        {
            return JsonNode.Parse(blob);
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }

    private static byte[] OfManifest(JsonObject manifest)
    {
        var layout = new OciLayout();
        layout.Blob("", Config);
        layout.Blob("", Layer);
        return layout.AddManifest(layout.Blob(OciLayout.Manifest, ImageFiles.Json(manifest))).ToTar();
    }

    private static JsonObject Manifest(
        string layer = "application/vnd.oci.image.layer.v1.tar",
        string config = "application/vnd.oci.image.config.v1+json") => new()
        {
            ["schemaVersion"] = 2,
            ["config"] = new OciLayout().Blob(config, Config),
            ["layers"] = new JsonArray(new OciLayout().Blob(layer, Layer)),
        };

    private static byte[] OfConfig(byte[] config)
    {
        var layout = new OciLayout();
        return layout.AddManifest(layout.ImageOf(config, Layer)).ToTar();
    }

    private static byte[] ArtifactFirst()
    {
        var layout = new OciLayout();
        layout.Blob("", Config);
        layout.Blob("", Layer);
        var artifact = layout.Blob(
            OciLayout.Manifest, ImageFiles.Json(Manifest(config: "application/vnd.cncf.helm.config.v1+json")));
        artifact["platform"] = new JsonObject { ["os"] = "linux", ["architecture"] = Platform.Host.Architecture };
        var image = layout.Image(null, Layer, "s390x");
        return layout.AddManifest(layout.Index("app:1", new JsonArray(artifact, image))).ToTar();
    }

    private static byte[] Nest()
    {
        var layout = new OciLayout();
        var inner = layout.Index(null, []);
        for (var depth = 0; depth < 6; depth++)
            inner = layout.Index(null, new JsonArray(inner));
        return layout.AddManifest(inner).ToTar();
    }

    private static byte[] Many()
    {
        var layout = new OciLayout();
        return layout.AddManifest(layout.Index("many:1", [.. Enumerable.Range(0, 1001).Select(number => new JsonObject
        {
            ["mediaType"] = OciLayout.Manifest, ["digest"] = $"sha256:{number:x64}", ["size"] = 1,
        })])).ToTar();
    }

    private static byte[] ManyMembers()
    {
        var tar = new TarBytes();
        foreach (var (name, content) in Folder(""))
            tar.Entry(name, '0', content: content);
        for (var number = 0; number < 100_010; number++)
            tar.File($"blobs/{number}", "");
        return tar.End();
    }

    private string Circle()
    {
        File.CreateSymbolicLink(Path.Combine(home, "one"), "two");
        File.CreateSymbolicLink(Path.Combine(home, "two"), "one");
        return Path.Combine(home, "one");
    }

    private void ReadAll(string path)
    {
        using var source = ImageSource.Open(path, home);
        foreach (var descriptor in source.Describe().Layers)
        {
            using var layer = source.OpenLayer(descriptor);
            layer.ReadToEnd();
        }
    }

    private ImageException Refusal(string path, Action<IImageSource> use, ImageFormat? format = null) =>
        Assert.Throws<ImageException>(() =>
        {
            using var source = ImageSource.Open(path, home, format);
            use(source);
        });

    private string Write(byte[] content)
    {
        var path = Path.Combine(home, Path.GetRandomFileName());
        File.WriteAllBytes(path, content);
        return path;
    }

    private string Unpacked(string name, IEnumerable<KeyValuePair<string, byte[]>> members)
    {
        foreach (var (member, content) in members)
        {
            var path = Path.Combine(home, name, member);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, content);
        }
        return Path.Combine(home, name);
    }

    private sealed class FailingArchive : IArchive
    {
        public string Origin => "the archive";

        public bool Contains(string member) => true;

        public Stream Open(string member, out long size)
        {
            size = 1;
            return new Failing();
        }

        public void Dispose()
        {
        }
    }

    private sealed class Failing : ReadOnlyStream
    {
        public override int Read(Span<byte> buffer) => throw new IOException("Input/output error");
    }
}
