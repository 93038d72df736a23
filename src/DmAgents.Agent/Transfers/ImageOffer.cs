using System.Collections.Immutable;
using System.Text;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Wire;

namespace DmAgents.Agent.Transfers;

/// <summary>A host's description of one of its images, for other hosts to copy.</summary>
/// <param name="Reference">Its name on that host.</param>
/// <param name="Layers">The lowest first.</param>
internal sealed record ImageOffer(
    string Reference, string ConfigDigest, string Config, ImmutableArray<OfferedLayer> Layers)
{
    /// <summary>What is wrong with this offer of another host, for operators; null if nothing is.</summary>
    public string? Fault() => FaultOf() is { } fault ? PeerText.Of(fault) : null;

    private string? FaultOf()
    {
        if (!ImageReference.TryParse(Reference, out _))
            return $"'{Reference}' is no image reference";
        if (!Digest.TryParse(ConfigDigest, out var digest)
            || Digest.Of(Encoding.UTF8.GetBytes(Config), digest.Algorithm) != digest)
            return "its configuration is not what its digest says";
        if (Layers.IsDefaultOrEmpty || Layers.Length > WireLimits.Ancestors)
            return $"it has {(Layers.IsDefault ? 0 : Layers.Length)} layers, not 1 to {WireLimits.Ancestors}";
        if (Layers.Any(layer => layer is null))
            return "one of its layers is empty";
        return Layers.Select(layer => layer.Fault()).FirstOrDefault(fault => fault is not null)
            ?? (Layers.DistinctBy(layer => layer.Name).Count() < Layers.Length ? "a layer is in it twice" : null);
    }
}

/// <summary>A layer of an offered image.</summary>
/// <param name="Name">Its chain id, or another name by which pools know it.</param>
/// <param name="DiffId">The digest of the tar that it was created from; null if unknown.</param>
/// <param name="Content">The digest of its blocks.</param>
/// <param name="Size">Size of its device, in bytes.</param>
/// <param name="Format">How its file system was created; null if unknown.</param>
/// <param name="Root">The directory of its file system that is its tree; null: the whole.</param>
/// <param name="Changed">How many bytes differ from the layer below, in whole pieces.</param>
internal sealed record OfferedLayer(
    string Name, string? DiffId, string Content, ulong Size, FileSystemKind FileSystem, string? Format, string? Root,
    ulong Changed)
{
    private const int MaxName = 256;

    public DeviceKey Key => DeviceKey.Layer(Name);

    /// <summary>Two layers with this chain id have the same files. Any other name is specific to one pool.</summary>
    public bool HasChainId => Domain.Layers.Digest.TryParse(Name, out _);

    public ContentDigest Digest => ContentDigest.Parse(Content);

    public LayerShape Shape => new(new ByteSize(Size), FileSystem);

    /// <summary>The name in a request to the sender. The sender finds the layer by its content first.</summary>
    public ChainId Asked => Domain.Layers.Digest.TryParse(Name, out var digest)
        ? new ChainId(digest)
        : new ChainId(Domain.Layers.Digest.Of(Encoding.UTF8.GetBytes(Name)));

    public string? Fault() => FaultOf() is { } fault ? PeerText.Of(fault) : null;

    private string? FaultOf()
    {
        if (!IsPlain(Name))
            return "a layer of it has no name that a pool could know it by";
        if (!ContentDigest.TryParse(Content, out _))
            return $"'{Content}' is no content digest";
        if (DiffId is not null && !Domain.Layers.Digest.TryParse(DiffId, out _))
            return $"'{DiffId}' is no digest";
        if (Size == 0 || Size % SectorCount.BytesPerSector != 0 || Size > FileSystemFormat.LargestDevice.Bytes)
            return $"layer {Name} has a device of {Size} bytes";
        // It counts whole pieces, and the last one may end beyond the device.
        if (Changed > Size + (ulong)ContentMaps.Pieces.Bytes)
            return $"layer {Name} changes {Changed} bytes of a device of {Size}";
        if (!Enum.IsDefined(FileSystem))
            return $"layer {Name} has a file system of no known kind";
        if (Format is not null && FileSystemFormat.Find(new FormatName(Format)) is null)
            return $"the file system of layer {Name} was made as {Format}, which this agent does not know";
        return Root is null || (IsPlain(Root) && Root.Split('/').All(part => part is not ("" or "." or "..")))
            ? null
            : $"layer {Name} has its tree in '{Root}'";
    }

    private static bool IsPlain(string text) =>
        text.Length is > 0 and <= MaxName && text.All(letter => letter is > ' ' and <= '~');
}
