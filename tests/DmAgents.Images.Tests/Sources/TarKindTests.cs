using System.Text;
using DmAgents.Domain.Layers;
using DmAgents.Images.Sources;
using DmAgents.Images.Tests.Support;

namespace DmAgents.Images.Tests.Sources;

/// <summary>Whether a tar is an image's archive or a root file system is decided by all that it holds.</summary>
public sealed class TarKindTests : IDisposable
{
    private static readonly byte[] Layer = new TarBytes().Directory("./").File("a", "content").End();
    private static readonly byte[] Config = ImageFiles.Config("amd64", Layer);

    private readonly string home = Directory.CreateTempSubdirectory("dmagents-kinds-").FullName;

    public void Dispose() => Directory.Delete(home, recursive: true);

    public static TheoryData<string, string> Packed
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var form in Archives.Keys)
            {
                data.Add(form, "plain");
                data.Add(form, "gzip");
            }
            return data;
        }
    }

    private static Dictionary<string, Func<TarBytes>> Archives { get; } = new()
    {
        ["docker behind a directory"] = () => Docker(new TarBytes().Directory("images/"), "layers/0.tar"),
        ["docker with its layers first"] = () => Members(
            new TarBytes(), new("layers/0.tar", Layer), new("c.json", Config),
            new("manifest.json", Manifest("layers/0.tar"))),
        ["docker with other files"] = () => Docker(new TarBytes().File("README", "x").File("doc/notes", "x"), "l.tar"),
        ["docker in a folder"] = () => Members(
            new TarBytes().Directory("saved/"), new("saved/0.tar", Layer), new("saved/c.json", Config),
            new("saved/manifest.json", Manifest("0.tar"))),
        ["oci behind other folders"] = () => Oci(new TarBytes().Directory("notes/").File("notes/a", "a"), ""),
        ["oci behind a file in a folder"] = () => Oci(new TarBytes().File("a/manifest.json", "[1]"), ""),
        ["oci in its own folder"] = () => Oci(new TarBytes().Directory("layout/"), "layout/"),
        ["oci in folders of a path"] = () => Oci(new TarBytes().Directory("tmp/"), "tmp/build/layout/"),
        ["oci with ./ before its names"] = () => Oci(new TarBytes().Directory("./"), "./"),
    };

    [Theory]
    [MemberData(nameof(Packed))]
    public void An_images_archive_is_one_in_any_order_and_any_folder(string form, string packing)
    {
        using var source = Open(Archives[form]().End(), packing);

        Assert.Equal(
            form.StartsWith("oci", StringComparison.Ordinal) ? ImageFormat.OciLayout : ImageFormat.DockerArchive,
            source.Format);
        var image = source.Describe();
        using var layer = source.OpenLayer(image.Layers.Single());
        layer.ReadToEnd();
        Assert.Equal(("app:1", Digest.Of(Layer)), (image.Reference, layer.DiffId));
        Assert.Empty(Directory.GetFiles(home, "dmagents-spool-*"));
    }

    [Theory]
    [InlineData("etc/hostname", "plain")]
    [InlineData("etc/hostname", "gzip")]
    [InlineData("usr/bin/x", "plain")]
    public void A_layout_at_the_top_of_a_root_file_system_is_refused_until_the_format_says_which(
        string member, string packing)
    {
        foreach (var first in new[] { true, false })
        {
            var tar = first ? Oci(new TarBytes().File(member, "x"), "") : Oci(new TarBytes(), "").File(member, "x");
            var bytes = tar.End();

            var refusal = Assert.Throws<ImageException>(() => Open(bytes, packing));

            Assert.Equal(ImageReason.Ambiguous, refusal.Reason);
            Assert.Contains(member, refusal.What, StringComparison.Ordinal);
            Assert.Contains("--format oci or --format rootfs", refusal.Next, StringComparison.Ordinal);
            using var oci = Open(bytes, packing, ImageFormat.OciLayout);
            Assert.Equal("app:1", oci.Describe().Reference);
            using var root = Open(bytes, packing, ImageFormat.RootFileSystem);
            using var layer = root.OpenLayer(root.Describe().Layers.Single());
            layer.ReadToEnd();
            Assert.Equal(Digest.Of(bytes), layer.DiffId);
        }
    }

    [Fact]
    public void A_docker_archive_beside_device_files_is_refused_until_the_format_says_which()
    {
        var bytes = Docker(new TarBytes().Entry("null", '3', major: 1, minor: 3), "0.tar").End();

        var refusal = Assert.Throws<ImageException>(() => Open(bytes));

        Assert.Contains("--format docker or --format rootfs", refusal.Next, StringComparison.Ordinal);
        using var docker = Open(bytes, format: ImageFormat.DockerArchive);
        Assert.Equal("app:1", docker.Describe().Reference);
    }

    [Fact]
    public void A_layout_in_a_folder_beside_other_files_is_refused_until_the_format_says_which()
    {
        var bytes = Oci(new TarBytes().File("README", "x"), "layout/").End();

        var refusal = Assert.Throws<ImageException>(() => Open(bytes));

        Assert.Equal(ImageReason.Ambiguous, refusal.Reason);
        Assert.Contains("'layout'", refusal.What, StringComparison.Ordinal);
        using var oci = Open(bytes, format: ImageFormat.OciLayout);
        Assert.Equal("app:1", oci.Describe().Reference);
    }

    [Fact]
    public void Several_layouts_are_refused_by_their_folders()
    {
        var bytes = Oci(Oci(new TarBytes(), "one/"), "two/").End();

        foreach (var format in new ImageFormat?[] { null, ImageFormat.OciLayout })
        {
            var refusal = Assert.Throws<ImageException>(() => Open(bytes, format: format));
            Assert.Equal(ImageReason.Ambiguous, refusal.Reason);
            Assert.Contains("'one', 'two'", refusal.What, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("gzip")]
    public void A_root_file_system_that_holds_images_stays_one(string packing)
    {
        var tar = Oci(new TarBytes().File("etc/hostname", "x"), "var/lib/images/app/");
        using var source = Open(Docker(tar, "0.tar", "srv/saved/").End(), packing);

        Assert.Equal(ImageFormat.RootFileSystem, source.Format);
    }

    [Fact]
    public void A_format_is_taken_only_if_the_archive_has_it()
    {
        var oci = Oci(new TarBytes(), "").End();
        var root = new TarBytes().File("etc/hostname", "x").End();
        var text = "no archive at all, but longer than the header of one would be"u8.ToArray();

        Assert.Contains("manifest.json", Refusal(oci, ImageFormat.DockerArchive).What, StringComparison.Ordinal);
        Assert.Contains("oci-layout", Refusal(root, ImageFormat.OciLayout).What, StringComparison.Ordinal);
        Assert.Equal(ImageReason.NotAnImage, Refusal(text, ImageFormat.RootFileSystem).Reason);
        var directory = Path.Combine(home, "layout");
        new OciLayout().Add("app:1", "amd64", bytes => bytes, Layer).WriteTo(directory);
        Assert.Equal(
            ImageReason.Unsupported,
            Assert.Throws<ImageException>(() => ImageSource.Open(directory, home, ImageFormat.RootFileSystem)).Reason);
        Assert.Equal(
            ImageReason.NotAnImage,
            Assert.Throws<ImageException>(() => ImageSource.Open(directory, home, ImageFormat.DockerArchive)).Reason);
    }

    [Theory]
    [InlineData(ImageFormat.OciLayout)]
    [InlineData(ImageFormat.DockerArchive)]
    public void An_archive_that_is_both_layout_and_docker_archive_is_what_it_is_asked_for(ImageFormat format)
    {
        var both = Docker(Oci(new TarBytes(), ""), "0.tar").End();

        foreach (var packing in new[] { "plain", "gzip" })
        {
            using var source = Open(both, packing, format);
            Assert.Equal(format, source.Format);
            using var unasked = Open(both, packing);
            Assert.Equal(ImageFormat.OciLayout, unasked.Format);
        }
    }

    [Fact]
    public void A_docker_archive_that_was_unpacked_is_read_in_its_directory()
    {
        Tool.Run(home, "tar", "-xf", Write(Docker(new TarBytes(), "layers/0.tar").End()));

        using var source = ImageSource.Open(home, home);

        Assert.Equal((ImageFormat.DockerArchive, "app:1"), (source.Format, source.Describe().Reference));
    }

    [Fact]
    public void A_root_file_system_of_very_many_files_is_one()
    {
        var tar = new TarBytes().File("etc/hostname", "x");
        for (var file = 0; file < 100_010; file++)
            tar.File($"usr/share/{file}", "");
        using var source = Open(tar.End());

        Assert.Equal(ImageFormat.RootFileSystem, source.Format);
    }

    private static TarBytes Oci(TarBytes tar, string folder) => Members(
        tar, [.. new OciLayout().Add("app:1", "amd64", bytes => bytes, Layer).Members()
            .Select(member => KeyValuePair.Create(folder + member.Key, member.Value))]);

    private static TarBytes Docker(TarBytes tar, string layer, string folder = "") => Members(
        tar, new(folder + "c.json", Config), new(folder + layer, Layer), new(folder + "manifest.json", Manifest(layer)));

    private static byte[] Manifest(string layer) =>
        Encoding.UTF8.GetBytes($$"""[{"Config":"c.json","RepoTags":["app:1"],"Layers":["{{layer}}"]}]""");

    private static TarBytes Members(TarBytes tar, params KeyValuePair<string, byte[]>[] members)
    {
        foreach (var (name, content) in members)
            tar.Entry(name, '0', content: content);
        return tar;
    }

    private ImageException Refusal(byte[] content, ImageFormat format) =>
        Assert.Throws<ImageException>(() => Open(content, format: format));

    private IImageSource Open(byte[] content, string packing = "plain", ImageFormat? format = null) =>
        ImageSource.Open(Write(packing == "gzip" ? ImageFiles.Gzip(content) : content), home, format);

    private string Write(byte[] content)
    {
        var path = Path.Combine(home, "archive");
        File.WriteAllBytes(path, content);
        return path;
    }
}
