using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.UseCases;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Images.Sources;
using DmAgents.Images.Tests.Support;

namespace DmAgents.Agent.Tests.Imports;

/// <summary>Which image of an archive with several is imported, and what the caller is told of the choice.</summary>
public sealed partial class ImportChoiceTests : IAsyncLifetime
{
    private static readonly string Here = Platform.Host.Architecture;

    // One of each architecture, so that an imported layer tells which image it is of.
    private static readonly SortedDictionary<string, byte[]> Tars = new(StringComparer.Ordinal)
    {
        [Here] = Tar("here"), ["s390x"] = Tar("s390x"), ["riscv64"] = Tar("riscv64"),
    };

    private ImportedImages _images = null!;

    public async Task InitializeAsync() => _images = await ImportedImages.Start();

    public async Task DisposeAsync() => await _images.DisposeAsync();

    [Fact]
    public async Task An_index_of_several_platforms_gives_the_hosts_says_so_and_lists_the_others()
    {
        var outcome = await _images.Import(Index());

        Assert.Equal((Here, DiffIdOf(Here)), await Taken(outcome.Reference.Value));
        var finding = Assert.Single(outcome.Findings);
        Assert.Equal(
            (Gravity.Info, "multi:1", $"taken for linux/{Here}"), (finding.Gravity, finding.Subject, finding.What));
        Assert.Equal(
            "this host's platform; the archive has it for linux/riscv64, linux/s390x as well", finding.Why);
        Assert.Equal("take another with --platform", finding.Next);
    }

    [Fact]
    public async Task A_platform_that_is_asked_for_is_taken_and_is_no_warning()
    {
        var outcome = await _images.Import(Index(), platform: "linux/s390x");

        Assert.Equal(("s390x", DiffIdOf("s390x")), await Taken("multi:1"));
        var finding = Assert.Single(outcome.Findings);
        Assert.Equal((Gravity.Info, "taken for linux/s390x"), (finding.Gravity, finding.What));
        Assert.StartsWith("as asked; ", finding.Why, StringComparison.Ordinal);
        Assert.Contains($"linux/{Here}", finding.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_digest_that_a_refusal_lists_is_taken_by_select()
    {
        var refusal = await _images.Refused(Index(), platform: "linux/mips64");

        Assert.Equal(RefusalKind.NotFound, refusal.Kind);
        Assert.Contains("--platform", refusal.Next, StringComparison.Ordinal);
        Assert.Contains("--select", refusal.Next, StringComparison.Ordinal);
        foreach (var architecture in Tars.Keys)
            Assert.Contains($"linux/{architecture} (sha256:", refusal.Why, StringComparison.Ordinal);
        await EachIsTaken(Index(), refusal.Why, Tars.Count);
    }

    [Fact]
    public async Task An_image_of_another_platform_that_is_selected_is_a_warning()
    {
        var refusal = await _images.Refused(Index(), platform: "linux/mips64");
        var digest = Regex.Match(refusal.Why, "linux/s390x \\((sha256:[0-9a-f]+)\\)").Groups[1].Value;

        var outcome = await _images.Import(Index(), select: digest);

        var finding = Assert.Single(outcome.Findings);
        Assert.Equal((Gravity.Warning, "it is for linux/s390x"), (finding.Gravity, finding.What));
    }

    /// <summary>The archive has one for the platform; what was selected has not.</summary>
    [Fact]
    public async Task A_selection_that_is_not_for_the_platform_is_what_the_refusal_names()
    {
        var refusal = await _images.Refused(Index(), platform: "linux/mips64");
        var digest = Regex.Match(refusal.Why, "linux/s390x \\((sha256:[0-9a-f]+)\\)").Groups[1].Value;

        refusal = await _images.Refused(Index(), select: digest, platform: "linux/riscv64");

        Assert.StartsWith($"'{digest}' of ", refusal.Why, StringComparison.Ordinal);
        Assert.DoesNotContain("linux/riscv64 (", refusal.Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("oci")]
    [InlineData("docker")]
    public async Task Images_without_a_name_are_listed_by_digests_that_select_takes(string format)
    {
        var path = format == "oci"
            ? _images.Write(new OciLayout().Add(null, Here, ImageFiles.Gzip, Tar("one"))
                .Add(null, Here, ImageFiles.Gzip, Tar("two")).ToTar())
            : DockerOf((null, Here, Tar("one")), (null, Here, Tar("two")));

        var refusal = await _images.Refused(path, reference: "x:1");

        Assert.Equal(RefusalKind.Invalid, refusal.Kind);
        await EachIsTaken(path, refusal.Why, 2);
    }

    [Fact]
    public async Task A_docker_archive_with_one_name_for_several_platforms_is_taken_as_an_index_is()
    {
        var path = DockerOf(("multi:1", "s390x", Tars["s390x"]), ("multi:1", Here, Tars[Here]));

        var outcome = await _images.Import(path);

        Assert.Equal((Here, DiffIdOf(Here)), await Taken("multi:1"));
        Assert.Contains("linux/s390x", Assert.Single(outcome.Findings).Why, StringComparison.Ordinal);
        var refusal = await _images.Refused(path, platform: "linux/mips64");
        Assert.Equal(RefusalKind.NotFound, refusal.Kind);
        await EachIsTaken(path, refusal.Why, 2);
    }

    [Theory]
    [InlineData("oci")]
    [InlineData("docker")]
    public async Task Several_names_of_one_image_are_one_image_under_all_of_them(string format)
    {
        var path = _images.Write(format == "oci"
            ? new OciLayout().Add("app:1", Here, ImageFiles.Gzip, Tar("app"))
                .Add("app:stable", Here, ImageFiles.Gzip, Tar("app")).ToTar()
            : ImageFiles.DockerArchive(["app:1", "app:stable"], Tar("app")));

        await _images.Import(path);

        var one = await _images.Show("app:1");
        Assert.Equal(["app:1", "app:stable"], one.References);
        Assert.Equal(one.Id, (await _images.Show("app:stable")).Id);
        Assert.Single(_images.Agent.State.Devices.Values, device => device.Key == DeviceKeyOf(one));
    }

    [Fact]
    public async Task One_of_several_names_is_given_alone_if_it_is_selected()
    {
        var path = _images.Write(ImageFiles.DockerArchive(["app:1", "app:stable"], Tar("app")));

        await _images.Import(path, select: "app:stable");

        Assert.Equal([new ImageReference("app:stable")], _images.Agent.State.Images.Keys);
    }

    /// <summary>docker save since 25, podman and skopeo write the whole name; people type what they typed to Docker.
    /// </summary>
    [Fact]
    public async Task An_image_is_found_by_the_name_that_dockers_clients_show()
    {
        await _images.Import(_images.Write(ImageFiles.DockerArchive(["docker.io/library/app:1"], Tar("app"))));

        Assert.Equal("docker.io/library/app:1", (await _images.Show("app:1")).Reference);
        await _images.Import(_images.Write(ImageFiles.DockerArchive(["app:1"], Tar("other"))));
        Assert.Equal("app:1", (await _images.Show("app:1")).Reference);
    }

    [Fact]
    public async Task A_manifest_below_two_names_is_given_under_both()
    {
        var layout = new OciLayout();
        var tars = Tars.Select(one => (one.Key, one.Value)).ToArray();
        var path = _images.Write(layout.AddIndex("multi:1", tars).AddIndex("multi:stable", tars).ToTar());
        var refusal = await _images.Refused(path, platform: "linux/mips64");

        await _images.Import(path, select: DigestsIn(refusal.Why)[0]);

        Assert.Equal(
            [new ImageReference("multi:1"), new ImageReference("multi:stable")],
            _images.Agent.State.Images.Keys.OrderBy(name => name.Value, StringComparer.Ordinal));
    }

    /// <summary>
    /// <c>FROM scratch</c> and nothing but metadata. Docker and containerd run containers of it, whose file system is
    /// empty.
    /// </summary>
    [Fact]
    public async Task An_image_without_layers_has_an_empty_one_that_containers_are_made_of()
    {
        await _images.Import(_images.Write(new OciLayout().Add("bare:1", Here, ImageFiles.Gzip).ToTar()));
        await _images.Import(_images.Write(ImageFiles.DockerArchive(["bare:2"])));

        var one = await _images.Show("bare:1");
        var two = await _images.Show("bare:2");
        Assert.Equal(Assert.Single(one.Layers).ChainId, Assert.Single(two.Layers).ChainId);
        var containers = new Api.Admin.V1.Containers.ContainersClient(_images.Agent.AdminChannel);
        await containers.CreateAsync(new CreateContainerRequest
        {
            RequestId = $"{Guid.NewGuid()}", Name = "web", Image = "bare:1",
        });
        Assert.Equal(["web"], (await _images.Show("bare:1")).Containers);
    }

    private static byte[] Tar(string content) => new TarBytes().Directory("./").File("a", content).End();

    private static string DiffIdOf(string architecture) => Digest.Of(Tars[architecture]).Value;

    private static Domain.Devices.DeviceKey DeviceKeyOf(ImageDetails image) =>
        Domain.Devices.DeviceKey.Layer(image.Layers[^1].ChainId);

    private static List<string> DigestsIn(string text) =>
        [.. Digests().Matches(text).Select(match => match.Value).Distinct()];

    [GeneratedRegex("sha256:[0-9a-f]{64}")]
    private static partial Regex Digests();

    private string Index() => _images.Write(new OciLayout().AddIndex(
        "multi:1", [.. Tars.Select(one => (one.Key, one.Value))]).ToTar());

    /// <summary>A docker archive of several images, each with one layer.</summary>
    private string DockerOf(params (string? Name, string Architecture, byte[] Tar)[] images)
    {
        var tar = new TarBytes();
        var manifest = new JsonArray();
        foreach (var (name, architecture, layer) in images)
        {
            var config = ImageFiles.Config(architecture, layer);
            var (configName, layerName) = (Digest.Of(config).Hex + ".json", Digest.Of(layer).Hex + ".tar");
            tar.Entry(configName, '0', content: config).Entry(layerName, '0', content: layer);
            manifest.Add(new JsonObject
            {
                ["Config"] = configName, ["Layers"] = new JsonArray(layerName),
                ["RepoTags"] = name is null ? null : new JsonArray(name),
            });
        }
        return _images.Write(tar.Entry("manifest.json", '0', content: ImageFiles.Json(manifest)).End());
    }

    /// <summary>Each digest of the text is taken, and each is another image.</summary>
    private async Task EachIsTaken(string path, string text, int count)
    {
        var digests = DigestsIn(text);
        Assert.Equal(count, digests.Count);
        List<string> found = [];
        foreach (var digest in digests)
            found.Add((await Taken((await _images.Import(path, reference: "chosen:1", select: digest)).Reference.Value))
                .DiffId);
        Assert.Equal(count, found.Distinct().Count());
    }

    private async Task<(string Architecture, string DiffId)> Taken(string reference)
    {
        var image = await _images.Show(reference);
        return (image.Config.Architecture, Assert.Single(image.Layers).DiffId);
    }
}
