using System.Collections.Immutable;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using DmAgents.Images.Layers;
using DmAgents.Images.Sources;

namespace DmAgents.Agent.Imports;

/// <summary>Which image to import.</summary>
/// <param name="Origin">The archive's absolute path; if the caller sends the archive, its source, for messages.</param>
internal sealed record ImportAsked(RequestId Request, string Origin, ImportChoice Choice, bool Force = false);

/// <summary>The result of an import.</summary>
/// <param name="Reference">The first reference of the image in the pool.</param>
/// <param name="Findings">Facts about the choice of image that the caller should know.</param>
/// <param name="Lost">Attributes that the layers lack.</param>
internal sealed record ImportOutcome(
    ImageReference Reference, ImmutableArray<Finding> Findings, ImmutableArray<LostXattrCount> Lost);

/// <summary>Selects an image of an archive, and its name in the pool.</summary>
/// <param name="Reference">Null: all names of the image in the archive.</param>
/// <param name="Select">Which image of several: a name or a digest; null: the only one.</param>
/// <param name="Platform">Null: the host's.</param>
/// <param name="Format">Null: detected from the archive's content.</param>
internal sealed record ImportChoice(
    ImageReference? Reference, string? Select, Platform? Platform, ImageFormat? Format)
{
    /// <summary>The requested name, or all names of the image in the archive, as docker load does.</summary>
    /// <param name="origin">The archive's origin.</param>
    public IReadOnlyList<ImageReference> ReferencesOf(string origin, ImageDescription image)
    {
        if (Reference is { } asked)
            return [asked];
        if (image.References.Count == 0)
        {
            throw Refusals.Invalid(
                ImageImporter.What, origin, "the archive does not name the image", "give a name with --reference");
        }
        List<ImageReference> references = [];
        foreach (var name in image.References)
        {
            if (ImageReference.TryParse(name, out var reference))
                references.Add(reference);
        }
        return references.Count > 0 ? references : throw NoReference(image.References[0]);
    }

    public static RefusedException NoReference(string text) => Refusals.Invalid(
        ImageImporter.What, text, $"it is not an image reference: {ImageReference.Rule}",
        "give another with --reference");

    public static RefusedException NoPlatform(string text) => Refusals.Invalid(
        ImageImporter.What, text, $"it is no platform: {Images.Sources.Platform.Form}", "give another with --platform");

    public static RefusedException NoFormat(string text) => Refusals.Invalid(
        ImageImporter.What, text, "it is no format of an archive", "give one of oci, docker and rootfs");

    /// <summary>Facts about the choice that the caller should know.</summary>
    public IEnumerable<Finding> Findings(ImageReference reference, ImageDescription image)
    {
        if (image.OtherPlatforms.Count > 0)
        {
            yield return new Finding(
                Gravity.Info, reference.Value, $"taken for {image.Platform}",
                $"{(Platform is null ? "this host's platform" : "as asked")}; the archive has it for "
                + $"{string.Join(", ", image.OtherPlatforms)} as well",
                "take another with --platform");
        }
        if (image.Config is not null && Platform is null && !Images.Sources.Platform.Host.Takes(image.Platform))
        {
            yield return new Finding(
                Gravity.Warning, reference.Value, $"it is for {image.Platform}",
                $"this host is {Images.Sources.Platform.Host}",
                "run it on such a host, or import an image for this one");
        }
    }
}
