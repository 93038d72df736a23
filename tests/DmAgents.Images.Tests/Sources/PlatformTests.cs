using DmAgents.Images.Sources;
using DmAgents.Images.Tests.Support;

namespace DmAgents.Images.Tests.Sources;

public sealed class PlatformTests : IDisposable
{
    private static readonly byte[] Layer = new TarBytes().Directory("./").File("a", "content").End();
    private static readonly byte[] Other = new TarBytes().Directory("./").File("b", "other").End();

    private readonly string home = Directory.CreateTempSubdirectory("dmagents-platforms-").FullName;

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Theory]
    [InlineData("linux/amd64", "linux/amd64")]
    [InlineData("Linux/x86_64", "linux/amd64")]
    [InlineData("linux/aarch64", "linux/arm64")]
    [InlineData("linux/arm64/v8", "linux/arm64")]
    [InlineData("linux/arm", "linux/arm/v7")]
    [InlineData("linux/arm/6", "linux/arm/v6")]
    [InlineData("windows/amd64", "windows/amd64")]
    public void A_platform_has_one_usual_name(string text, string usual) =>
        Assert.Equal(usual, Platform.TryParse(text)!.ToString());

    [Theory]
    [InlineData("")]
    [InlineData("amd64")]
    [InlineData("linux/")]
    [InlineData("linux/arm/v7/x")]
    [InlineData("linux/ar m")]
    public void Other_texts_are_no_platform(string text) => Assert.Null(Platform.TryParse(text));

    [Theory]
    [InlineData("linux/arm/v7", "linux/arm/v6 linux/arm/v5 linux/arm/v7", "linux/arm/v7")]
    [InlineData("linux/arm/v7", "linux/arm/v5 linux/arm/v6", "linux/arm/v6")]
    [InlineData("linux/arm/v6", "linux/arm/v7", null)]
    [InlineData("linux/amd64", "linux/amd64/v3 linux/amd64", "linux/amd64")]
    [InlineData("linux/amd64", "linux/amd64/v3 linux/amd64/v2", "linux/amd64/v2")]
    [InlineData("linux/amd64/v3", "linux/amd64 linux/amd64/v2 linux/amd64/v4", "linux/amd64/v2")]
    [InlineData("linux/arm64", "linux/arm64/v8", "linux/arm64/v8")]
    [InlineData("linux/amd64", "windows/amd64 linux/arm64", null)]
    public void The_nearest_that_runs_is_taken(string wanted, string offered, string? taken)
    {
        var own = Platform.TryParse(wanted)!;
        var nearest = offered.Split(' ').Select(Raw).Where(own.Takes).MinBy(offer => own.DistanceTo(offer));

        Assert.Equal(taken, nearest?.ToString());

        static Platform Raw(string text) =>
            new(text.Split('/')[0], text.Split('/')[1], text.Split('/').ElementAtOrDefault(2));
    }

    [Fact]
    public void Of_several_platforms_the_hosts_is_taken_and_the_others_are_listed()
    {
        var layout = new OciLayout().AddIndex(
            "multi:1", ("s390x", Other), (Platform.Host.Architecture, Layer), ("riscv64", Other));
        using var source = Open(layout.ToTar());

        var image = source.Describe();

        Assert.Equal(Platform.Host.Architecture, image.Platform.Architecture);
        Assert.Equal(["linux/s390x", "linux/riscv64"], image.OtherPlatforms.Select(other => other.ToString()));
        Assert.DoesNotContain(
            source.Describe(null, new Platform("linux", "s390x")).OtherPlatforms,
            other => other.Architecture == "s390x");
    }

    [Fact]
    public void Each_digest_and_name_that_a_refusal_lists_can_be_asked_for()
    {
        var layout = new OciLayout().Add("one:1", "amd64", bytes => bytes, Layer)
            .AddIndex("two:2", ("s390x", Other), ("riscv64", Layer)).Add(null, "ppc64le", bytes => bytes, Other);
        using var source = Open(layout.ToTar());

        var several = Assert.Throws<ImageException>(() => source.Describe());
        var platforms = Assert.Throws<ImageException>(() => source.Describe("two:2"));

        string[] listed = [.. Listed(several), .. Listed(platforms)];
        Assert.True(listed.Length >= 5, string.Join(' ', listed));
        Assert.All(listed.Except(["two:2"]), each => Assert.Single(source.Describe(each).Layers));
        Assert.Equal("two:2", source.Describe(Listed(platforms)[0]).Reference);
    }

    [Fact]
    public void Images_without_a_name_in_a_docker_archive_are_told_apart_by_id()
    {
        byte[][] configs = [ImageFiles.Config("amd64", Layer), ImageFiles.Config("arm64", Layer)];
        using var source = Open(ImageFiles.Tar([
            new("a.json", configs[0]), new("b.json", configs[1]), new("l.tar", Layer),
            new("manifest.json", """
                [{"Config":"a.json","RepoTags":["<none>:<none>"],"Layers":["l.tar"]},
                {"Config":"b.json","Layers":["l.tar"]}]
                """u8.ToArray())]));

        var refusal = Assert.Throws<ImageException>(() => source.Describe());

        Assert.Equal(2, Listed(refusal).Length);
        Assert.All(Listed(refusal), id => Assert.Null(source.Describe(id).Reference));
        Assert.Equal("arm64", source.Describe(null, new Platform("linux", "arm64")).Platform.Architecture);
    }

    /// <summary>The names and digests after the colon, without platforms.</summary>
    private static string[] Listed(ImageException refusal) =>
    [
        .. refusal.What[(refusal.What.IndexOf(": ", StringComparison.Ordinal) + 2)..].Split(", ")
            .Select(choice => choice.Split(' ') is [var platform, ['(', .. var digest, ')']]
                ? platform.StartsWith("sha", StringComparison.Ordinal) ? platform : digest
                : choice),
    ];

    private IImageSource Open(byte[] tar)
    {
        var path = Path.Combine(home, "archive");
        File.WriteAllBytes(path, tar);
        return ImageSource.Open(path, home);
    }
}
