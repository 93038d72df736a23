using DmAgents.Domain.Layers;

namespace DmAgents.Images.Layers;

/// <summary>One layer of an image, as the image describes it.</summary>
/// <param name="MediaType">What the image says it is; how it is compressed is found by its content.</param>
/// <param name="Digest">Of the bytes as stored (compressed); null where the format does not say.</param>
/// <param name="Size">Of the bytes as stored, in bytes.</param>
/// <param name="DiffId">
/// Digest of the uncompressed tar; null for a root file system tar, where only reading it tells:
/// <see cref="LayerStream.DiffId"/> has it at the end, in time for the layer's commit.
/// </param>
/// <param name="ChainId">The layer's identity with all below it; null where the diff id is.</param>
public sealed record LayerDescriptor(string MediaType, Digest? Digest, long Size, Digest? DiffId, ChainId? ChainId)
{
    /// <summary>Where the archive keeps it.</summary>
    internal string Member { get; init; } = "";
}
