using DmAgents.Domain.Containers;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;

namespace DmAgents.Images.Docker;

/// <summary>
/// What the directory of a Docker with the devicemapper driver (before v25) says of its pool, images and containers.
/// What could not be read is in <see cref="Findings"/>, and nowhere else.
/// </summary>
/// <param name="FileSystem">On its base, and so on all its devices.</param>
/// <param name="BaseUuid">The file system's uuid by which Docker knows its own base; empty where it noted none.</param>
/// <param name="Transaction">The latest change of its pool; null where it noted none.</param>
/// <param name="Devices">The thin devices that it has recorded, the base among them.</param>
/// <param name="Findings">What is amiss in the directory by itself.</param>
public sealed record DockerStore(
    FileSystemKind FileSystem,
    string BaseUuid,
    DockerTransaction? Transaction,
    IReadOnlyList<DockerDevice> Devices,
    IReadOnlyList<DockerLayer> Layers,
    IReadOnlyList<DockerImage> Images,
    IReadOnlyList<DockerContainer> Containers,
    IReadOnlyList<StoreFinding> Findings);

/// <summary>A record in devicemapper/metadata.</summary>
/// <param name="Hash">Its file's name: <see cref="BaseHash"/>, or 64 hexadecimal digits, after which "-init" may come.
/// </param>
/// <param name="Transaction">The pool's transaction id after it was made: the pool itself notes the one before.</param>
/// <param name="Deleted">Gone for Docker; its blocks had not gone yet.</param>
public sealed record DockerDevice(
    string Hash, ThinId Id, ByteSize Size, TransactionId Transaction, bool Deleted)
{
    public const string BaseHash = "base";
}

/// <summary>
/// What Docker was about to do to its pool. As long as the pool does not have the transaction id, it is undecided.
/// </summary>
/// <param name="Open">The pool's transaction id after it.</param>
/// <param name="Hash">The device that was made or deleted; empty for the base.</param>
public sealed record DockerTransaction(TransactionId Open, string Hash, ThinId Device);

/// <summary>A layer of an image.</summary>
/// <param name="Device">The hash of its device.</param>
public sealed record DockerLayer(ChainId Chain, ChainId? Parent, Digest DiffId, string Device);

/// <summary>An image with at least one layer.</summary>
/// <param name="Id">The digest of its configuration.</param>
/// <param name="Config">Byte for byte as Docker has it.</param>
/// <param name="References">At least one: an image that nobody named has a made-up one.</param>
public sealed record DockerImage(Digest Id, string Config, ChainId Top, IReadOnlyList<ImageReference> References);

/// <summary>A container.</summary>
/// <param name="Id">Docker's own, 64 hexadecimal digits.</param>
/// <param name="Device">The hash of its device.</param>
/// <param name="InitDevice">The hash of the device between image and container, with Docker's mount points; null where
/// there is none.</param>
/// <param name="Parent">The top layer of its image; null for a container of an empty image.</param>
/// <param name="Image">The image that it was made of; null where that is not told.</param>
/// <param name="WasRunning">When Docker wrote about it last, it ran.</param>
public sealed record DockerContainer(
    string Id, ContainerName Name, string Device, string? InitDevice, ChainId? Parent, Digest? Image, bool WasRunning);

/// <summary>How grave a finding is.</summary>
public enum FindingGravity
{
    /// <summary>Good to know.</summary>
    Note,

    /// <summary>Something stays behind, or has another name.</summary>
    Warning,

    /// <summary>Something that Docker names cannot be had.</summary>
    Loss,
}

/// <summary>Something amiss in a store, ready to be shown.</summary>
public sealed record StoreFinding(FindingGravity Gravity, string Object, string What, string Why, string Next);
