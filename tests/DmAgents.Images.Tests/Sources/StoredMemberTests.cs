using DmAgents.Domain.Layers;
using DmAgents.Images.Layers;
using DmAgents.Images.Sources;
using DmAgents.Images.Tests.Support;

namespace DmAgents.Images.Tests.Sources;

/// <summary>How an archive or a directory may hold the parts of an image: with holes, and as links.</summary>
public sealed class StoredMemberTests : IDisposable
{
    // Holes at the beginning, in the middle and at the end, and many of them.
    private static readonly byte[] Layer = new TarBytes().Directory("./")
        .Entry("a", '0', content: Runs(runs: 30)).Entry("b", '0', content: new byte[1 << 20]).End();

    private readonly TestTree tree = new();

    public void Dispose() => tree.Dispose();

    [Theory]
    [InlineData("tar --sparse --format=gnu -cf")]
    [InlineData("tar --sparse --format=pax --sparse-version=0.0 -cf")]
    [InlineData("tar --sparse --format=pax --sparse-version=0.1 -cf")]
    [InlineData("tar --sparse --format=pax --sparse-version=1.0 -cf")]
    [InlineData("bsdtar --format=pax -cf")]
    public void A_layer_may_be_a_sparse_file_of_the_archive(string packer)
    {
        Layout("layout");
        Tool.Shell(tree.Home, $"""
            for blob in layout/blobs/sha256/*; do cp --sparse=always $blob sparse; mv sparse $blob; done
            cd layout; {packer} ../layout.tar *; gzip -k ../layout.tar
            """);

        Assert.True(new FileInfo(Path.Combine(tree.Home, "layout.tar")).Length < Layer.Length, "it has no holes");
        MustBeTheLayer("layout.tar");
        MustBeTheLayer("layout.tar.gz");
    }

    /// <summary>Build tools that keep their results by content make such directories.</summary>
    [Fact]
    public void The_blobs_of_a_directory_may_be_symlinks()
    {
        Layout("layout");
        Tool.Shell(tree.Home, """
            mkdir store; ln -s layout link
            for blob in layout/blobs/sha256/*; do mv $blob store; ln -s ../../../store/${blob##*/} $blob; done
            """);

        MustBeTheLayer("layout");
        MustBeTheLayer("link");
    }

    [Fact]
    public void An_archive_may_be_a_symlink()
    {
        Layout("layout");
        Tool.Shell(tree.Home, "tar -C layout -cf layout.tar .; ln -s layout.tar one; ln -s one two");

        MustBeTheLayer("two");
    }

    [Fact]
    public void A_symlink_to_a_fifo_is_refused_rather_than_waited_for()
    {
        Layout("layout");
        Tool.Shell(tree.Home, """
            mkfifo fifo; ln -s fifo link; cp -a layout other
            for blob in other/blobs/sha256/*; do rm $blob; ln -s ../../../fifo $blob; done
            """);

        Assert.Equal(ImageReason.NotAnImage, Refusal("link").Reason);
        Assert.Equal(ImageReason.DigestMismatch, Refusal("other").Reason);
    }

    [Fact]
    public void The_manifest_of_a_docker_archive_in_a_directory_may_begin_its_names_with_a_dot()
    {
        File.WriteAllBytes(Path.Combine(tree.Home, "config"), ImageFiles.Config("amd64", Layer));
        File.WriteAllBytes(Path.Combine(tree.Home, "layer"), Layer);
        File.WriteAllText(
            Path.Combine(tree.Home, "manifest.json"),
            """[{"Config":"./config","Layers":[".//layer"],"RepoTags":null}]""");

        MustBeTheLayer(".");
    }

    private static byte[] Runs(int runs)
    {
        var content = new byte[(runs + 1) << 16];
        for (var run = 0; run < runs; run += 2)
            content.AsSpan((run << 16) + 4096, 4096).Fill((byte)(run + 1));
        return content;
    }

    private void Layout(string name) =>
        new OciLayout().Add("app:1", "amd64", bytes => bytes, Layer).WriteTo(Path.Combine(tree.Home, name));

    private ImageException Refusal(string name) => Assert.Throws<ImageException>(() => MustBeTheLayer(name));

    private void MustBeTheLayer(string name)
    {
        using var source = ImageSource.Open(Path.Combine(tree.Home, name), tree.Home);
        using var layer = source.OpenLayer(source.Describe().Layers.Single());
        layer.ReadToEnd();
        Assert.Equal(Digest.Of(Layer), layer.DiffId);
    }
}
