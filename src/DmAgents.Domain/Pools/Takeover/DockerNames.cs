using System.Globalization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;

namespace DmAgents.Domain.Pools.Takeover;

/// <summary>The names of Docker's mapped devices. They derive from its directory's device and inode, so a copied
/// directory belongs to another Docker.</summary>
public static class DockerNames
{
    /// <summary>The prefix of all mapped devices of the Docker that has this devicemapper/ directory.</summary>
    public static string Prefix(DirectoryIdentity directory) =>
        string.Create(CultureInfo.InvariantCulture, $"docker-{directory.Device}-{directory.Inode}-");

    /// <summary>The pool that Docker assembles from its loop files.</summary>
    public static MappedName Pool(DirectoryIdentity directory) => new(Prefix(directory) + "pool");
}
