using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Images;
using DmAgents.Images.Layers;
using DmAgents.Images.Sources;

namespace DmAgents.Agent.Imports;

/// <summary>What an import brought.</summary>
/// <param name="Reference">The first under which the pool has the image.</param>
/// <param name="Findings">What the caller should know of the choice of image.</param>
/// <param name="Lost">What the layers are without.</param>
internal sealed record ImportOutcome(ImageReference Reference, IReadOnlyList<Finding> Findings, LostXattrs Lost);

/// <summary>What of an archive an import is about, as the request says it, and under which names it comes.</summary>
internal sealed record ImportChoice(string? Select, Platform? Platform, ImageFormat? Format)
{
    private const string What = "cannot import image";

    public static ImportChoice Of(ImportImageRequest request) => new(
        request.HasSelect ? request.Select : null,
        !request.HasPlatform ? null : Platform.TryParse(request.Platform) ?? throw Refusals.Invalid(
            What, request.Platform, $"it is no platform: {Platform.Form}", "give another with --platform"),
        request.Format switch
        {
            ArchiveFormat.Unspecified => null,
            ArchiveFormat.Oci => ImageFormat.OciLayout,
            ArchiveFormat.Docker => ImageFormat.DockerArchive,
            ArchiveFormat.RootFileSystem => ImageFormat.RootFileSystem,
            _ => throw Refusals.Invalid(What, $"{request.Format}", "it is no format of an archive",
                "give one of oci, docker and rootfs"),
        });

    /// <summary>The name that the request gives, or all that the archive has for the image, as docker load does.
    /// </summary>
    public static IReadOnlyList<ImageReference> ReferencesOf(ImportImageRequest request, ImageDescription image)
    {
        IReadOnlyList<string> names = request.HasReference ? [request.Reference] : image.References;
        if (names.Count == 0)
            throw Refusals.Invalid(
                What, request.Path, "the archive does not name the image", "give a name with --reference");
        List<ImageReference> references = [];
        foreach (var name in names)
        {
            if (ImageReference.TryParse(name, out var reference))
                references.Add(reference);
        }
        return references.Count > 0
            ? references
            : throw Refusals.Invalid(What, names[0], $"it is not an image reference: {ImageReference.Rule}",
                "give another with --reference");
    }

    /// <summary>What the caller should know of the choice that was made.</summary>
    public IEnumerable<Finding> Findings(ImageReference reference, ImageDescription image)
    {
        if (image.OtherPlatforms.Count > 0)
        {
            yield return new Finding
            {
                Severity = Severity.Info, Object = reference.Value, What = $"taken for {image.Platform}",
                Why = $"{(Platform is null ? "this host's platform" : "as asked")}; the archive has it for "
                    + $"{string.Join(", ", image.OtherPlatforms)} as well",
                Next = "take another with --platform",
            };
        }
        if (image.Config is not null && Platform is null && !Images.Sources.Platform.Host.Takes(image.Platform))
        {
            yield return new Finding
            {
                Severity = Severity.Warning, Object = reference.Value, What = $"it is for {image.Platform}",
                Why = $"this host is {Images.Sources.Platform.Host}",
                Next = "run it on such a host, or import an image for this one",
            };
        }
    }
}
