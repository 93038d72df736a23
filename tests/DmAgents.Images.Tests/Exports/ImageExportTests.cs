using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json.Nodes;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Ports;
using DmAgents.Images.Exports;
using DmAgents.Images.Layers;
using DmAgents.Images.Sources;
using DmAgents.Images.Tests.Changes;
using DmAgents.Images.Tests.Support;
using DmAgents.Images.Trees;
using DmAgents.Testing.Files;

namespace DmAgents.Images.Tests.Exports;

/// <summary>Images that are written, and read again by the importer's own reader and by umoci.</summary>
[SupportedOSPlatform("linux")]
public sealed class ImageExportTests : IDisposable
{
    private const string Config = """
        {"architecture":"arm64","variant":"v8","os":"linux","created":"2020-01-02T03:04:05Z","config":{"Cmd":["/a<b>"]},
         "rootfs":{"type":"layers","diff_ids":["sha256:0000000000000000000000000000000000000000000000000000000000000000"]},
         "history":[{"created_by":"one"},{"created_by":"none","empty_layer":true}],"extra":{"kept":1}}
        """;

    private static readonly ImageReference App = new("team/app:1.2");

    private readonly TwoTrees _trees = new(
        "mkdir d; echo 1 > d/a; echo 2 > d/b; chown 5:6 d", "rm d/a; echo 3 > d/c; setfattr -n user.x -v 1 d/b");

    private readonly MemoryFiles _durable = new();

    public void Dispose() => _trees.Dispose();

    [Theory]
    [InlineData(ExportFormat.OciFolder, true)]
    [InlineData(ExportFormat.OciFolder, false)]
    [InlineData(ExportFormat.OciArchive, true)]
    [InlineData(ExportFormat.OciArchive, false)]
    [InlineData(ExportFormat.DockerArchive, false)]
    public void An_exported_image_is_read_with_its_name_its_config_and_its_layers(ExportFormat format, bool compress)
    {
        var exported = Export("out", format, compress);

        using var source = ImageSource.Open(At("out"), _trees.Home, null, CancellationToken.None);
        var image = source.Describe();
        Assert.Contains(App.Value, image.References);
        Assert.Equal(exported.Id, image.Config!.Digest);
        Assert.Equal(exported.DiffIds, image.Config.DiffIds);
        Assert.Equal("arm64", image.Platform.Architecture);
        Assert.Equal(["/a<b>"], image.Config.Command);
        Assert.Equal(2, image.Config.History.Count(step => !step.EmptyLayer));
        using var applied = new TestTree();
        foreach (var (layer, i) in image.Layers.Select((layer, i) => (layer, i)))
        {
            using var stream = source.OpenLayer(layer);
            Assert.Equal(exported.DiffIds[i], LayerApplier.Apply(stream, applied.Tree, onEmptyBase: i == 0).DiffId);
        }
        Assert.Equal(FileTreeDigest.Lines(_trees.Upper), applied.Lines());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(At("out"))
            & ~UnixFileMode.UserExecute);
        Assert.Equal(["lower", "out", "upper"], Names());
    }

    [Fact]
    public void What_was_exported_and_imported_is_exported_as_the_same_image()
    {
        var first = Export("one", ExportFormat.OciArchive, true);
        using var source = ImageSource.Open(At("one"), _trees.Home, null, CancellationToken.None);

        var second = Export("two", ExportFormat.OciArchive, true, Encoding.UTF8.GetString(source.Describe().Config!.Raw.Span));

        Assert.Equal(first.Id, second.Id);
        Assert.Equal(File.ReadAllBytes(At("one")), File.ReadAllBytes(At("two")));
    }

    [Fact]
    public void Umoci_unpacks_what_was_exported()
    {
        Export("layout", ExportFormat.OciFolder, compress: true);

        Tool.Shell(_trees.Home, $"umoci raw unpack --image layout:{App} out");

        using var tree = _trees.Open("out");
        // The root's time is of the unpacking.
        Assert.Equal(FileTreeDigest.Lines(_trees.Upper).Skip(1), FileTreeDigest.Lines(tree).Skip(1));
    }

    [Theory]
    [InlineData(ExportFormat.OciFolder)]
    [InlineData(ExportFormat.OciArchive)]
    public void A_layer_that_is_there_twice_is_written_once(ExportFormat format)
    {
        using (var export = new ImageExport(At("out"), format, compress: false, _durable))
        {
            for (var i = 0; i < 3; i++)
                export.AddLayer(i == 0 ? null : _trees.Upper, _trees.Upper, null, _ => { });
            export.Complete(Encoding.UTF8.GetBytes(Config), App);
        }

        using var source = ImageSource.Open(At("out"), _trees.Home, null, CancellationToken.None);
        var image = source.Describe();
        Assert.Equal(3, image.Layers.Count);
        foreach (var layer in image.Layers)
        {
            using var stream = source.OpenLayer(layer);
            stream.CopyTo(Stream.Null);
        }
    }

    [Theory]
    [InlineData(ExportFormat.OciFolder)]
    [InlineData(ExportFormat.DockerArchive)]
    public void An_export_that_is_given_up_leaves_nothing(ExportFormat format)
    {
        using (var export = new ImageExport(At("out"), format, compress: true, _durable))
            export.AddLayer(null, _trees.Lower, null, _ => { });

        Assert.Equal(["lower", "upper"], Names());
    }

    [Fact]
    public void Every_name_in_an_exported_folder_is_durable_before_it_is_named_and_its_own_name_afterwards()
    {
        var synced = new List<(string Folder, bool IsNamed)>();
        _durable.Syncing = folder => synced.Add((folder, Path.Exists(At("out"))));

        Export("out", ExportFormat.OciFolder, compress: false);

        Assert.Equal((_trees.Home, true), synced[^1]);
        Assert.All(synced[..^1], folder => Assert.False(folder.IsNamed));
        var partial = Assert.Single(synced, folder => folder.Folder.EndsWith(".partial", StringComparison.Ordinal)).Folder;
        Assert.Equal(
            [partial, $"{partial}/blobs", $"{partial}/blobs/sha256"],
            synced[..^1].Select(folder => folder.Folder).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_name_of_an_exported_tar_is_durable()
    {
        var synced = new List<(string Folder, bool IsNamed)>();
        _durable.Syncing = folder => synced.Add((folder, Path.Exists(At("out"))));

        Export("out", ExportFormat.OciArchive, compress: false);

        Assert.Equal([(_trees.Home, true)], synced);
    }

    [Fact]
    public void A_name_that_cannot_be_made_durable_ends_the_export_with_the_reason()
    {
        _durable.Break(_trees.Home, KernelFault.Failed);

        var refused = Assert.Throws<ImageException>(() => Export("out", ExportFormat.OciArchive, compress: false));

        Assert.StartsWith($"{_trees.Home} cannot be written: ", refused.What, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_crash_left_of_an_export_to_the_same_path_is_deleted_by_the_next_one()
    {
        Tool.Shell(
            _trees.Home, "mkdir -p out.abcdefgh.ij0.partial/blobs; touch out.12345abc.xyz.partial out.notes.partial "
                + "out.abcdefgh.ij0.partial.lock out.abcdefgh.ij1.partial.lock "
                + "other.abcdefgh.ij0.partial out.abcdefgh.ij0.partial.txt");

        Export("out", ExportFormat.OciFolder, compress: false);

        Assert.Equal(
            ["lower", "other.abcdefgh.ij0.partial", "out", "out.abcdefgh.ij0.partial.txt", "out.notes.partial", "upper"],
            Names());
    }

    [Theory]
    [InlineData(ExportFormat.OciFolder)]
    [InlineData(ExportFormat.OciArchive)]
    public void An_export_to_the_same_path_that_is_under_way_is_left_alone(ExportFormat format)
    {
        using (var first = new ImageExport(At("out"), format, compress: false, _durable))
        {
            first.AddLayer(null, _trees.Lower, null, _ => { });
            Export("out", format, compress: false);
            Assert.Equal(5, Names().Count());

            var refused = Assert.Throws<ImageException>(
                () => first.Complete(Encoding.UTF8.GetBytes(Config), App));

            Assert.EndsWith("is there already", refused.What, StringComparison.Ordinal);
        }
        Assert.Equal(["lower", "out", "upper"], Names());
    }

    [Fact]
    public void An_export_of_another_process_is_left_alone_until_that_process_ends()
    {
        Tool.Shell(_trees.Home, "mkdir out.abcdefgh.ij0.partial; touch out.abcdefgh.ij0.partial/begun");
        using (var other = Process.Start(new ProcessStartInfo(
            "flock", ["out.abcdefgh.ij0.partial.lock", "sh", "-c", "echo held; cat"])
        {
            WorkingDirectory = _trees.Home, RedirectStandardInput = true, RedirectStandardOutput = true,
        })!)
        {
            Assert.Equal("held", other.StandardOutput.ReadLine());

            Export("out", ExportFormat.OciArchive, compress: false);

            Assert.True(File.Exists(At("out.abcdefgh.ij0.partial/begun")));
            other.StandardInput.Close();
            Assert.True(other.WaitForExit(TimeSpan.FromMinutes(2)));
        }
        File.Delete(At("out"));
        Export("out", ExportFormat.OciArchive, compress: false);
        Assert.Equal(["lower", "out", "upper"], Names());
    }

    [Theory]
    [InlineData("touch out", "is there already")]
    [InlineData("ln -s nowhere out", "is there already")]
    [InlineData("mkdir out", "is there already")]
    public void What_is_there_is_never_overwritten(string make, string why)
    {
        Tool.Shell(_trees.Home, make);

        var refused = Assert.Throws<ImageException>(() => Export("out", ExportFormat.OciArchive, true));

        Assert.EndsWith(why, refused.What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_is_missing_is_named()
    {
        var refused = Assert.Throws<ImageException>(() => Export("none/out", ExportFormat.OciFolder, true));

        Assert.Equal($"There is no directory {At("none")}", refused.What);
        Assert.Equal(ImageReason.NotFound, refused.Reason);
    }

    [Fact]
    public void Of_the_config_only_diff_ids_and_history_change()
    {
        Export("out", ExportFormat.OciFolder, compress: true);

        using var source = ImageSource.Open(At("out"), _trees.Home, null, CancellationToken.None);
        var config = JsonNode.Parse(source.Describe().Config!.Raw.Span)!;
        var before = JsonNode.Parse(Config)!;
        Assert.Equal(
            before.AsObject().Select(property => property.Key).Order(), config.AsObject().Select(property => property.Key).Order());
        foreach (var same in new[] { "architecture", "variant", "os", "created", "config", "extra" })
            Assert.True(JsonNode.DeepEquals(before[same], config[same]), same);
        Assert.Equal(
            ["one", "none", "dmagent image export"],
            config["history"]!.AsArray().Select(step => (string)step!["created_by"]!));
    }

    [Fact]
    public void A_config_whose_layers_are_the_same_keeps_its_bytes()
    {
        var diffId = Digest.Of("x"u8);
        var config = Encoding.UTF8.GetBytes(
            $$"""{ "os" : "linux", "rootfs":{"diff_ids":["{{diffId.Value}}"] } }""");

        Assert.Equal(config, ExportedConfig.Of(config, [diffId], "the config"));
        Assert.Equal(
            ImageReason.Corrupt,
            Assert.Throws<ImageException>(() => ExportedConfig.Of("[]"u8.ToArray(), [diffId], "the config")).Reason);
    }

    private ExportedImage Export(string name, ExportFormat format, bool compress, string config = Config)
    {
        using var export = new ImageExport(At(name), format, compress, _durable);
        export.AddLayer(null, _trees.Lower, null, _ => { });
        export.AddLayer(_trees.Lower, _trees.Upper, null, _ => { });
        return export.Complete(Encoding.UTF8.GetBytes(config), App);
    }

    private string At(string name) => Path.Combine(_trees.Home, name);

    private IEnumerable<string> Names() =>
        Directory.EnumerateFileSystemEntries(_trees.Home).Select(path => Path.GetFileName(path)!).Order();
}
