using DmAgents.Domain.Devices;

namespace DmAgents.Kernel.FileSystems;

/// <summary>How a file system of a snapshot is mounted: flags of mount(2) and the file system's own options.</summary>
internal sealed record MountOptions(nuint Flags, string Data)
{
    private const nuint ReadOnly = 1;
    private const nuint NoAccessTimes = 1024;

    public static string TypeOf(FileSystemKind kind) => kind switch
    {
        FileSystemKind.Ext4 => "ext4",
        FileSystemKind.Xfs => "xfs",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a file system of the agent"),
    };

    /// <remarks>
    /// No access times: with them, reading a file that only the image has would write, and copy a pool block. No
    /// online discard: freed space goes back by a trim at the agent's pace. ext4 stops writing at an error in its own
    /// metadata, as xfs does anyway: a full pool must not be made worse. xfs snapshots all have their origin's uuid,
    /// of which it mounts one only, unless told otherwise.
    /// </remarks>
    public static MountOptions Of(FileSystemKind kind, bool readOnly) => new(
        NoAccessTimes | (readOnly ? ReadOnly : 0),
        kind == FileSystemKind.Xfs ? "nouuid" : "errors=remount-ro");
}
