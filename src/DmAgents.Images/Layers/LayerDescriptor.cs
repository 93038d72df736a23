using DmAgents.Domain.Layers;

namespace DmAgents.Images.Layers;

/// <summary>One layer of an image, as the image describes it.</summary>
/// <param name="MediaType">The type stated by the image; the content decides about the compression.</param>
/// <param name="Digest">The digest of the stored (compressed) bytes; null if the format does not state it.</param>
/// <param name="Size">The number of stored bytes.</param>
/// <param name="DiffId">
/// The digest of the uncompressed tar; null for a root file system tar, which must be read first:
/// <see cref="LayerStream.DiffId"/> has it at the end, in time for the layer's commit.
/// </param>
/// <param name="ChainId">The layer's identity with all layers below it; null if the diff id is.</param>
public sealed record LayerDescriptor(string MediaType, Digest? Digest, long Size, Digest? DiffId, ChainId? ChainId)
{
    /// <summary>Its member in the archive.</summary>
    internal string Member { get; init; } = "";
}
