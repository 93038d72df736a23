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

    /// <param name="dataBlocks">How many blocks the pool has: the metadata snapshot does not tell.</param>
    public KernelResult Dump(DevicePath metadata, ulong heldRoot, ulong dataBlocks, Stream into)
    {
        var text = new MetadataTextWriter(into, dataBlocks);
        var dumped = runner.RunInto(
            ThinDump, metadata.Value, text, $"--metadata-snap={Number(heldRoot)}", metadata.Value);
        text.Flush();
        return dumped;
    }

    /// <remarks>thin_restore takes nothing but a regular file. What it is told of the pool's size is in the text and in
    /// the option: version 1.1.0 believes the one, 0.9.0 the other.</remarks>
    public KernelResult Restore(
        Stream text, LoopFile scratch, DevicePath into, MetadataShape shape, bool yielding)
    {
        try
        {
            using var file = new FileStream(
                scratch.Value, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 1 << 16,
                FileOptions.DeleteOnClose);
            var sized = new MetadataTextWriter(file, shape.DataBlocks);
            text.CopyTo(sized);
            sized.Flush();
            string[] arguments =
                ["-i", scratch.Value, "-o", into.Value, "--nr-data-blocks", Number(shape.DataBlocks)];
            return yielding
                ? runner.RunYielding(ThinRestore, into.Value, arguments)
                : runner.Run(ThinRestore, into.Value, arguments);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            return KernelErrors.From(cause, "write", scratch.Value);
        }
    }

    private static string Number(ulong value) => value.ToString(CultureInfo.InvariantCulture);
}
