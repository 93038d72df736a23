using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Testing.Simulation;

/// <summary>The host's disks, loop files and loop devices.</summary>
internal sealed class SimulatedBlockDevices
{
    private const uint LoopMajor = 7;
    private const uint DiskMajor = 8;

    private readonly Dictionary<DevicePath, (SimulatedDisk Device, BlockStore Store)> _disks = [];
    private readonly Dictionary<DevicePath, DevicePath> _links = [];
    private readonly Dictionary<LoopFile, FileEntry> _files = [];

    /// <summary>The size of the file system that has the loop files.</summary>
    public ulong HostCapacity { get; set; } = ByteSize.GiB(100).Bytes;

    public ulong HostFree
    {
        get
        {
            var taken = _files.Values.Aggregate(0UL, (sum, file) => sum + file.Store.AllocatedBytes);
            return HostCapacity > taken ? HostCapacity - taken : 0;
        }
    }

    public SimulatedDisk AddDisk(DevicePath path, ByteSize size, bool discards)
    {
        var store = new BlockStore();
        var disk = new SimulatedDisk(new DeviceNumber(DiskMajor, (uint)_disks.Count * 16), path, store, discards);
        disk.Resize(size.Sectors.Bytes.Bytes);
        _disks.Add(path, (disk, store));
        return disk;
    }

    /// <summary>Makes a link to a disk.</summary>
    public void Link(DevicePath link, DevicePath disk) => _links.Add(link, disk);

    public SimulatedDisk? Find(DevicePath path) => _links.TryGetValue(path, out var disk) ? Get(disk) : Get(path);

    private SimulatedDisk? Get(DevicePath path) =>
        _disks.TryGetValue(path, out var disk)
            ? disk.Device
            : _files.Values.Select(file => file.Loop).FirstOrDefault(loop => loop?.Path == path);

    public Errno CreateFile(LoopFile file, ByteSize size) =>
        _files.TryAdd(file, new FileEntry(new BlockStore()) { Size = size }) ? Errno.None : Errno.Exists;

    public Errno EnlargeFile(LoopFile file, ByteSize size)
    {
        if (!_files.TryGetValue(file, out var entry))
            return Errno.NoEntry;
        if (size < entry.Size)
            return Errno.Invalid;
        entry.Size = size;
        entry.Loop?.Resize(size.Sectors.Bytes.Bytes);
        return Errno.None;
    }

    public Errno DeleteFile(LoopFile file)
    {
        if (_files.TryGetValue(file, out var entry) && entry.Loop is not null)
            return Errno.Busy;
        _files.Remove(file);
        return Errno.None;
    }

    /// <summary>Another file gets the name; a loop device keeps the one that it has.</summary>
    public void ReplaceFile(LoopFile file, ByteSize size)
    {
        UnlinkFile(file);
        _files.Add(file, new FileEntry(new BlockStore()) { Size = size });
    }

    /// <summary>Takes the name away; a loop device keeps the file.</summary>
    public void UnlinkFile(LoopFile file)
    {
        if (_files.Remove(file, out var before))
            _files.Add(new LoopFile($"{file} (deleted)"), before);
    }

    /// <summary>As losetup does with an offset or a limit.</summary>
    public void LimitLoop(LoopFile file, ByteSize size) => _files[file].Loop!.Resize(size.Bytes);

    /// <summary>Makes the file shorter, as truncate does.</summary>
    public void ShortenFile(LoopFile file, ByteSize size) => _files[file].Size = size;

    public LoopFileInfo? InspectFile(LoopFile file) =>
        _files.TryGetValue(file, out var entry)
            ? new LoopFileInfo(entry.Size, new(entry.Store.AllocatedBytes), new(HostFree), entry.Loop?.Path)
            : null;

    public Errno AttachLoop(LoopFile file, out DevicePath loop)
    {
        loop = default;
        if (!_files.TryGetValue(file, out var entry))
            return Errno.NoEntry;
        if (entry.Loop is null)
        {
            var taken = _files.Values.Select(other => other.Loop?.Number.Minor).ToHashSet();
            var minor = 0u;
            while (taken.Contains(minor))
                minor++;
            entry.Loop = new SimulatedDisk(
                new DeviceNumber(LoopMajor, minor), new DevicePath($"/dev/loop{minor}"), entry.Store, discards: true)
            {
                HostRoom = () => HostFree,
            };
            entry.Loop.Resize(entry.Size.Sectors.Bytes.Bytes);
        }
        if (entry.Loop.OpenCount == 0)
            entry.Loop.Made = DiskShape.Plain;
        loop = entry.Loop.Path;
        return Errno.None;
    }

    public Errno DetachLoop(LoopFile file)
    {
        if (!_files.TryGetValue(file, out var entry))
            return Errno.NoEntry;
        if (entry.Loop is null)
            return Errno.NoDeviceOrAddress;
        if (entry.Loop.OpenCount > 0)
            return Errno.Busy;
        entry.Loop = null;
        return Errno.None;
    }

    public void FlushAll()
    {
        foreach (var (_, store) in _disks.Values)
            store.Flush();
        foreach (var file in _files.Values)
            file.Store.Flush();
    }

    /// <summary>The host loses power: disks and files keep what was flushed, loop devices go.</summary>
    public void PowerCut(Random? survives)
    {
        foreach (var (path, (device, store)) in _disks.OrderBy(disk => disk.Key.Value, StringComparer.Ordinal).ToList())
        {
            store.LoseUnflushed(survives);
            var rebooted = new SimulatedDisk(device.Number, path, store, device.Discards)
            {
                WriteProtected = device.WriteProtected,
                Broken = device.Broken,
                Made = device.Made,
            };
            rebooted.Resize(device.Length);
            _disks[path] = (rebooted, store);
        }
        foreach (var (_, file) in _files.OrderBy(file => file.Key.Value, StringComparer.Ordinal))
        {
            file.Store.LoseUnflushed(survives);
            file.Loop = null;
        }
    }

    private sealed class FileEntry(BlockStore store)
    {
        public BlockStore Store { get; } = store;

        public ByteSize Size { get; set; }

        public SimulatedDisk? Loop { get; set; }
    }
}
