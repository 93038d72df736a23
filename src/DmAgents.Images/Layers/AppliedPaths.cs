using System.Runtime.InteropServices;
using System.Security.Cryptography;
using DmAgents.Domain.Ports.FileTrees;

namespace DmAgents.Images.Layers;

/// <summary>
/// The paths that a layer has put into the tree so far, with their parent directories. Whiteouts of the same layer must
/// spare them, wherever they stand in the archive. Stored as halves of SHA-256, some 32 bytes per entry whatever its
/// name.
/// </summary>
internal sealed class AppliedPaths
{
    private readonly HashSet<UInt128> paths = [];

    public bool Contains(TreePath path) => paths.Contains(Key(path));

    /// <summary>Adds a path and its parent directories.</summary>
    public void Add(TreePath path)
    {
        while (!path.IsRoot && paths.Add(Key(path)))
            path = path.Parent;
    }

    private static UInt128 Key(TreePath path)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(path.Bytes, hash);
        return MemoryMarshal.Read<UInt128>(hash);
    }
}
