using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Testing.Contracts;

namespace DmAgents.Testing.Simulation;

/// <summary>A fresh simulated host with the disks of the contract.</summary>
public sealed class SimulatedKernelFixture : KernelFixture
{
    public SimulatedKernelFixture()
    {
        MetadataDisk = Simulation.AddDisk("/dev/sda", ByteSize.MiB(64));
        DataDisk = Simulation.AddDisk("/dev/sdb", ByteSize.GiB(1));
    }

    public SimulatedKernel Simulation { get; } = new();

    public override IKernel Kernel => Simulation;

    public override DevicePath MetadataDisk { get; }

    public override DevicePath DataDisk { get; }

    public override string ScratchDirectory => "/var/tmp/contract";

    public override void WriteFile(MountPath mounted, string name, byte[] bytes, ulong offset = 0) =>
        Simulation.PatchFile(mounted, name, offset, bytes).Must();

    public override byte[] ReadFile(MountPath mounted, string name) => Simulation.ReadFile(mounted, name).Must();

    public override void DeleteFile(MountPath mounted, string name) => Simulation.DeleteFile(mounted, name).Must();

    public override IReadOnlyList<string> ListFiles(MountPath mounted) => Simulation.ListFiles(mounted).Must();

    public override ByteSize SizeOf(MountPath mounted) => Simulation.SizeOf(mounted).Must();

    public override IDisposable HoldDevice(DevicePath device) => Simulation.HoldDevice(device);

    public override IDisposable HoldMount(MountPath mounted) => Simulation.HoldMount(mounted);

    public override IDisposable MakeVolumeGroup(string name)
    {
        Simulation.AddVolumeGroup(name, ByteSize.MiB(124));
        return new MemoryStream();
    }

    public override IDisposable MakeDiskOfLargeSectors(out DevicePath disk)
    {
        disk = Simulation.AddDisk(
            "/dev/test-4k", ByteSize.MiB(512), shape: DiskShape.Plain with { Sector = ByteSize.KiB(4) });
        return new MemoryStream();
    }

    public override void AttachWithLargeSectors(LoopFile file) => Simulation.Reshape(
        Simulation.AttachLoop(file).Must(), DiskShape.Plain with { Sector = ByteSize.KiB(4) });

    public override void FormatXfsOfOwnSectors(DevicePath device) => Simulation.FormatXfsOfOwnSectors(device).Must();

    public override void GiveUnknownFeature(DevicePath device, FileSystemKind kind, bool barsReading) =>
        Simulation.GiveFeature(
            device, FileSystemTraits.UnknownBit(barsReading ? "incompat" : "ro_compat", FeatureContract.Bit)).Must();

    public override void LeaveWithoutTable(MappedName name, MappedUuid uuid) =>
        Xunit.Assert.True(Simulation.LeaveWithoutTable(name, uuid));

    public override void DamageMetadata(DevicePath metadata) => Simulation.DamageMetadata(metadata);

    public override void MarkNeedsCheck(DevicePath metadata) => Simulation.MarkNeedsCheck(metadata);

    public override KernelResult HoldMetadataSnapshot(MappedName pool) => Simulation.HoldMetadataSnapshot(pool);
}
