using System.Formats.Tar;
using DmAgents.Api.Admin.V1;
using DmAgents.EndToEnd.Tests.Support;
using Kind = DmAgents.Api.Admin.V1.Problem.Types.Kind;

namespace DmAgents.EndToEnd.Tests.Images;

/// <summary>Archives that are no images, broken or hostile are refused and leave nothing in the pool.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class BadArchiveTests(AgentFixture agent)
{
    private const string Pool = AgentFixture.Direct;

    [Theory]
    [InlineData(".tar")]
    [InlineData(".tar.gz")]
    public async Task A_truncated_archive(string ending)
    {
        var whole = await SmallImage.Write("whole", dataLength: 1 << 20, seed: 20);
        if (ending == ".tar.gz")
            await Shell.Must("/bin/sh", "-c", $"gzip -fk '{whole}'");
        var bytes = await File.ReadAllBytesAsync(Path.ChangeExtension(whole, null) + ending);
        var truncated = $"{Places.Work}/truncated{ending}";
        await File.WriteAllBytesAsync(truncated, bytes[..(bytes.Length * 2 / 3)]);

        var problem = await RefusedAndLeavesNothing(Kind.Failed, truncated);

        Assert.Contains("truncated", problem.Object, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_layer_with_a_flipped_bit_after_a_good_one()
    {
        var (layout, layers) = await OciLayout.Write("flipped",
            await SmallImage.Write("flipped-1", dataLength: 1 << 20, seed: 21),
            await SmallImage.Write("flipped-2", dataLength: 1 << 20, seed: 22));
        var bytes = await File.ReadAllBytesAsync(layers[1]);
        bytes[bytes.Length / 2] ^= 0x10;
        await File.WriteAllBytesAsync(layers[1], bytes);

        await RefusedAndLeavesNothing(Kind.Failed, layout);
    }

    [Fact]
    public async Task A_layer_that_is_another_than_the_manifest_says()
    {
        var (layout, layers) = await OciLayout.Write("exchanged",
            await SmallImage.Write("exchanged-1", dataLength: 1 << 16, seed: 23),
            await SmallImage.Write("exchanged-2", dataLength: 1 << 16, seed: 24));
        File.Copy(layers[0], layers[1], overwrite: true);

        var problem = await RefusedAndLeavesNothing(Kind.Failed, layout);

        Assert.Contains(Path.GetFileName(layers[1]), problem.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_layer_that_is_missing()
    {
        var (layout, layers) = await OciLayout.Write("missing",
            await SmallImage.Write("missing-1", dataLength: 1 << 16, seed: 25),
            await SmallImage.Write("missing-2", dataLength: 1 << 16, seed: 26));
        File.Delete(layers[1]);

        await RefusedAndLeavesNothing(Kind.Failed, layout, Kind.NotFound);
    }

    [Fact]
    public async Task A_file_that_is_no_archive()
    {
        var path = $"{Places.Work}/noise";
        await Files.Write(path, 1 << 16, seed: 27);

        await RefusedAndLeavesNothing(Kind.Refused, path);
    }

    [Fact]
    public async Task A_path_where_nothing_is() =>
        await RefusedAndLeavesNothing(Kind.NotFound, $"{Places.Work}/absent");

    [Fact]
    public async Task A_path_that_is_not_absolute() => await RefusedAndLeavesNothing(Kind.Usage, "absent.tar");

    [Fact]
    public async Task An_image_that_the_layout_does_not_have()
    {
        var (layout, _) = await OciLayout.Write("other", await SmallImage.Write("other-1"));

        await RefusedAndLeavesNothing(Kind.NotFound, layout, select: "absent:1");
    }

    /// <summary>Names are taken as they would be in the container's own root: what would climb out lands inside, and a
    /// symlink to the outside leads nowhere outside.</summary>
    [Fact]
    public async Task Entries_that_climb_out_touch_nothing_outside()
    {
        var outside = $"{Places.Work}/outside";
        Directory.CreateDirectory(outside);
        var climbing = await OciLayout.Tar(
            "climbing", Link("way", outside), Entry("way/in", "x"), Entry("etc/name", "x"));
        var dots = await OciLayout.Tar("dots", Entry("etc/name", "x"), Entry($"../../../../../..{outside}/in", "x"));
        var absolute = await OciLayout.Tar("absolute", Entry($"{outside}/in", "x"));

        await Imported(climbing, "e2e/climbing:1", $"{outside}/in");
        await Imported(dots, "e2e/dots:1", $"{outside}/in");
        await Imported(absolute, "e2e/absolute:1", $"{outside}/in");

        Assert.Empty(Directory.EnumerateFileSystemEntries(outside));
    }

    private async Task Imported(string archive, string reference, string place)
    {
        var before = await agent.DirectMeter.Content();
        await agent.Client.Import(Pool, archive, reference);
        var container = await agent.Client.Create(Pool, "climbed", reference);
        Assert.Equal("x", await File.ReadAllTextAsync(container.MountPath + place));
        await agent.Client.Remove(Pool, container.Name);
        await agent.Client.RemoveImage(Pool, reference);
        Assert.Equal(before, await agent.DirectMeter.Content());
    }

    private async Task<Problem> RefusedAndLeavesNothing(Kind kind, string path, Kind? or = null, string? select = null)
    {
        await agent.Image();
        var before = await agent.DirectMeter.Content();
        var request = new ImportImageRequest
        {
            RequestId = AgentClient.NewId(), Pool = Pool, Path = path, Reference = "e2e/bad:1",
        };
        if (select is not null)
            request.Select = select;

        var problem = await AgentClient.Refused([kind, or ?? kind], async () =>
        {
            using var call = agent.Client.Images.Import(request);
            while (await call.ResponseStream.MoveNext(CancellationToken.None))
            {
            }
        });

        Assert.Equal(before, await agent.DirectMeter.Content());
        agent.Places.MustShowNoImport(Pool);
        await agent.Client.MustAgree(Pool);
        return problem;
    }

    private static PaxTarEntry Entry(string name, string content) => new(TarEntryType.RegularFile, name)
    {
        DataStream = new MemoryStream(System.Text.Encoding.ASCII.GetBytes(content)),
    };

    private static PaxTarEntry Link(string name, string target) => new(TarEntryType.SymbolicLink, name)
    {
        LinkName = target,
    };
}
