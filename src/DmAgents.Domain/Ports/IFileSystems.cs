using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>File systems on thin devices, and the directories they are mounted on.</summary>
public interface IFileSystems
{
    /// <summary>The kernel's version, by which it is known what features of file systems it takes.</summary>
    KernelVersion Running { get; }

    /// <summary>
    /// Makes an empty file system over whatever is there: root directory of mode 0755 and owner root, no lost+found.
    /// With the features of <see cref="FileSystemFormat"/>, whatever the host's mkfs and its configuration would
    /// choose.
    /// </summary>
    /// <returns>NotSupported, naming the program, where mkfs is not installed, or gives other features.</returns>
    KernelResult Format(DevicePath device, FileSystemKind kind);

    /// <summary>
    /// Grows the file system to the size of its device; on one that fills it already: done. ext4 grows mounted or
    /// not, xfs only mounted: with <paramref name="mountedAt"/> null the boundary mounts it somewhere for a moment.
    /// </summary>
    KernelResult Grow(DevicePath device, FileSystemKind kind, MountPath? mountedAt);

    /// <summary>Mounts a device; the target directory is made where it is missing. Busy where the target is a mount
    /// already. xfs snapshots get <c>nouuid</c>. Of a file system that was not unmounted, on a device that takes no
    /// writes, a read-only mount shows what is in place, without its log. NotSupported, naming them with the first
    /// kernel that has them, if the kernel refuses the file system because of features that it does not know.</summary>
    /// <param name="directory">What is to be seen at the target: the directory of this name in the file system's root,
    /// in one step, so that nobody ever sees the rest there. NotFound where there is none. Null: the whole file system.
    /// </param>
    KernelResult Mount(
        DevicePath device, MountPath target, FileSystemKind kind, bool readOnly, string? directory = null);

    /// <summary>Whether the kernel takes the file system at all: a read-only mount in no directory tree, which replays
    /// no log and writes nothing.</summary>
    /// <returns>NotSupported, as <see cref="Mount"/>, if it does not because of features.</returns>
    KernelResult TryMount(DevicePath device, FileSystemKind kind);

    /// <summary>
    /// Unmounts, which writes everything back. Busy where it is in use, unless <paramref name="detach"/>: then it
    /// leaves the tree at once and ends when its last user goes. Invalid where it is no mount.
    /// </summary>
    KernelResult Unmount(MountPath target, bool detach);

    /// <summary>How many inodes the file system has in use, as its superblock on the device says: exact on one that was
    /// unmounted, some seconds old on one that is mounted. Needs no mount. Invalid where there is no such file system.
    /// </summary>
    KernelResult<ulong> UsedInodes(DevicePath device, FileSystemKind kind);

    /// <summary>What the file system is like, as its superblock on the device says. Needs no mount. Invalid where there
    /// is no such file system.</summary>
    KernelResult<FileSystemTraits> Traits(DevicePath device, FileSystemKind kind);

    /// <summary>Every mount in the agent's own mount namespace.</summary>
    KernelResult<IReadOnlyList<MountEntry>> Mounts();

    /// <summary>What is mounted at this very place: one statx and one statfs, however many mounts there are.</summary>
    /// <returns>NotFound if nothing is mounted there, or there is no such directory.</returns>
    KernelResult<MountedDevice> MountAt(MountPath target);

    /// <summary>
    /// Discards what the file system does not use of a range (FITRIM), and says how many bytes it handed down: more
    /// than the pool gets back, for what was never written is among them. Invalid where the range begins beyond its
    /// end. xfs hands a free extent down whole with each range that touches it.
    /// </summary>
    KernelResult<ByteSize> Trim(MountPath mounted, ByteSize start, ByteSize length);

    /// <summary>Writes all that is dirty in the file system to its device and makes the device flush
    /// (syncfs).</summary>
    KernelResult SyncFileSystem(MountPath mounted);

    /// <summary>Makes a directory of mode 0700 or 0755 and its missing parents. An existing one: done.</summary>
    KernelResult EnsureDirectory(MountPath path);

    /// <summary>Removes an empty directory. A missing one: done. Busy where a mount is on it or something in
    /// it.</summary>
    KernelResult RemoveDirectory(MountPath path);

    /// <summary>What a directory is under any name: NotFound where there is none.</summary>
    KernelResult<DirectoryIdentity> Identify(MountPath directory);

    /// <summary>Processes that have a file open in a directory or below it, as far as the kernel tells, whatever name
    /// the directory is given by. Empty where nobody is found.</summary>
    KernelResult<IReadOnlyList<DirectoryUser>> UsersOf(MountPath directory);
}

/// <summary>A directory's place in its file system.</summary>
/// <param name="Device">The file system's device; made up by the kernel where it has none.</param>
/// <param name="Inode">The directory's number in it.</param>
/// <param name="Path">By which it was found, without symbolic links.</param>
public sealed record DirectoryIdentity(DeviceNumber Device, ulong Inode, MountPath Path);

/// <summary>A process that uses a directory.</summary>
/// <param name="Name">The program, as the kernel has it: at most 15 bytes.</param>
/// <param name="File">One of the files that it has open there.</param>
public sealed record DirectoryUser(int ProcessId, string Name, string File);

/// <summary>What is mounted at a place.</summary>
/// <param name="ReadOnly">The mount takes no writes, or its file system does not.</param>
public sealed record MountedDevice(DeviceNumber Device, bool ReadOnly);

/// <summary>One line of /proc/self/mountinfo.</summary>
public sealed record MountEntry(DeviceNumber Device, MountPath Target, string Type, bool ReadOnly);
