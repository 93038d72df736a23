using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;

namespace DmAgents.Domain.Pools.Takeover;

/// <summary>An image whose top layer is adopted.</summary>
/// <param name="Config">Byte for byte as found.</param>
public sealed record AdoptedImage(ImageReference Reference, ThinId TopLayer, string ConfigDigest, string Config);
