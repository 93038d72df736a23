using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>File systems on thin devices, and their mount points.</summary>
public interface IFileSystems
{
    /// <summary>The running kernel's version, which decides the file system features that it supports.</summary>
    KernelVersion Running { get; }

    /// <summary>
    /// Makes an empty file system, overwriting the device's content: root directory of mode 0755 and owner root, no
    /// lost+found. Its features are those of <see cref="FileSystemFormat"/>, regardless of the host's mkfs and its
    /// configuration.
    /// </summary>
    /// <returns>NotSupported, naming the program, if mkfs is not installed, or sets other features.</returns>
    KernelResult Format(DevicePath device, FileSystemKind kind);

    /// <summary>
    /// Grows the file system to the size of its device; if it already has that size: done. ext4 grows mounted or not,
    /// xfs only mounted: if <paramref name="mountedAt"/> is null, the kernel boundary mounts it temporarily.
    /// </summary>
    KernelResult Grow(DevicePath device, FileSystemKind kind, MountPath? mountedAt);

    /// <summary>Mounts a device and creates a missing target directory. Busy if the target is already a mount point.
    /// xfs snapshots get <c>nouuid</c>. A file system that was not unmounted, on a device that refuses writes, is
    /// mounted read-only without log replay. NotSupported if the kernel does not know some of its features; the error
    /// names them with the first kernel that does.</summary>
    /// <param name="directory">The directory of this name in the file system's root is mounted instead of the root. The
    /// mount is atomic: no process ever sees the rest at the target. NotFound if it does not exist. Null: the whole
    /// file system.</param>
    KernelResult Mount(
        DevicePath device, MountPath target, FileSystemKind kind, bool readOnly, string? directory = null);

    /// <summary>Whether the kernel can mount the file system: a detached read-only mount, which replays no log and
    /// writes nothing.</summary>
    /// <returns>NotSupported, as <see cref="Mount"/>, because of features.</returns>
    KernelResult TryMount(DevicePath device, FileSystemKind kind);

    /// <summary>
    /// Unmounts, which writes all dirty data back. Busy if it is in use, unless <paramref name="detach"/> (MNT_DETACH):
    /// then it leaves the tree at once and is unmounted on last close. Invalid if the target is not a mount point.
    /// </summary>
    KernelResult Unmount(MountPath target, bool detach);

    /// <summary>How many inodes the file system uses, by its superblock on the device: exact if it was unmounted, some
    /// seconds old if it is mounted. Needs no mount. Invalid if there is no such file system.</summary>
    KernelResult<ulong> UsedInodes(DevicePath device, FileSystemKind kind);

    /// <summary>The file system's properties, by its superblock on the device. Needs no mount. Invalid if there is no
    /// such file system.</summary>
    KernelResult<FileSystemTraits> Traits(DevicePath device, FileSystemKind kind);

    /// <summary>Every mount in the agent's own mount namespace.</summary>
    KernelResult<IReadOnlyList<MountEntry>> Mounts();

    /// <summary>The device mounted exactly at this path: one statx and one statfs, regardless of the number of
    /// mounts.</summary>
    /// <returns>NotFound if nothing is mounted there, or the directory does not exist.</returns>
    KernelResult<MountedDevice> MountAt(MountPath target);

    /// <summary>
    /// Discards the unused blocks of a file system within a range (FITRIM), and returns how many bytes it discarded.
    /// This is more than the pool gets back, because it includes blocks that were never written. Invalid if the range
    /// begins beyond the file system's end. xfs discards a whole free extent for each range that touches it.
    /// </summary>
    KernelResult<ByteSize> Trim(MountPath mounted, ByteSize start, ByteSize length);

    /// <summary>Writes the file system's dirty data to its device and flushes the device (syncfs).</summary>
    KernelResult SyncFileSystem(MountPath mounted);

    /// <summary>Creates a directory, mode 0700 or 0755, and its missing parents. An existing one: done.</summary>
    KernelResult EnsureDirectory(MountPath path);

    /// <summary>Removes an empty directory. A missing one: done. Busy if it is a mount point or not empty.</summary>
    KernelResult RemoveDirectory(MountPath path);

    /// <summary>A directory's identity, independent of its path. NotFound if it does not exist.</summary>
    KernelResult<DirectoryIdentity> Identify(MountPath directory);

    /// <summary>Processes that have a file open in or below a directory, by any path, as far as the kernel shows them.
    /// Empty if none is found.</summary>
    KernelResult<IReadOnlyList<DirectoryUser>> UsersOf(MountPath directory);
}

/// <summary>A directory's identity within its file system.</summary>
/// <param name="Device">The file system's device number; an anonymous one from the kernel if it has no device.</param>
/// <param name="Inode">The directory's inode number.</param>
/// <param name="Path">Its path without symbolic links.</param>
public sealed record DirectoryIdentity(DeviceNumber Device, ulong Inode, MountPath Path);

/// <summary>A process that uses a directory.</summary>
/// <param name="Name">The program's name in the kernel: at most 15 bytes.</param>
/// <param name="File">One of the files that it has open there.</param>
public sealed record DirectoryUser(int ProcessId, string Name, string File);

/// <summary>The device mounted at a path.</summary>
/// <param name="ReadOnly">The mount or its file system is read-only.</param>
public sealed record MountedDevice(DeviceNumber Device, bool ReadOnly);

/// <summary>One line of /proc/self/mountinfo.</summary>
public sealed record MountEntry(DeviceNumber Device, MountPath Target, string Type, bool ReadOnly);
