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

    /// <summary>The flags of a mount that only finds out whether the kernel takes the file system.</summary>
    public static string[] ToTry(FileSystemKind kind) =>
        kind == FileSystemKind.Xfs ? ["ro", "norecovery", "nouuid"] : ["ro", "noload"];

    /// <summary>The flags of a mount that is only read.</summary>
    public static string[] ToRead(FileSystemKind kind) =>
        kind == FileSystemKind.Xfs ? ["ro", "nouuid"] : ["ro"];

    /// <summary>Read-only, as the blocks are: what is in the file system's log and not in its place yet is not seen.
    /// </summary>
    public static MountOptions WithoutRecovery(FileSystemKind kind)
    {
        var options = Of(kind, readOnly: true);
        return options with { Data = $"{options.Data},{(kind == FileSystemKind.Xfs ? "norecovery" : "noload")}" };
    }
}
