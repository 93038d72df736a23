using System.Text.Json;
using DmAgents.Domain.Layers;

namespace DmAgents.Images.Sources;

/// <summary>A reference from one OCI document to another (image-spec, descriptor.md).</summary>
/// <param name="MediaType">Empty if the document does not state it.</param>
/// <param name="Names">
/// The image's names: first as Docker shows it, then the complete reference, if there is one, then the layout's own
/// name.
/// </param>
/// <param name="Platform">Null if it is not stated, or without an operating system or an architecture.</param>
internal sealed record OciDescriptor(
    string MediaType, Digest Digest, long Size, IReadOnlyList<string> Names, Platform? Platform, bool IsAttestation)
{
    // containerd and Docker store the complete reference under a key of their own and only the tag under OCI's.
    private const string WholeName = "io.containerd.image.name";
    private const string ReferenceName = "org.opencontainers.image.ref.name";
    private const string Hub = "docker.io/";
    private const string Official = "library/";

    /// <summary>The name for the import; null for an image without one.</summary>
    public string? Reference => Names.Count > 0 ? Names[0] : null;

    /// <summary>The blob's path in a layout.</summary>
    public string Member => $"blobs/{Digest.Value.Replace(':', '/')}";

    public static OciDescriptor Of(JsonElement json)
    {
        var annotations = JsonReading.Object(json, "annotations");
        var digest = JsonReading.RequiredText(json, "digest");
        var whole = JsonReading.Entry(annotations, WholeName);
        string?[] names = [Familiar(whole), whole, JsonReading.Entry(annotations, ReferenceName)];
        return new OciDescriptor(
            JsonReading.Text(json, "mediaType") ?? "",
            Digest.TryParse(digest, out var parsed) ? parsed : throw new FormatException(
                $"'{digest}' is neither a sha256 nor a sha512 digest"),
            JsonReading.RequiredNumber(json, "size"),
            [.. names.OfType<string>().Where(name => name.Length > 0).Distinct()],
            PlatformOf(JsonReading.Object(json, "platform")),
            // buildkit lists an image's attestations beside the image, as a manifest for an unknown platform.
            JsonReading.Entry(annotations, "vnd.docker.reference.type") == "attestation-manifest");
    }

    /// <summary>Removes Docker Hub's registry, and an official image's "library/". Docker's own archives use these
    /// short names in manifest.json, and older ones only there; users do the same.</summary>
    private static string? Familiar(string? whole)
    {
        if (whole?.StartsWith(Hub, StringComparison.Ordinal) != true)
            return whole;
        var path = whole[Hub.Length..];
        var isOfficial = path.StartsWith(Official, StringComparison.Ordinal) && path.Count(c => c == '/') == 1;
        return isOfficial ? path[Official.Length..] : path;
    }

    /// <summary>An empty platform counts as absent: the .NET SDK, for example, writes it for "not stated
    /// here".</summary>
    private static Platform? PlatformOf(JsonElement? json) =>
        JsonReading.Text(json, "os") is { Length: > 0 } os
        && JsonReading.Text(json, "architecture") is { Length: > 0 } architecture
            ? new Platform(
                os, architecture, JsonReading.Text(json, "variant") is { Length: > 0 } variant ? variant : null)
            : null;
}
