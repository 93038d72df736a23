using System.Globalization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Interop;
using DmAgents.Kernel.Processes;

namespace DmAgents.Kernel.ThinPools;

/// <summary>Repair, dump and restore of metadata, by the programs that the kernel's own authors keep for it.</summary>
internal sealed class MetadataPrograms(ProcessRunner runner)
{
    private const string Package = "thin-provisioning-tools";

    public static readonly SystemProgram ThinRepair = new("thin_repair", Package);
    public static readonly SystemProgram ThinDump = new("thin_dump", Package);
    public static readonly SystemProgram ThinRestore = new("thin_restore", Package);

    public KernelResult Repair(DevicePath damaged, DevicePath into, MetadataShape shape)
    {
        string[] places = ["-i", damaged.Value, "-o", into.Value];
        var repaired = runner.Run(ThinRepair, damaged.Value, places);
        // What it is told it believes: so only where the superblock cannot be asked.
        return repaired.FailedWith(KernelFault.Failed)
            ? runner.Run(ThinRepair, damaged.Value,
            [
                "--transaction-id", shape.TransactionId.ToString(),
                "--data-block-size", Number(shape.BlockSize.Sectors.Value),
                "--nr-data-blocks", Number(shape.DataBlocks),
                .. places,
            ])
            : repaired;
    }

    public KernelResult Dump(DevicePath metadata, ulong heldRoot, Stream into) =>
        runner.RunInto(ThinDump, metadata.Value, into, $"--metadata-snap={Number(heldRoot)}", metadata.Value);

    /// <remarks>thin_restore takes nothing but a regular file.</remarks>
    public KernelResult Restore(Stream text, LoopFile scratch, DevicePath into, MetadataShape shape)
    {
        try
        {
            using var file = new FileStream(
                scratch.Value, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 1 << 16,
                FileOptions.DeleteOnClose);
            text.CopyTo(file);
            file.Flush();
            return runner.Run(
                ThinRestore, into.Value,
                "-i", scratch.Value, "-o", into.Value, "--nr-data-blocks", Number(shape.DataBlocks));
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            return KernelErrors.From(cause, "write", scratch.Value);
        }
    }

    private static string Number(ulong value) => value.ToString(CultureInfo.InvariantCulture);
}
