using DmAgents.Domain.Devices;

namespace DmAgents.Kernel.FileSystems;

/// <summary>How a snapshot's file system is mounted: flags of mount(2) and the file system's own options.</summary>
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
    /// No access times: otherwise reading a file of the image would write, and copy a pool block. No online discard:
    /// trims return freed space at the agent's pace.
    /// ext4 stops writing on an error in its own metadata, as xfs always does: a full pool must not get worse. All xfs
    /// snapshots have their origin's uuid, and without nouuid xfs mounts only one of them.
    /// </remarks>
    public static MountOptions Of(FileSystemKind kind, bool readOnly) => new(
        NoAccessTimes | (readOnly ? ReadOnly : 0),
        kind == FileSystemKind.Xfs ? "nouuid" : "errors=remount-ro");

    /// <summary>The flags of a mount that only checks whether the kernel accepts the file system.</summary>
    public static string[] ToTry(FileSystemKind kind) =>
        kind == FileSystemKind.Xfs ? ["ro", "norecovery", "nouuid"] : ["ro", "noload"];

    /// <summary>The flags of a mount that is only read.</summary>
    public static string[] ToRead(FileSystemKind kind) =>
        kind == FileSystemKind.Xfs ? ["ro", "nouuid"] : ["ro"];

    /// <summary>Read-only without log recovery, as the device is read-only: changes that are only in the log are not
    /// visible.</summary>
    public static MountOptions WithoutRecovery(FileSystemKind kind)
    {
        var options = Of(kind, readOnly: true);
        return options with { Data = $"{options.Data},{(kind == FileSystemKind.Xfs ? "norecovery" : "noload")}" };
    }
}
