using System.Text.Json;
using DmAgents.Domain.Layers;
using DmAgents.Images.Archives;

namespace DmAgents.Images.Sources;

/// <summary>The index of an OCI layout, and the indexes below it, down to the manifests of images.</summary>
internal sealed class OciIndex
{
    private const string ManifestType = "application/vnd.oci.image.manifest.v1+json";
    private const string IndexType = "application/vnd.oci.image.index.v1+json";
    private const string DockerManifestType = "application/vnd.docker.distribution.manifest.v2+json";
    private const string DockerIndexType = "application/vnd.docker.distribution.manifest.list.v2+json";

    // Nested indexes occur (docker save of a multi-platform image); greater depth would be a loop or an attack.
    private const int MaxDepth = 4;

    // Far more than any image has platforms; each may be read to find its platform.
    private const int MaxManifests = 1000;

    private readonly IArchive archive;

    public OciIndex(IArchive archive)
    {
        this.archive = archive;
        var found = ReadIndex(
            archive.ReadDocument(LayoutNames.OciIndex), $"'{LayoutNames.OciIndex}' of {Origin}", verified: false);
        Roots = [.. found.Where(IsTaken)];
        if (found.Count == 0)
            throw new ImageException(
                ImageReason.NotFound, $"{Origin} is an OCI layout without an image", "Give a layout with an image in it");
        if (Roots.Count == 0)
            throw NoImage(found);
    }

    /// <summary>The entries of the layout's own index that can be images.</summary>
    public IReadOnlyList<OciDescriptor> Roots { get; }

    private string Origin => archive.Origin;

    /// <summary>The image manifests that entries of the index lead to, each once.</summary>
    public IReadOnlyList<OciDescriptor> ManifestsOf(IReadOnlyList<OciDescriptor> roots)
    {
        var walk = WalkFrom(roots);
        return walk.Manifests.Count > 0 ? walk.Manifests : throw NoImage(walk.Others);
    }

    /// <summary>The manifest with that digest, if the entry of the index leads to it.</summary>
    public OciDescriptor? Below(OciDescriptor root, string digest) =>
        WalkFrom([root]).Manifests.Find(found => found.Digest.Value == digest);

    /// <summary>Reads and verifies a document.</summary>
    public byte[] Read(OciDescriptor descriptor)
    {
        var content = archive.ReadDocument(descriptor.Member);
        var found = Digest.Of(content, descriptor.Digest.Algorithm);
        return found == descriptor.Digest
            ? content
            : throw new ImageException(
                ImageReason.DigestMismatch, $"'{descriptor.Member}' of {Origin} has the digest {found}",
                "Fetch or write the archive again");
    }

    private static bool IsTaken(OciDescriptor descriptor) => descriptor.MediaType
        is ManifestType or DockerManifestType or IndexType or DockerIndexType or "";

    /// <summary>Without buildkit's attestations.</summary>
    private static List<OciDescriptor> ReadIndex(byte[] document, string what, bool verified) => JsonReading.Parse(
        document, what, root => JsonReading.Items(root, "manifests").Select(OciDescriptor.Of)
            .Where(found => !found.IsAttestation).ToList(), verified);

    private Walk WalkFrom(IReadOnlyList<OciDescriptor> roots)
    {
        var walk = new Walk();
        foreach (var root in roots)
            Follow(root, 0, walk);
        return walk;
    }

    /// <summary>Ignores entries of unknown kinds, as the specification requires (image-index.md).</summary>
    private void Follow(OciDescriptor descriptor, int depth, Walk walk)
    {
        if (!walk.Seen.Add(descriptor.Digest))
            return;
        if (walk.Seen.Count > MaxManifests)
            throw new ImageException(
                ImageReason.TooLarge, $"{Origin} leads to more than {MaxManifests} manifests",
                "No sound image has as many: check where the archive comes from");
        if (!IsTaken(descriptor))
            walk.Others.Add(descriptor);
        else if (!IsIndex(descriptor))
            walk.Manifests.Add(descriptor);
        else if (depth < MaxDepth)
            ReadIndex(Read(descriptor), $"Index {descriptor.Digest} of {Origin}", verified: true)
                .ForEach(inner => Follow(inner, depth + 1, walk));
        else
            throw new ImageException(
                ImageReason.Unsupported, $"Index {descriptor.Digest} of {Origin} lies below {MaxDepth} others",
                "No sound image nests as deep: check where the archive comes from");
    }

    /// <summary>If a descriptor does not state its type, the document decides.</summary>
    private bool IsIndex(OciDescriptor descriptor) => descriptor.MediaType is IndexType or DockerIndexType
        || (descriptor.MediaType.Length == 0 && JsonReading.Parse(
            Read(descriptor), $"'{descriptor.Member}' of {Origin}",
            root => JsonReading.Property(root, "manifests") is { ValueKind: JsonValueKind.Array }, verified: true));

    private ImageException NoImage(IEnumerable<OciDescriptor> others) => new(
        ImageReason.Unsupported,
        $"{Origin} has no container image: it has "
        + string.Join(", ", others.Select(other => $"a '{other.MediaType}' ({other.Digest})").DefaultIfEmpty("nothing")),
        "Import a container image; artifacts of other kinds have no file system");

    private sealed class Walk
    {
        public HashSet<Digest> Seen { get; } = [];

        public List<OciDescriptor> Manifests { get; } = [];

        public List<OciDescriptor> Others { get; } = [];
    }
}
