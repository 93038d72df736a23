using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Testing.Simulation;

/// <summary>What only a test does: hardware, power cuts, damage, foreign users, and a look inside.</summary>
public sealed partial class SimulatedKernel
{
    private readonly List<string> _unsafeSnapshots = [];

    /// <summary>Snapshots that were taken of an origin that was live and running: corrupt ones, in a real kernel.
    /// </summary>
    public IReadOnlyList<string> UnsafeSnapshots
    {
        get
        {
            lock (_gate)
                return [.. _unsafeSnapshots];
        }
    }

    /// <summary>The size of the host's file system that has the loop files.</summary>
    public ByteSize HostCapacity
    {
        get => new(_blockDevices.HostCapacity);
        set => _blockDevices.HostCapacity = value.Bytes;
    }

    /// <param name="path">Such as "/dev/sda".</param>
    /// <param name="size">Whole sectors of it are used.</param>
    /// <param name="signature">What <see cref="Inspect"/> says is on it, until its first 4 KiB are overwritten.</param>
    /// <param name="discards">The disk takes discards.</param>
    /// <param name="shape">What it is like; null: plain.</param>
    public DevicePath AddDisk(
        string path, ByteSize size, string? signature = null, bool discards = true, DiskShape? shape = null)
    {
        var device = new DevicePath(path);
        lock (_gate)
        {
            var disk = _blockDevices.AddDisk(device, size, discards);
            disk.Made = shape ?? DiskShape.Plain;
            if (signature is not null)
                disk.Write(Superblocks.Length, _superblocks.Encode(signature));
            disk.Flush();
        }
        return device;
    }

    /// <summary>Another path of a disk, as udev makes them.</summary>
    public void LinkDisk(string link, DevicePath disk)
    {
        lock (_gate)
            _blockDevices.Link(new DevicePath(link), disk);
    }

    /// <summary>Another program puts another file in the place of a loop file, attached or not.</summary>
    public void ReplaceFile(LoopFile file, ByteSize size)
    {
        lock (_gate)
            _blockDevices.ReplaceFile(file, size);
    }

    /// <summary>Another program removes a loop file under its loop device.</summary>
    public void UnlinkFile(LoopFile file)
    {
        lock (_gate)
            _blockDevices.UnlinkFile(file);
    }

    /// <summary>Another program makes a loop file shorter; its loop device shows what it did.</summary>
    public void ShortenFile(LoopFile file, ByteSize size)
    {
        lock (_gate)
            _blockDevices.ShortenFile(file, size);
    }

    /// <summary>Another program gives a loop device an offset or a limit.</summary>
    public void LimitLoop(LoopFile file, ByteSize size)
    {
        lock (_gate)
            _blockDevices.LimitLoop(file, size);
    }

    /// <summary>Whoever makes a device dies before he has given it its table. One that is live is left as it is.
    /// </summary>
    /// <returns>Whether it was made.</returns>
    public bool LeaveWithoutTable(MappedName name, MappedUuid uuid)
    {
        lock (_gate)
        {
            var isFree = !_mapped.IsTaken(name, uuid) && _mapped.WithoutTable.All(device => device.Name != name);
            if (isFree)
                _mapped.CreateWithoutTable(name, uuid);
            return isFree;
        }
    }

    /// <summary>A volume group of LVM with so much free, on a disk of its own.</summary>
    public void AddVolumeGroup(string name, ByteSize free, DiskShape? shape = null)
    {
        lock (_gate)
        {
            var disk = _blockDevices.AddDisk(new DevicePath($"/dev/disk-of-{name}"), free, discards: true);
            disk.Made = shape ?? DiskShape.Plain;
            _volumeGroups.Add(name, (free, disk));
        }
    }

    /// <summary>The disk presents itself otherwise from here on, as behind another controller.</summary>
    public void Reshape(DevicePath disk, DiskShape shape) => WithDisk(disk, found => found.Made = shape);

    /// <summary>From here on every read and write of the disk fails, or works again.</summary>
    public void BreakDisk(DevicePath disk, bool broken = true) => WithDisk(disk, found => found.Broken = broken);

    public void WriteProtect(DevicePath disk) => WithDisk(disk, found => found.WriteProtected = true);

    /// <summary>"mkfs.xfs" and the like: calls that need it are refused.</summary>
    public void Uninstall(string program)
    {
        lock (_gate)
            _missingPrograms.Add(program);
    }

    /// <summary>
    /// The host loses power and boots again: devices, mounts and loop attachments are gone, what was not flushed is
    /// lost. Calls that were waiting fail.
    /// </summary>
    /// <param name="seed">With a seed, each unflushed page of a disk is lost or kept by its own lot.</param>
    public void PowerCut(int? seed = null)
    {
        lock (_gate)
        {
            _boots++;
            _mapped.LoseAll();
            _mounts = new SimulatedMounts(_superblocks);
            _blockDevices.PowerCut(seed is { } number ? new Random(number) : null);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>
    /// The host is rebooted in order: what was written reaches the disks; devices, mounts and loop attachments are
    /// gone.
    /// </summary>
    public void Reboot()
    {
        lock (_gate)
        {
            _mounts.SyncAll();
            _mapped.FlushAll();
            _blockDevices.FlushAll();
        }
        PowerCut();
    }

    /// <summary>A metadata operation fails: the transaction is aborted, the pool read-only and in need of a check.
    /// </summary>
    public void BreakMetadata(MappedName pool) => WithPool(pool, found => found.Abort());

    public void FailPool(MappedName pool) => WithPool(pool, found => found.Fail());

    /// <summary>Metadata commits since the pool was opened.</summary>
    public ulong MetadataCommits(MappedName pool)
    {
        var commits = 0UL;
        WithPool(pool, found => commits = found.Commits);
        return commits;
    }

    /// <summary>Someone takes the pool's metadata snapshot and keeps it.</summary>
    public KernelResult HoldMetadataSnapshot(MappedName pool) => Message("reserve_metadata_snap", pool,
        (_, metadata) => metadata.Held is null ? (Errno.None, metadata.WithHeld()) : (Errno.Busy, metadata));

    /// <summary>
    /// A reader has the pool's metadata snapshot until the result is disposed of: readings that may be of an earlier
    /// time share it, others find it busy.
    /// </summary>
    public IDisposable ShareMetadataSnapshot(MappedName pool)
    {
        WithPool(pool, found =>
        {
            if (found.Message(metadata => metadata.Held is null
                ? (Errno.None, metadata.WithHeld())
                : (Errno.Busy, metadata)) is not Errno.None and var errno)
                throw new InvalidOperationException($"{pool}: its metadata snapshot cannot be taken: {errno}");
            _reading[pool] = (found.Current.Held!, found.Current.WithoutHeld());
        });
        return OnRelease(() =>
        {
            _reading.Remove(pool);
            WithPool(pool, found => found.Message(metadata => (Errno.None, metadata.WithoutHeld())));
        });
    }

    /// <summary>Writes past every cache and does not flush: what a power cut may undo.</summary>
    public KernelResult WriteUnflushed(DevicePath device, ByteSize offset, ReadOnlySpan<byte> bytes)
    {
        var copy = bytes.ToArray();
        return Opened("write", device, found =>
            found.Holds(offset.Bytes, (ulong)copy.Length) ? found.Write(offset.Bytes, copy) : Errno.Invalid);
    }

    /// <summary>A process has the device open until the result is disposed of.</summary>
    public IDisposable HoldDevice(DevicePath path)
    {
        SimulatedDevice? held = null;
        WithDevice(path, device =>
        {
            device.Open();
            held = device;
        });
        return OnRelease(() => held!.Close());
    }

    /// <summary>A process has a file open in the mount until the result is disposed of.</summary>
    public IDisposable HoldMount(MountPath mounted)
    {
        lock (_gate)
        {
            var mount = _mounts.Hold(mounted);
            var user = new DirectoryUser(Environment.ProcessId, "test", $"{mounted}/held");
            _directoryUsers.Add(user);
            return OnRelease(() =>
            {
                _directoryUsers.Remove(user);
                Settle(() => SimulatedMounts.Release(mount));
            });
        }
    }

    /// <summary>A symbolic link to a directory. What mounts and files are asked for by must be real paths still.
    /// </summary>
    public void LinkDirectory(MountPath from, MountPath to)
    {
        lock (_gate)
            _mounts.Link(from, to);
    }

    /// <summary>A process has a file open somewhere on the host until the result is disposed of.</summary>
    public IDisposable UseFile(int process, string program, string file)
    {
        var user = new DirectoryUser(process, program, file);
        lock (_gate)
            _directoryUsers.Add(user);
        return OnRelease(() => _directoryUsers.Remove(user));
    }

    /// <summary>Everything that is wrong with the bookkeeping of live pools: nothing, ever.</summary>
    public IReadOnlyList<string> CheckInvariants()
    {
        lock (_gate)
            return [.. Pools().SelectMany(pool => PoolInvariants.Broken(pool.Owner.Name, pool.Current))];
    }

    private Hold OnRelease(Action release)
    {
        var boot = _boots;
        return new Hold(() =>
        {
            lock (_gate)
            {
                if (boot == _boots)
                    release();
                Monitor.PulseAll(_gate);
            }
        });
    }

    private void WithPool(MappedName pool, Action<SimulatedPool> action)
    {
        lock (_gate)
        {
            action(FindPool(pool, out _) ?? throw new ArgumentException($"{pool} is no live pool", nameof(pool)));
            Monitor.PulseAll(_gate);
        }
    }

    private void WithDevice(DevicePath path, Action<SimulatedDevice> action)
    {
        lock (_gate)
            action(Locate(path) ?? throw new ArgumentException($"there is no {path}", nameof(path)));
    }

    private void WithDisk(DevicePath path, Action<SimulatedDisk> action) =>
        WithDevice(path, device => action((SimulatedDisk)device));

    private sealed class Hold(Action release) : IDisposable
    {
        private Action? _release = release;

        public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
    }
}
