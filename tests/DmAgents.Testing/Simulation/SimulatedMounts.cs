using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;

namespace DmAgents.Testing.Simulation;

/// <summary>Directories, and what is mounted on them.</summary>
internal sealed class SimulatedMounts(Superblocks superblocks)
{
    private readonly HashSet<string> _directories = new(StringComparer.Ordinal) { "/" };
    private readonly Dictionary<string, ulong> _inodes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _links = new(StringComparer.Ordinal);
    private readonly Dictionary<MountPath, ActiveMount> _mounts = [];

    public ActiveMount? At(MountPath target) => _mounts.GetValueOrDefault(target);

    /// <summary>Makes a symbolic link to a directory.</summary>
    public void Link(MountPath from, MountPath to) => _links[from.Value] = to.Value;

    /// <summary>The path without symbolic links.</summary>
    public MountPath RealPath(MountPath path)
    {
        for (var at = path.Value; at.Length > 1; at = at[..at.LastIndexOf('/')])
        {
            if (_links.TryGetValue(at, out var target))
                return RealPath(new MountPath(target + path.Value[at.Length..]));
        }
        return path;
    }

    public bool DirectoryExists(MountPath path) => _directories.Contains(path.Value.TrimEnd('/'));

    /// <summary>A number for each directory that was ever asked about; null for one that is not there.</summary>
    public ulong? InodeOf(MountPath path)
    {
        var directory = path.Value.TrimEnd('/');
        if (!_directories.Contains(directory))
            return null;
        if (!_inodes.TryGetValue(directory, out var inode))
            _inodes[directory] = inode = (ulong)_inodes.Count + 1000;
        return inode;
    }

    public IReadOnlyList<MountEntry> List() =>
        [.. _mounts.OrderBy(entry => entry.Key.Value, StringComparer.Ordinal).Select(entry => new MountEntry(
            entry.Value.FileSystem.Device.Number,
            entry.Key,
            entry.Value.FileSystem.Image.Kind == FileSystemKind.Ext4 ? "ext4" : "xfs",
            entry.Value.ReadOnly))];

    public IEnumerable<MountPath> TargetsOf(SimulatedDevice device) =>
        _mounts.Where(entry => entry.Value.FileSystem.Device == device).Select(entry => entry.Key);

    public Errno Mount(
        SimulatedDevice device, MountPath target, FileSystemKind kind, bool readOnly, string? directory,
        Func<FileSystemImage, bool> isRefused)
    {
        if (_mounts.ContainsKey(target))
            return Errno.Busy;
        if (device.Above.Count > 0 || device.IsClaimed)
            return Errno.Busy;
        if (device.ReadOnly && !readOnly)
            return Errno.AccessDenied;
        var fileSystem = device.FileSystem;
        if (fileSystem is null)
        {
            var image = FileSystemImage.Read(device, superblocks, out var errno);
            if (errno != Errno.None)
                return errno;
            if (image?.Kind != kind || image.SizeInBytes > device.Length)
                return Errno.Invalid;
            // As the kernels that were tried: xfs has ENOSYS for it, ext4 has EINVAL.
            if (image.Unit < device.Shape.Sector.Bytes)
                return kind == FileSystemKind.Xfs ? Errno.NotImplemented : Errno.Invalid;
            if (isRefused(image))
                return Errno.Invalid;
            if (LacksDirectory(image.Files.Keys, directory))
                return Errno.NoEntry;
            fileSystem = new MountedFileSystem(device, image, superblocks, readOnly);
        }
        else if (LacksDirectory(fileSystem.FileNames, directory))
        {
            return Errno.NoEntry;
        }
        else if (fileSystem.ReadOnly != readOnly)
        {
            return Errno.Busy; // One superblock for all mounts of a device: it is writable, or it is not.
        }
        EnsureDirectory(target);
        fileSystem.Users++;
        _mounts[target] = new ActiveMount(fileSystem, readOnly, directory);
        return Errno.None;
    }

    /// <summary>Directories of a file system are there as long as a file is in them.</summary>
    private static bool LacksDirectory(IEnumerable<string> files, string? directory) =>
        directory is not null && !files.Any(file => file.StartsWith(directory + "/", StringComparison.Ordinal));

    public Errno Unmount(MountPath target, bool detach)
    {
        if (At(target) is not { } mount)
            return DirectoryExists(target) ? Errno.Invalid : Errno.NoEntry;
        if (mount.Holds > 0 && !detach)
            return Errno.Busy;
        if (mount.Holds == 0 && mount.FileSystem.Users == 1)
        {
            var errno = Last(mount.FileSystem);
            if (errno != Errno.None)
                return errno;
        }
        _mounts.Remove(target);
        Leave(mount.FileSystem);
        return Errno.None;
    }

    /// <summary>An open file in the mount.</summary>
    public ActiveMount Hold(MountPath target)
    {
        var mount = At(target) ?? throw new ArgumentException($"nothing is mounted on {target}", nameof(target));
        mount.Holds++;
        mount.FileSystem.Users++;
        return mount;
    }

    /// <summary>The file is closed; the last one ends a detached file system, which writes back what is dirty.
    /// </summary>
    public static Errno Release(ActiveMount mount)
    {
        if (mount.FileSystem.Users == 1 && Last(mount.FileSystem) is var errno and not Errno.None)
            return errno;
        mount.Holds--;
        Leave(mount.FileSystem);
        return Errno.None;
    }

    public void EnsureDirectory(MountPath path)
    {
        for (var at = path.Value.TrimEnd('/'); at.Length > 0; at = at[..at.LastIndexOf('/')])
            _directories.Add(at);
    }

    public Errno RemoveDirectory(MountPath path)
    {
        var directory = path.Value.TrimEnd('/');
        if (!_directories.Contains(directory))
            return Errno.None;
        if (_mounts.ContainsKey(path)
            || _directories.Any(other => other.StartsWith(directory + "/", StringComparison.Ordinal)))
            return Errno.Busy;
        _directories.Remove(directory);
        return Errno.None;
    }

    public void LoseAll() => _mounts.Clear();

    /// <summary>Writes back what can be: what waits for a suspended device or for space is lost.</summary>
    public void SyncAll()
    {
        foreach (var mount in _mounts.Values.Where(mount => !mount.FileSystem.ReadOnly))
            mount.FileSystem.Sync();
    }

    /// <summary>What the last unmount cannot write back is lost, and unmounting does not say so. It does wait.
    /// </summary>
    private static Errno Last(MountedFileSystem fileSystem)
    {
        var errno = fileSystem.ReadOnly ? Errno.None : fileSystem.Sync();
        return errno is Errno.Blocked or Errno.BlockedBySpace ? errno : Errno.None;
    }

    private static void Leave(MountedFileSystem fileSystem)
    {
        if (--fileSystem.Users == 0)
            fileSystem.End();
    }

    /// <summary>One mount. <see cref="Holds"/> counts open files in it.</summary>
    internal sealed class ActiveMount(MountedFileSystem fileSystem, bool readOnly, string? directory)
    {
        public MountedFileSystem FileSystem { get; } = fileSystem;

        /// <summary>What names in the file system begin with that are seen here.</summary>
        public string Shown { get; } = directory is null ? "" : directory + "/";

        public bool ReadOnly { get; } = readOnly;

        public int Holds { get; set; }
    }
}
