using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Images;

/// <summary>An image in a pool: a reference to its top layer, and its configuration.</summary>
/// <param name="Reference">Its name for people.</param>
/// <param name="TopLayer">The device of its last layer; the others are its lineage.</param>
/// <param name="ConfigDigest">"sha256:..." of <paramref name="Config"/>: the image's own id.</param>
/// <param name="Config">The OCI image configuration, byte for byte as received.</param>
/// <param name="TaggedAt">When the reference was given to this image.</param>
public sealed record ImageRecord(
    ImageReference Reference, ThinId TopLayer, string ConfigDigest, string Config, DateTimeOffset TaggedAt);

/// <summary>The image that a reference is expected to name before it is given to another image.</summary>
/// <param name="ConfigDigest">That image's configuration; null: the reference is expected to be free.</param>
public sealed record ImageExpectation(string? ConfigDigest);
