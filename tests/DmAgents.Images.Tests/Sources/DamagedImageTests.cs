using System.Text.Json.Nodes;
using DmAgents.Images.Sources;
using DmAgents.Images.Tests.Support;

namespace DmAgents.Images.Tests.Sources;

public sealed class DamagedImageTests : IDisposable
{
    private static readonly byte[] Layer = new TarBytes().Directory("./").File("a", "content").End();

    private readonly string home = Directory.CreateTempSubdirectory("dmagents-images-").FullName;

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Fact]
    public void What_is_no_image_is_refused_with_the_formats_that_are()
    {
        Directory.CreateDirectory(Path.Combine(home, "empty"));
        byte[][] contents = [[], "just text"u8.ToArray(), [.. Enumerable.Repeat((byte)0x78, 5000)]];
        foreach (var content in contents)
            Assert.Equal(ImageReason.NotAnImage, Refusal(Write(content)).Reason);
        Assert.Contains("OCI image layout", Refusal(Path.Combine(home, "empty")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_path_that_is_not_there_is_not_found() =>
        Assert.Equal(ImageReason.NotFound, Refusal(Path.Combine(home, "missing.tar")).Reason);

    [Fact]
    public void A_fifo_is_refused_rather_than_waited_for()
    {
        Tool.Run(home, "mkfifo", "pipe");

        Assert.Equal(ImageReason.NotAnImage, Refusal(Path.Combine(home, "pipe")).Reason);
    }

    [Fact]
    public void Cut_off_at_any_block_an_archive_of_an_image_is_refused()
    {
        foreach (var whole in new[] { Oci().ToTar(), ImageFiles.DockerArchive(["app:1"], Layer, Layer) })
        {
            for (var size = 0; size < whole.Length; size += 512)
            {
                var refusal = Refusal(Write(whole[..size]));
                Assert.True(
                    refusal.Reason is ImageReason.Truncated or ImageReason.NotAnImage,
                        $"{refusal.Reason} after {size}: {refusal.Message}");
            }
        }
    }

    [Fact]
    public void A_flipped_bit_anywhere_in_an_image_is_refused_or_changes_nothing_that_is_imported()
    {
        foreach (var whole in new[] { Oci().ToTar(), ImageFiles.DockerArchive(["app:1"], Layer) })
        {
            var refused = 0;
            for (var place = 0; place < whole.Length; place += 17)
            {
                var flipped = whole.ToArray();
                flipped[place] ^= (byte)(1 << (place % 8));
                try
                {
                    using var source = ImageSource.Open(Write(flipped), home);
                    var image = source.Describe(source.Images[0].Reference);
                    using var layer = source.OpenLayer(image.Layers[0]);
                    layer.ReadToEnd();
                    Assert.Equal(Domain.Layers.Digest.Of(Layer), layer.DiffId);
                }
                catch (ImageException)
                {
                    refused++;
                }
            }
            Assert.True(refused > 50, $"Only {refused} were refused");
        }
    }

    [Fact]
    public void A_blob_with_other_content_or_none_is_refused_by_its_name()
    {
        foreach (var name in Oci().Blobs.Keys)
        {
            var changed = Oci();
            changed.Blobs[name][^3] ^= 1;
            // A layer's gzip has a checksum of its own, which may be met first.
            Assert.True(ReadAll(changed).Reason is ImageReason.DigestMismatch or ImageReason.Corrupt);

            var shorter = Oci();
            shorter.Blobs[name] = shorter.Blobs[name][..^1];
            Assert.True(ReadAll(shorter).Reason is ImageReason.DigestMismatch or ImageReason.Truncated);

            var lacking = Oci();
            lacking.Blobs.Remove(name);
            var refusal = ReadAll(lacking);
            Assert.Equal(ImageReason.NotFound, refusal.Reason);
            Assert.Contains(name, refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_docker_archive_that_lacks_a_layer_is_refused_before_anything_is_imported()
    {
        var config = ImageFiles.Config("amd64", Layer);
        using var source = ImageSource.Open(Write(ImageFiles.Tar([
            new("c.json", config),
            new("manifest.json", """[{"Config":"c.json","Layers":["../../etc/passwd"]}]"""u8.ToArray())])), home);

        Assert.Equal(ImageReason.NotFound, Assert.Throws<ImageException>(() => source.Describe()).Reason);
    }

    [Fact]
    public void A_layer_that_docker_wrote_as_a_symlink_to_another_is_read_through_it()
    {
        using var source = ImageSource.Open(Write(ImageFiles.DockerArchive(["app:1"], Layer, Layer)), home);
        var image = source.Describe();

        foreach (var descriptor in image.Layers)
        {
            using var layer = source.OpenLayer(descriptor);
            layer.ReadToEnd();
            Assert.Equal(Domain.Layers.Digest.Of(Layer), layer.DiffId);
        }
        Assert.Equal(2, image.Layers.Count);
    }

    public static TheoryData<string, ImageReason> Manifests => new()
    {
        { """{"schemaVersion":1}""", ImageReason.Corrupt },
        { """{"schemaVersion":2}""", ImageReason.Corrupt },
        { """{"schemaVersion":2,"config":7}""", ImageReason.Corrupt },
        { """{"schemaVersion":2,"config":{"mediaType":"x","digest":"md5:1","size":1}}""", ImageReason.Corrupt },
        {
            """{"schemaVersion":2,"config":{"mediaType":"x","digest":"sha256:../../etc","size":1}}""",
            ImageReason.Corrupt
        },
        { """[1,2""", ImageReason.Corrupt },
        {
            """{"schemaVersion":2,"config":CONFIG,"layers":[{"mediaType":"a.tar+encrypted","digest":"DIGEST","size":1}]}""",
            ImageReason.Unsupported
        },
        {
            """{"schemaVersion":2,"config":CONFIG,"layers":[{"mediaType":"application/wasm","digest":"DIGEST","size":1}]}""",
            ImageReason.Unsupported
        },
        { """{"schemaVersion":2,"config":CONFIG,"layers":[]}""", ImageReason.Corrupt },
        { """{"schemaVersion":2,"config":CONFIG,"layers":"none"}""", ImageReason.Corrupt },
        { """{"schemaVersion":2,"config":CHART,"layers":[]}""", ImageReason.Unsupported },
    };

    [Theory]
    [MemberData(nameof(Manifests))]
    public void A_manifest_that_is_no_image_is_refused(string manifest, ImageReason reason)
    {
        var layout = new OciLayout();
        var config = layout.Blob("application/vnd.oci.image.config.v1+json", ImageFiles.Config("amd64", Layer));
        var chart = layout.Blob("application/vnd.cncf.helm.config.v1+json", "{}"u8.ToArray());
        manifest = manifest.Replace("CONFIG", config.ToJsonString(), StringComparison.Ordinal)
            .Replace("CHART", chart.ToJsonString(), StringComparison.Ordinal)
            .Replace("DIGEST", config["digest"]!.GetValue<string>(), StringComparison.Ordinal);
        layout.AddManifest(layout.Blob(OciLayout.Manifest, System.Text.Encoding.UTF8.GetBytes(manifest)));

        Assert.Equal(reason, ReadAll(layout).Reason);
    }

    [Fact]
    public void An_index_that_contains_indexes_without_end_is_refused()
    {
        var layout = new OciLayout();
        var inner = layout.Blob(OciLayout.IndexType, """{"manifests":[]}"""u8.ToArray());
        for (var depth = 0; depth < 6; depth++)
            inner = layout.Blob(
                OciLayout.IndexType, ImageFiles.Json(new JsonObject { ["manifests"] = new JsonArray(inner.DeepClone()) }));
        layout.AddManifest(inner);

        Assert.Equal(ImageReason.Unsupported, ReadAll(layout).Reason);
    }

    [Fact]
    public void Indexes_that_lead_to_the_same_ones_again_and_again_are_followed_once()
    {
        var layout = new OciLayout();
        var inner = layout.Blob(OciLayout.IndexType, """{"manifests":[]}"""u8.ToArray());
        for (var depth = 0; depth < 4; depth++)
        {
            var many = new JsonArray([.. Enumerable.Range(0, 1000).Select(_ => inner.DeepClone())]);
            inner = layout.Blob(OciLayout.IndexType, ImageFiles.Json(new JsonObject { ["manifests"] = many }));
        }
        layout.AddManifest(inner);

        Assert.Equal(ImageReason.Unsupported, ReadAll(layout).Reason);
    }

    [Fact]
    public void An_index_of_more_images_than_any_has_is_refused()
    {
        var layout = new OciLayout();
        var many = new JsonArray([.. Enumerable.Range(0, 1001).Select(number => new JsonObject
        {
            ["mediaType"] = OciLayout.Manifest, ["digest"] = $"sha256:{number:x64}", ["size"] = 1,
        })]);
        layout.AddManifest(layout.Index("many:1", many));

        Assert.Equal(ImageReason.TooLarge, ReadAll(layout).Reason);
    }

    [Fact]
    public void A_document_beyond_the_limit_is_refused_before_it_is_read()
    {
        var layout = new OciLayout();
        layout.AddManifest(layout.Blob(OciLayout.Manifest, new byte[(8 << 20) + 1]));

        Assert.Equal(ImageReason.TooLarge, ReadAll(layout).Reason);
    }

    [Fact]
    public void A_spool_directory_without_room_is_told_and_left_empty()
    {
        var spool = Path.Combine(home, "spool");
        Directory.CreateDirectory(spool);
        Tool.Run("/", "mount", "-t", "tmpfs", "-o", "size=64k", "none", spool);
        try
        {
            var large = new OciLayout();
            large.Blob("x", new byte[1 << 20]);
            large.Add("app:1", "amd64", ImageFiles.Gzip, Layer);

            var refusal = Assert.Throws<ImageException>(
                () => ImageSource.Open(Write(ImageFiles.Gzip(large.ToTar())), spool));

            Assert.Equal(ImageReason.NoSpace, refusal.Reason);
            Assert.Empty(Directory.GetFileSystemEntries(spool));
        }
        finally
        {
            Tool.Run("/", "umount", spool);
        }
    }

    private static OciLayout Oci() => new OciLayout().Add("app:1", "amd64", ImageFiles.Gzip, Layer);

    private ImageException ReadAll(OciLayout layout) => Assert.Throws<ImageException>(() =>
    {
        using var source = ImageSource.Open(Write(layout.ToTar()), home);
        using var layer = source.OpenLayer(source.Describe().Layers[0]);
        layer.ReadToEnd();
    });

    private ImageException Refusal(string path) =>
        Assert.Throws<ImageException>(() => ImageSource.Open(path, home).Dispose());

    private string Write(byte[] content)
    {
        var path = Path.Combine(home, "archive");
        File.WriteAllBytes(path, content);
        return path;
    }
}
