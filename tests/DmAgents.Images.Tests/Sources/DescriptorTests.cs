using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using DmAgents.Domain.Layers;
using DmAgents.Images.Sources;
using DmAgents.Images.Tests.Support;

namespace DmAgents.Images.Tests.Sources;

/// <summary>Documents of images as the tools of the world write them.</summary>
public sealed class DescriptorTests : IDisposable
{
    private static readonly byte[] Layer = new TarBytes().Directory("./").File("a", "content").End();
    private static readonly byte[] Other = new TarBytes().Directory("./").File("b", "other").End();

    private readonly string home = Directory.CreateTempSubdirectory("dmagents-descriptors-").FullName;

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Fact]
    public void An_empty_platform_says_nothing()
    {
        var layout = new OciLayout();
        layout.AddManifest(layout.Image("app:1", Layer, platform: new JsonObject()));

        Assert.Equal(Digest.Of(Layer), DiffId(layout));
    }

    [Fact]
    public void Without_a_platform_in_the_index_the_images_own_decides()
    {
        var layout = new OciLayout();
        layout.AddManifest(layout.Image("app:1", Layer, "s390x", new JsonObject()));
        layout.AddManifest(layout.Image("app:1", Other, Platform.Host.Architecture, platform: null));

        Assert.Equal(Digest.Of(Other), DiffId(layout));
        Assert.Equal(Digest.Of(Layer), DiffId(layout, platform: new Platform("linux", "s390x")));
        var refusal = Assert.Throws<ImageException>(() => DiffId(layout, platform: new Platform("linux", "riscv64")));
        Assert.Contains("linux/s390x", refusal.What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_platform_that_is_asked_for_is_checked_against_the_only_images_config()
    {
        var layout = new OciLayout();
        layout.AddManifest(layout.Image("app:1", Layer, "s390x", platform: null));

        Assert.Equal(
            ImageReason.NotFound,
            Assert.Throws<ImageException>(() => DiffId(layout, platform: new Platform("linux", "amd64"))).Reason);
    }

    [Fact]
    public void Names_are_found_in_any_case_and_the_last_of_several_counts()
    {
        var members = new OciLayout().Add("app:1", "amd64", bytes => bytes, Layer).Members()
            .Select(member => member.Key != "index.json" ? member : KeyValuePair.Create(
                member.Key,
                Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(member.Value)
                    .Replace("\"manifests\"", "\"Manifests\":[],\"MANIFESTS\"", StringComparison.Ordinal)
                    .Replace("\"mediaType\"", "\"MediaType\"", StringComparison.Ordinal)
                    .Replace("\"digest\"", "\"Digest\"", StringComparison.Ordinal))));

        using var source = Open(ImageFiles.Tar(members));

        Assert.Equal("app:1", source.Describe().Reference);
    }

    [Fact]
    public void Keys_of_annotations_are_found_as_written_only()
    {
        var layout = new OciLayout();
        var image = layout.Image(null, Layer);
        image["annotations"] = new JsonObject { ["Org.Opencontainers.Image.Ref.Name"] = "no:1", ["x"] = 7 };
        layout.AddManifest(image);

        Assert.Null(Describe(layout).Reference);
    }

    [Fact]
    public void What_is_no_image_in_an_index_is_passed_over()
    {
        var layout = new OciLayout();
        layout.AddManifest(layout.Blob("application/vnd.example.signature+json", "{}"u8.ToArray()));
        layout.AddManifest(layout.Image("app:1", Layer));
        var inner = new JsonArray(layout.Blob("text/plain", "x"u8.ToArray()), layout.Image(null, Layer));
        layout.AddManifest(layout.Index("all:1", inner));

        Assert.Equal(Digest.Of(Layer), DiffId(layout, "app:1"));
        Assert.Equal(Digest.Of(Layer), DiffId(layout, "all:1"));
        var none = new OciLayout();
        none.AddManifest(none.Blob("application/vnd.example.signature+json", "{}"u8.ToArray()));
        var refusal = Assert.Throws<ImageException>(() => Describe(none));
        Assert.Equal(ImageReason.Unsupported, refusal.Reason);
        Assert.Contains("vnd.example.signature", refusal.What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_descriptor_without_a_media_type_is_what_its_document_is()
    {
        var layout = new OciLayout();
        var image = layout.Image(null, Layer);
        image.Remove("mediaType");
        var index = layout.Index("app:1", new JsonArray(image));
        index.Remove("mediaType");
        layout.AddManifest(index);

        Assert.Equal(Digest.Of(Layer), DiffId(layout));
    }

    [Fact]
    public void Two_tags_of_one_image_are_one_image_with_two_names()
    {
        var layout = new OciLayout();
        layout.AddManifest(layout.Image("app:1", Layer)).AddManifest(layout.Image("app:latest", Layer));

        Assert.Equal(["app:1", "app:latest"], Describe(layout).References);
        Assert.Equal(["app:latest"], Describe(layout, "app:latest").References);
    }

    [Fact]
    public void An_image_is_called_by_containerds_name_and_found_by_both()
    {
        var layout = new OciLayout();
        layout.AddManifest(Named(layout.Image("1.2", Layer), "registry.example/team/app:1.2"));
        layout.AddManifest(Named(layout.Image("1.3", Other), "registry.example/team/app:1.3"));

        Assert.Equal("registry.example/team/app:1.2", Describe(layout, "1.2").Reference);
        Assert.Equal(Digest.Of(Other), DiffId(layout, "registry.example/team/app:1.3"));
    }

    [Theory]
    [InlineData("docker.io/library/debian:12", "debian:12")]
    [InlineData("docker.io/team/app:12", "team/app:12")]
    [InlineData("docker.io/library/team/app:12", "library/team/app:12")]
    [InlineData("registry.example/library/debian:12", "registry.example/library/debian:12")]
    public void An_image_of_Docker_Hub_is_called_as_Docker_shows_it(string name, string shown)
    {
        var layout = new OciLayout();
        layout.AddManifest(Named(layout.Image("12", Layer), name));
        layout.AddManifest(layout.Image("other:1", Other));

        foreach (var wanted in new[] { name, shown, "12" })
            Assert.Equal(shown, Describe(layout, wanted).Reference);
    }

    private static JsonObject Named(JsonObject image, string name)
    {
        image["annotations"]!["io.containerd.image.name"] = name;
        return image;
    }

    [Theory]
    [InlineData("architecture")]
    [InlineData("os")]
    public void A_config_that_lacks_its_platform_is_for_this_host(string property)
    {
        var config = (JsonObject)JsonNode.Parse(ImageFiles.Config(Platform.Host.Architecture, Layer))!;
        foreach (var value in new[] { null, "" })
        {
            config[property] = value;
            Assert.Equal(
                Platform.Host with { Variant = null },
                ImageConfig.Parse(ImageFiles.Json(config), "it").Platform with { Variant = null });
        }
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("gzip")]
    public void Digests_may_be_sha512(string packing)
    {
        var stored = packing == "gzip" ? ImageFiles.Gzip(Layer) : Layer;
        var layout = new OciLayout();
        var config = Sha512(layout, "application/vnd.oci.image.config.v1+json", ImageFiles.Config("amd64", Layer));
        layout.AddManifest(Sha512(layout, OciLayout.Manifest, ImageFiles.Json(new JsonObject
        {
            ["schemaVersion"] = 2, ["config"] = config,
            ["layers"] = new JsonArray(Sha512(layout, "application/vnd.oci.image.layer.v1.tar", stored)),
        })));

        Assert.Equal(Digest.Of(Layer), DiffId(layout));

        var blob = layout.Blobs.First(blob => blob.Value == stored).Key;
        layout.Blobs[blob] = [.. stored[..^20], (byte)~stored[^20], .. stored[^19..]];
        Assert.True(Assert.Throws<ImageException>(() => DiffId(layout)).Reason
            is ImageReason.DigestMismatch or ImageReason.Corrupt);
    }

    [Fact]
    public void A_diff_id_may_be_sha512()
    {
        var diffId = Digest.Of(Layer, HashAlgorithmName.SHA512);
        var config = Encoding.UTF8.GetString(ImageFiles.Config("amd64", Layer))
            .Replace(Digest.Of(Layer).Value, diffId.Value, StringComparison.Ordinal);
        foreach (var pack in new Func<byte[], byte[]>[] { bytes => bytes, ImageFiles.Gzip })
        {
            var layout = new OciLayout();
            layout.AddManifest(layout.ImageOf(Encoding.UTF8.GetBytes(config), pack(Layer)));
            Assert.Equal(diffId, DiffId(layout));
        }
    }

    private static JsonObject Sha512(OciLayout layout, string mediaType, byte[] content)
    {
        var digest = Digest.Of(content, HashAlgorithmName.SHA512);
        layout.Blobs["blobs/sha512/" + digest.Hex] = content;
        return new JsonObject { ["mediaType"] = mediaType, ["digest"] = digest.Value, ["size"] = content.Length };
    }

    private ImageDescription Describe(OciLayout layout, string? select = null)
    {
        using var source = Open(layout.ToTar());
        return source.Describe(select);
    }

    /// <summary>Of the only layer, read to its end.</summary>
    private Digest DiffId(OciLayout layout, string? select = null, Platform? platform = null)
    {
        using var source = Open(layout.ToTar());
        using var layer = source.OpenLayer(source.Describe(select, platform).Layers.Single());
        layer.ReadToEnd();
        return layer.DiffId;
    }

    private IImageSource Open(byte[] tar)
    {
        var path = Path.Combine(home, "archive");
        File.WriteAllBytes(path, tar);
        return ImageSource.Open(path, home);
    }
}
