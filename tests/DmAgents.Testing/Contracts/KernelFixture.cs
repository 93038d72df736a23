using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Testing.Contracts;

/// <summary>A kernel under the contract, with what the contract needs beside the port.</summary>
public abstract class KernelFixture
{
    public abstract IKernel Kernel { get; }

    /// <summary>A disk of at least 64 MiB that the contract may overwrite.</summary>
    public abstract DevicePath MetadataDisk { get; }

    /// <summary>Another, of at least 1 GiB.</summary>
    public abstract DevicePath DataDisk { get; }

    /// <summary>An existing directory for loop files and mount points, in a file system that has sparse files and
    /// can punch holes, with 1 GiB free.</summary>
    public abstract string ScratchDirectory { get; }

    /// <summary>Puts bytes into a file of a mounted file system, from <paramref name="offset"/> on; makes it where it
    /// is missing, with the directories in its name. Without a sync.</summary>
    public abstract void WriteFile(MountPath mounted, string name, byte[] bytes, ulong offset = 0);

    public abstract byte[] ReadFile(MountPath mounted, string name);

    public abstract void DeleteFile(MountPath mounted, string name);

    /// <summary>The names in the file system's root directory.</summary>
    public abstract IReadOnlyList<string> ListFiles(MountPath mounted);

    /// <summary>The size of the mounted file system, as statfs tells it.</summary>
    public abstract ByteSize SizeOf(MountPath mounted);

    /// <summary>Has the device open until the result is disposed of.</summary>
    public abstract IDisposable HoldDevice(DevicePath device);

    /// <summary>Has something open in the mount until the result is disposed of.</summary>
    public abstract IDisposable HoldMount(MountPath mounted);

    /// <summary>Makes a volume group of LVM with 64 MiB at least and 256 MiB at most, that is gone when the result is
    /// disposed of.</summary>
    public abstract IDisposable MakeVolumeGroup(string name);

    /// <summary>A disk with sectors of 4 KiB, of at least 512 MiB, that is gone when the result is disposed
    /// of.</summary>
    public abstract IDisposable MakeDiskOfLargeSectors(out DevicePath disk);

    /// <summary>Somebody else attaches the file, with sectors of 4 KiB.</summary>
    public abstract void AttachWithLargeSectors(LoopFile file);

    /// <summary>Makes an xfs of the smallest sectors that the device takes, as mkfs.xfs does by itself.</summary>
    public abstract void FormatXfsOfOwnSectors(DevicePath device);

    /// <summary>Gives a file system a feature that no kernel knows.</summary>
    /// <param name="barsReading">One of those without which a kernel refuses even to read.</param>
    public abstract void GiveUnknownFeature(DevicePath device, FileSystemKind kind, bool barsReading);

    /// <summary>Creates a device and gives it no table, as one who dies in the midst of making it.</summary>
    public abstract void LeaveWithoutTable(MappedName name, MappedUuid uuid);

    /// <summary>Overwrites a block of a pool's metadata at rest that tells which blocks are free.</summary>
    public abstract void DamageMetadata(DevicePath metadata);

    /// <summary>Marks a pool's metadata at rest as the kernel does when an operation on them fails.</summary>
    public abstract void MarkNeedsCheck(DevicePath metadata);

    /// <summary>Sends the pool the message reserve_metadata_snap, as a foreign program would.</summary>
    public abstract KernelResult HoldMetadataSnapshot(MappedName pool);
}
