using DmAgents.Agent.Imports;
using DmAgents.Agent.Services;
using DmAgents.Agent.UseCases;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using DmAgents.Images.Sources;
using ImageConfig = DmAgents.Images.Sources.ImageConfig;

namespace DmAgents.Agent.Tests;

/// <summary>Which image of an archive is imported, and under which names.</summary>
public sealed class ImportAskedTests
{
    private static readonly ImportChoice Nothing = new(Reference: null, Select: null, Platform: null, Format: null);

    [Fact]
    public void A_name_that_is_asked_for_takes_the_place_of_the_archives()
    {
        var asked = new ImageReference("mine:1");

        Assert.Equal([asked], (Nothing with { Reference = asked }).ReferencesOf("/a.tar", Image("app:1")));
    }

    [Fact]
    public void Without_one_it_has_all_names_of_the_archive_that_are_any()
    {
        var references = Nothing.ReferencesOf("/a.tar", Image("app:1", "not a name", "app:2"));

        Assert.Equal(["app:1", "app:2"], references.Select(reference => reference.Value));
    }

    [Fact]
    public void An_archive_without_a_name_wants_one()
    {
        var refused = Refused(() => Nothing.ReferencesOf("/a.tar", Image()));

        Assert.Equal((RefusalKind.Invalid, "/a.tar", "the archive does not name the image"),
            (refused.Kind, refused.Subject, refused.Why));
        Assert.Equal("not a name", Refused(() => Nothing.ReferencesOf("/a.tar", Image("not a name"))).Subject);
    }

    [Fact]
    public void An_image_for_another_platform_is_warned_of_unless_it_was_asked_for()
    {
        var image = Image("app:1") with { Platform = new Platform("plan9", "mips") };
        var reference = new ImageReference("app:1");

        var found = Assert.Single(Nothing.Findings(reference, image));

        Assert.Equal((Gravity.Warning, "it is for plan9/mips"), (found.Gravity, found.What));
        Assert.Empty((Nothing with { Platform = image.Platform }).Findings(reference, image));
    }

    [Fact]
    public void Other_platforms_of_the_archive_are_named()
    {
        var image = Image("app:1") with { OtherPlatforms = [new Platform("linux", "s390x")] };

        var found = Assert.Single(Nothing.Findings(new ImageReference("app:1"), image));

        Assert.Equal(Gravity.Info, found.Gravity);
        Assert.Contains("linux/s390x", found.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_is_read_whole()
    {
        var request = Request();
        request.Reference = "mine:1";
        request.Select = "app";
        request.Platform = "linux/arm64";
        request.Format = ArchiveFormat.Docker;

        var asked = ImageViews.Asked(request);

        Assert.Equal((request.RequestId, "/a.tar"), (asked.Request.ToString(), asked.Origin));
        Assert.Equal(
            new ImportChoice(
                new ImageReference("mine:1"), "app", new Platform("linux", "arm64"), ImageFormat.DockerArchive),
            asked.Choice);
        Assert.Equal(Nothing, ImageViews.Asked(Request()).Choice);
    }

    [Fact]
    public void What_makes_no_sense_is_refused_with_its_object()
    {
        MustBeRefused("request_id", request => request.RequestId = "one");
        MustBeRefused("not a name", request => request.Reference = "not a name");
        MustBeRefused("arm", request => request.Platform = "arm");
        MustBeRefused("9", request => request.Format = (ArchiveFormat)9);
    }

    private static ImportImageRequest Request() => new() { RequestId = $"{Guid.NewGuid()}", Path = "/a.tar" };

    private static void MustBeRefused(string subject, Action<ImportImageRequest> spoil)
    {
        var request = Request();
        spoil(request);
        var refused = Refused(() => ImageViews.Asked(request));
        Assert.Equal((RefusalKind.Invalid, ImageImporter.What, subject), (refused.Kind, refused.What, refused.Subject));
    }

    private static Refusal Refused(Func<object> read) => Assert.Throws<RefusedException>(read).Refusal;

    private static ImageDescription Image(params string[] references) => new(
        references.FirstOrDefault(), ManifestDigest: null, ImageConfig.Parse("{}"u8.ToArray(), "a config"),
        Platform.Host, [])
    {
        References = references,
    };
}
