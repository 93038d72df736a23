using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Kernel.Interop.FileTrees;
using Microsoft.Win32.SafeHandles;

namespace DmAgents.Kernel.FileTrees;

/// <summary>Asks the file system where it stores a file (FS_IOC_FIEMAP,
/// Documentation/filesystems/fiemap.rst).</summary>
internal static unsafe class FileExtents
{
    /// <summary>Extents per call; 14 KiB.</summary>
    private const int AtOnce = 256;

    /// <summary>A file with more extents is read instead: its list would take more than 24 MiB.</summary>
    private const int Most = 1_000_000;

    /// <summary>Extents in ascending order; every gap is a hole. Null if one extent has no definite place.</summary>
    public static IReadOnlyList<FileExtent>? Of(SafeFileHandle file)
    {
        var found = new List<FileExtent>();
        var buffer = new byte[sizeof(FileMap) + (AtOnce * sizeof(FileMapExtent))];
        fixed (byte* start = buffer)
        {
            var map = (FileMap*)start;
            var extents = (FileMapExtent*)(start + sizeof(FileMap));
            for (var from = 0UL; ;)
            {
                *map = new FileMap { Start = from, Length = ulong.MaxValue - from, Room = AtOnce };
                if (FileCalls.Control(file, FileFlags.FileMap, map) < 0)
                    return null;
                for (var i = 0; i < map->Mapped; i++)
                {
                    var extent = extents[i];
                    if ((extent.Flags & ~FileMapFlags.Harmless) != 0 || extent.Length == 0 || extent.Logical < from
                        || extent.Logical + extent.Length > long.MaxValue)
                        return null;
                    found.Add(new FileExtent(
                        (long)extent.Logical, (long)extent.Length, extent.Physical,
                        (extent.Flags & FileMapFlags.Unwritten) != 0));
                    from = extent.Logical + extent.Length;
                    if ((extent.Flags & FileMapFlags.Last) != 0)
                        return found;
                }
                if (map->Mapped == 0)
                    return found;
                if (found.Count > Most)
                    return null;
            }
        }
    }
}
