using DmAgents.Domain.Containers;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;

namespace DmAgents.Images.Docker;

/// <summary>
/// The content of the data root of a Docker with the devicemapper driver (before v25): its pool, images and containers.
/// Unreadable parts appear only in <see cref="Findings"/>.
/// </summary>
/// <param name="FileSystem">The file system on its base, and so on all its devices.</param>
/// <param name="BaseUuid">The file system uuid by which Docker identifies its base; empty if it recorded none.</param>
/// <param name="Transaction">The latest change of its pool; null if it recorded none.</param>
/// <param name="Devices">The thin devices that it recorded, including the base.</param>
/// <param name="Findings">Problems in the directory itself.</param>
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
/// <param name="Hash">The name of its file: <see cref="BaseHash"/>, or 64 hexadecimal digits, optionally followed by
/// "-init".</param>
/// <param name="Transaction">The pool's transaction id after its creation: the pool itself records the id
/// before.</param>
/// <param name="Deleted">Deleted for Docker, but its blocks were not freed yet.</param>
public sealed record DockerDevice(
    string Hash, ThinId Id, ByteSize Size, TransactionId Transaction, bool Deleted)
{
    public const string BaseHash = "base";
}

/// <summary>
/// The change that Docker was about to make to its pool. It is undecided while the pool does not have this transaction
/// id.
/// </summary>
/// <param name="Open">The pool's transaction id after the change.</param>
/// <param name="Hash">The created or deleted device; empty for the base.</param>
public sealed record DockerTransaction(TransactionId Open, string Hash, ThinId Device);

/// <summary>A layer of an image.</summary>
/// <param name="Device">The hash of its device.</param>
public sealed record DockerLayer(ChainId Chain, ChainId? Parent, Digest DiffId, string Device);

/// <summary>An image with at least one layer.</summary>
/// <param name="Id">The digest of its configuration.</param>
/// <param name="Config">The configuration, byte for byte as in Docker's file.</param>
/// <param name="References">At least one: an image without a name gets a generated one.</param>
public sealed record DockerImage(Digest Id, string Config, ChainId Top, IReadOnlyList<ImageReference> References);

/// <summary>A container.</summary>
/// <param name="Id">Docker's own, 64 hexadecimal digits.</param>
/// <param name="Device">The hash of its device.</param>
/// <param name="InitDevice">The hash of the device between image and container, with Docker's mount points; null if
/// there is none.</param>
/// <param name="Parent">The top layer of its image; null for a container of an empty image.</param>
/// <param name="Image">The image that it was created from; null if unknown.</param>
/// <param name="WasRunning">It was running according to Docker's last record.</param>
public sealed record DockerContainer(
    string Id, ContainerName Name, string Device, string? InitDevice, ChainId? Parent, Digest? Image, bool WasRunning);

/// <summary>The severity of a finding.</summary>
public enum FindingGravity
{
    /// <summary>For information.</summary>
    Note,

    /// <summary>Something is not adopted, or gets another name.</summary>
    Warning,

    /// <summary>Something that Docker names is not available.</summary>
    Loss,
}

/// <summary>A problem in a store, ready for display.</summary>
public sealed record StoreFinding(FindingGravity Gravity, string Object, string What, string Why, string Next);
