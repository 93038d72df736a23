using System.Text.Json;
using DmAgents.Domain.Layers;

namespace DmAgents.Images.Sources;

/// <summary>How OCI documents point to each other (image-spec, descriptor.md).</summary>
internal sealed record OciDescriptor(
    string MediaType, Digest Digest, long Size, string? Reference, Platform? Platform, bool IsAttestation)
{
    // containerd and Docker put the whole reference into a name of their own and only the tag into OCI's.
    private const string WholeName = "io.containerd.image.name";
    private const string ReferenceName = "org.opencontainers.image.ref.name";

    /// <summary>Where a layout keeps the blob.</summary>
    public string Member => "blobs/sha256/" + Digest.Hex;

    public static OciDescriptor Of(JsonElement json)
    {
        var annotations = JsonReading.Object(json, "annotations");
        var platform = JsonReading.Object(json, "platform");
        var digest = JsonReading.RequiredText(json, "digest");
        return new OciDescriptor(
            JsonReading.RequiredText(json, "mediaType"),
            Digest.TryParse(digest, out var parsed) ? parsed : throw new FormatException(
                $"'{digest}' is not a sha256 digest"),
            JsonReading.RequiredNumber(json, "size"),
            JsonReading.Text(annotations, WholeName) ?? JsonReading.Text(annotations, ReferenceName),
            platform is null
                ? null
                : new Platform(
                    JsonReading.RequiredText(platform, "os"),
                    JsonReading.RequiredText(platform, "architecture"),
                    JsonReading.Text(platform, "variant")),
            // buildkit lists what it attests of an image beside the image, as a manifest for an unknown platform.
            JsonReading.Text(annotations, "vnd.docker.reference.type") == "attestation-manifest");
    }
}
