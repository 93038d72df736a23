using DmAgents.Domain.Layers;
using DmAgents.Images.Layers;
using DmAgents.Images.Sources;
using DmAgents.Images.Tests.Support;

namespace DmAgents.Images.Tests.Sources;

public sealed class ImageSourceTests : IDisposable
{
    private static readonly byte[] Lower = new TarBytes().Directory("./").File("a", "lower").File("b", "b").End();
    private static readonly byte[] Upper = new TarBytes().File("a", "upper").File(".wh.b", "").End();

    private readonly TestTree tree = new();

    public void Dispose() => tree.Dispose();

    public static TheoryData<string, ImageFormat> Forms => new()
    {
        { "oci directory", ImageFormat.OciLayout },
        { "oci tar", ImageFormat.OciLayout },
        { "oci tar.gz", ImageFormat.OciLayout },
        { "oci tar.zst", ImageFormat.OciLayout },
        { "oci tar.xz", ImageFormat.OciLayout },
        { "oci tar.bz2", ImageFormat.OciLayout },
        { "oci with xz layers", ImageFormat.OciLayout },
        { "oci with bzip2 layers", ImageFormat.OciLayout },
        { "oci with plain layers", ImageFormat.OciLayout },
        { "oci with zstd layers", ImageFormat.OciLayout },
        { "docker", ImageFormat.DockerArchive },
        { "docker.gz", ImageFormat.DockerArchive },
        { "docker with blobs", ImageFormat.DockerArchive },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void The_same_image_comes_out_of_every_form(string form, ImageFormat format)
    {
        using var source = Open(Write(form));
        var image = source.Describe();

        Assert.Equal(format, source.Format);
        Assert.Equal("app:1", image.Reference);
        Assert.Equal(["/bin/init"], image.Config!.Entrypoint);
        Assert.Equal([Digest.Of(Lower), Digest.Of(Upper)], image.Layers.Select(layer => layer.DiffId!.Value));
        Assert.Equal(ChainId.Of(ChainId.Of(null, Digest.Of(Lower)), Digest.Of(Upper)), image.Layers[1].ChainId);
        Apply(source, image);
        Assert.Equal(("upper", false), (tree.Read("a"), tree.Has("b")));
        Assert.Empty(Directory.GetFiles(tree.Home, "dmagents-spool-*"));
    }

    [Fact]
    public void A_layer_of_no_bytes_is_a_layer_in_a_directory_and_in_a_tar()
    {
        var layout = new OciLayout().Add("app:1", "amd64", bytes => bytes, Lower, []);
        var directory = Path.Combine(tree.Home, "empty-layer");
        layout.WriteTo(directory);

        foreach (var path in new[] { directory, WriteFile(layout.ToTar()) })
        {
            using var source = Open(path);
            var image = source.Describe();
            Apply(source, image);

            Assert.Equal(2, image.Layers.Count);
            Assert.Equal(("lower", "b"), (tree.Read("a"), tree.Read("b")));
        }
    }

    [Theory]
    [InlineData("none")]
    [InlineData("gzip")]
    [InlineData("zstd")]
    [InlineData("xz")]
    [InlineData("bzip2")]
    public void A_root_file_system_is_an_image_of_one_layer_whose_identity_shows_at_the_end(string compression)
    {
        var stored = compression switch { "gzip" => ImageFiles.Gzip(Lower), "zstd" => ImageFiles.Zstd(Lower),
            "none" => Lower, var program => ImageFiles.Filter(program, Lower) };
        using var source = Open(WriteFile(stored));
        var image = source.Describe();

        Assert.Equal((ImageFormat.RootFileSystem, null, null), (source.Format, image.Config,
            image.Layers.Single().DiffId));
        using var layer = source.OpenLayer(image.Layers[0]);
        Assert.Throws<InvalidOperationException>(() => layer.DiffId);
        var applied = LayerApplier.Apply(layer, tree.Tree, onEmptyBase: true);
        Assert.Equal(Digest.Of(Lower), applied.DiffId);
        Assert.Equal((3, 6), (applied.Entries, applied.ContentBytes));
        var config = ImageConfig.OfRootFileSystem(applied.DiffId, image.Platform);
        Assert.Equal((image.Platform, applied.DiffId), (config.Platform, config.DiffIds.Single()));
    }

    [Fact]
    public void A_root_file_system_may_hold_a_file_called_manifest_json()
    {
        var tar = new TarBytes().File("manifest.json", """{"not":"docker's"}""")
            .Directory("etc").File("etc/x", "x").End();
        using var plain = Open(WriteFile(tar));
        using var packed = Open(WriteFile(ImageFiles.Gzip(tar)));

        Assert.Equal((ImageFormat.RootFileSystem, ImageFormat.RootFileSystem), (plain.Format, packed.Format));
        Apply(packed, packed.Describe());
        Assert.Equal("x", tree.Read("etc/x"));
    }

    [Fact]
    public void Several_images_are_listed_and_one_is_chosen_by_name_or_digest()
    {
        var layout = new OciLayout().Add("one:1", "amd64", ImageFiles.Gzip, Lower).Add("two:2", "amd64",
            ImageFiles.Gzip, Upper);
        using var source = Open(WriteFile(layout.ToTar()));

        var refusal = Assert.Throws<ImageException>(() => source.Describe());
        Assert.Equal(ImageReason.Ambiguous, refusal.Reason);
        Assert.Contains("one:1, two:2", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(Digest.Of(Upper), source.Describe("two:2").Layers.Single().DiffId);
        Assert.Equal("one:1", source.Describe(source.Images[0].Digest!.Value.Value).Reference);
        refusal = Assert.Throws<ImageException>(() => source.Describe("three:3"));
        Assert.Equal(ImageReason.NotFound, refusal.Reason);
        Assert.Contains("one:1, two:2", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_docker_archive_with_several_tags_of_one_image_gives_it_by_each_and_by_all()
    {
        using var source = Open(WriteFile(ImageFiles.DockerArchive(["app:1", "app:latest"], Lower)));

        Assert.Equal(["app:1", "app:latest"], source.Images.Select(image => image.Reference));
        Assert.Equal(["app:latest"], source.Describe("app:latest").References);
        Assert.Equal(["app:1", "app:latest"], source.Describe().References);
    }

    [Theory]
    [InlineData("app:1", "docker.io/library/app:1")]
    [InlineData("docker.io/library/app:1", "app:1")]
    [InlineData("docker.io/team/app:1", "team/app:1")]
    public void A_name_is_found_with_and_without_what_dockers_clients_leave_out(string saved, string asked)
    {
        using var docker = Open(WriteFile(ImageFiles.DockerArchive([saved, "other:1"], Lower)));
        using var oci = Open(WriteFile(new OciLayout().Add(saved, "amd64", ImageFiles.Gzip, Lower)
            .Add("other:1", "amd64", ImageFiles.Gzip, Upper).ToTar()));

        Assert.Equal(saved, docker.Describe(asked).Reference);
        Assert.Equal(saved, oci.Describe(asked).Reference);
    }

    [Fact]
    public void Of_two_names_that_say_the_same_the_exact_one_is_taken()
    {
        var layout = new OciLayout().Add("docker.io/library/app:1", "amd64", ImageFiles.Gzip, Lower)
            .Add("app:1", "amd64", ImageFiles.Gzip, Upper);
        using var source = Open(WriteFile(layout.ToTar()));

        Assert.Equal(Digest.Of(Upper), source.Describe("app:1").Layers.Single().DiffId);
    }

    [Fact]
    public void An_image_without_a_name_needs_none()
    {
        using var docker = Open(WriteFile(ImageFiles.DockerArchive(null, Lower)));
        using var oci = Open(WriteFile(new OciLayout().Add(null, "amd64", ImageFiles.Gzip, Lower).ToTar()));

        Assert.Null(docker.Describe().Reference);
        Assert.Null(oci.Describe().Reference);
    }

    [Fact]
    public void An_index_gives_the_image_for_the_platform_and_lists_what_it_has()
    {
        var layout = new OciLayout().AddIndex("multi:1", ("amd64", Lower), ("arm64", Upper), ("s390x", Lower));
        using var source = Open(WriteFile(layout.ToTar()));

        Assert.Equal(Digest.Of(Upper), source.Describe(null, new Platform("linux", "arm64")).Layers.Single().DiffId);
        Assert.Equal(Platform.Host.Architecture, source.Describe("multi:1").Platform.Architecture);
        var refusal = Assert.Throws<ImageException>(() => source.Describe(null, new Platform("linux", "riscv64")));
        Assert.Equal(ImageReason.NotFound, refusal.Reason);
        Assert.Contains("linux/amd64", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("linux/s390x", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_ends_at_the_stored_size()
    {
        using var source = Open(WriteFile(new OciLayout().Add("x", "amd64", ImageFiles.Gzip, Lower).ToTar()));
        var layer = source.Describe().Layers[0];
        var progress = new LastReport();

        using (var stream = source.OpenLayer(layer, progress))
            stream.ReadToEnd();

        Assert.Equal(layer.Size, progress.Last);
    }

    private string Write(string form) => form switch
    {
        "oci directory" => WriteDirectory(Oci(ImageFiles.Gzip)),
        "oci tar" => WriteFile(Oci(ImageFiles.Gzip).ToTar()),
        "oci tar.gz" => WriteFile(ImageFiles.Gzip(Oci(ImageFiles.Gzip).ToTar())),
        "oci tar.zst" => WriteFile(ImageFiles.Zstd(Oci(ImageFiles.Gzip).ToTar())),
        "oci tar.xz" => WriteFile(ImageFiles.Filter("xz", Oci(ImageFiles.Gzip).ToTar())),
        "oci tar.bz2" => WriteFile(ImageFiles.Filter("bzip2", Oci(ImageFiles.Gzip).ToTar())),
        "oci with xz layers" => WriteFile(Oci(bytes => ImageFiles.Filter("xz", bytes)).ToTar()),
        "oci with bzip2 layers" => WriteFile(Oci(bytes => ImageFiles.Filter("bzip2", bytes)).ToTar()),
        "oci with plain layers" => WriteFile(Oci(bytes => bytes).ToTar()),
        "oci with zstd layers" => WriteFile(Oci(ImageFiles.Zstd).ToTar()),
        "docker" => WriteFile(ImageFiles.DockerArchive(["app:1"], Lower, Upper)),
        "docker.gz" => WriteFile(ImageFiles.Gzip(ImageFiles.DockerArchive(["app:1"], Lower, Upper))),
        _ => WriteFile(DockerWithBlobs()),
    };

    private static OciLayout Oci(Func<byte[], byte[]> pack) => new OciLayout().Add("app:1", "amd64", pack, Lower,
        Upper);

    private static byte[] DockerWithBlobs()
    {
        var config = ImageFiles.Config("amd64", Lower, Upper);
        var names = new[] { config, Lower, Upper }.Select(blob => "blobs/sha256/" + Digest.Of(blob).Hex).ToArray();
        var manifest =
            $$"""[{"Config":"{{names[0]}}","RepoTags":["app:1"],"Layers":["{{names[1]}}","{{names[2]}}"]}]""";
        return ImageFiles.Tar([
            new(names[0], config), new(names[1], Lower), new(names[2], Upper),
            new("manifest.json", System.Text.Encoding.UTF8.GetBytes(manifest))]);
    }

    private void Apply(IImageSource source, ImageDescription image)
    {
        foreach (var descriptor in image.Layers)
        {
            using var layer = source.OpenLayer(descriptor);
            LayerApplier.Apply(layer, tree.Tree, onEmptyBase: descriptor == image.Layers[0]);
        }
    }

    private IImageSource Open(string path) => ImageSource.Open(path, tree.Home);

    private string WriteFile(byte[] content)
    {
        var path = Path.Combine(tree.Home, Path.GetRandomFileName());
        File.WriteAllBytes(path, content);
        return path;
    }

    private string WriteDirectory(OciLayout layout)
    {
        var path = Path.Combine(tree.Home, "layout");
        layout.WriteTo(path);
        return path;
    }

    private sealed class LastReport : IProgress<long>
    {
        public long Last { get; private set; }

        public void Report(long value) => Last = value;
    }
}
