using System.Globalization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;

namespace DmAgents.Domain.Pools.Takeover;

/// <summary>What Docker calls its mapped devices: after the place of its directory, so that a copy of the directory is
/// another Docker's.</summary>
public static class DockerNames
{
    /// <summary>Begins the names of all mapped devices of the Docker whose devicemapper/ this is.</summary>
    public static string Prefix(DirectoryIdentity directory) =>
        string.Create(CultureInfo.InvariantCulture, $"docker-{directory.Device}-{directory.Inode}-");

    /// <summary>The pool that it assembles of its loop files.</summary>
    public static MappedName Pool(DirectoryIdentity directory) => new(Prefix(directory) + "pool");
}
