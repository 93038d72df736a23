using System.Globalization;
using System.Text;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.BlockDevices;
using DmAgents.Kernel.Interop;
using DmAgents.Kernel.Processes;
using DmAgents.Kernel.ThinPools.Metadata;

namespace DmAgents.Kernel.ThinPools;

/// <summary>Repairs, dumps and restores metadata with the kernel authors' own programs.</summary>
internal sealed class MetadataPrograms(ProcessRunner runner)
{
    private const string Package = "thin-provisioning-tools";

    public static readonly SystemProgram ThinRepair = new("thin_repair", Package);
    public static readonly SystemProgram ThinDump = new("thin_dump", Package);
    public static readonly SystemProgram ThinRestore = new("thin_restore", Package);

    /// <summary>Repairs with thin_repair. If that fails, or saves fewer devices than the agent's own reader reaches,
    /// restores what the reader reads out.</summary>
    /// <remarks>0.9.0 saves what it reaches, but omits devices without details. 1.1.0 saves all devices or, if one node
    /// of one device is damaged, none ("no compatible roots found").</remarks>
    public KernelResult<MetadataRepair> Repair(
        DevicePath damaged, LoopFile scratch, DevicePath into, MetadataShape shape)
    {
        var repaired = ThinRepaired(damaged, into, shape);
        if (!repaired.Succeeded && !repaired.FailedWith(KernelFault.Failed))
            return repaired.Error;
        var saved = repaired.Succeeded ? DevicesOf(into) : 0;
        // thin_repair refuses metadata in use, such as a live pool's, because it changes during the reading.
        var owned = BlockNodes.Open(damaged, OpenFlags.ReadOnly | OpenFlags.Exclusive);
        if (!owned.Succeeded)
            return repaired.Succeeded ? MetadataRepair.ByProgram : repaired.Error;
        using var unused = owned.Value;
        var blocks = MetadataBlocks.Open(damaged);
        if (!blocks.Succeeded)
            return repaired.Succeeded ? MetadataRepair.ByProgram : repaired.Error;
        using (blocks.Value)
        {
            var superblock = MetadataSnapshot.Open(blocks.Value, heldRoot: 0);
            if (!superblock.Succeeded)
                return repaired.Succeeded ? MetadataRepair.ByProgram : repaired.Error;
            var reached = superblock.Value.ReadOut(shape);
            reached.Write(TextWriter.Null);
            if (reached.Devices <= saved)
                return repaired.Succeeded ? MetadataRepair.ByProgram : repaired.Error;
            var restored = Restore(text =>
            {
                using var writer = new StreamWriter(text, Encoding.ASCII, bufferSize: 1 << 16, leaveOpen: true);
                reached.Write(writer);
            }, scratch, into, shape, yielding: false);
            return restored.Succeeded ? MetadataRepair.ByReader : restored.Error;
        }
    }

    /// <summary>0 if the metadata cannot be read.</summary>
    private static int DevicesOf(DevicePath metadata)
    {
        var blocks = MetadataBlocks.Open(metadata);
        if (!blocks.Succeeded)
            return 0;
        using (blocks.Value)
        {
            var superblock = MetadataSnapshot.Open(blocks.Value, heldRoot: 0);
            return superblock.Succeeded && superblock.Value.List() is { Succeeded: true } thins ? thins.Value.Count : 0;
        }
    }

    private KernelResult ThinRepaired(DevicePath damaged, DevicePath into, MetadataShape shape)
    {
        string[] places = ["-i", damaged.Value, "-o", into.Value];
        var repaired = runner.Run(ThinRepair, damaged.Value, places);
        // thin_repair trusts these options blindly, so it gets them only if it fails without them.
        if (repaired.FailedWith(KernelFault.Failed))
        {
            repaired = runner.Run(ThinRepair, damaged.Value,
            [
                "--transaction-id", shape.TransactionId.ToString(),
                "--data-block-size", Number(shape.BlockSize.Sectors.Value),
                "--nr-data-blocks", Number(shape.DataBlocks),
                .. places,
            ]);
        }
        return repaired.Then(() => SpaceMapEnds.Complete(into));
    }

    /// <param name="dataBlocks">The number of blocks in the pool: the metadata snapshot does not hold it.</param>
    public KernelResult Dump(DevicePath metadata, ulong heldRoot, ulong dataBlocks, Stream into)
    {
        var text = new MetadataTextWriter(into, dataBlocks);
        var dumped = runner.RunInto(
            ThinDump, metadata.Value, text, $"--metadata-snap={Number(heldRoot)}", metadata.Value);
        text.Flush();
        return dumped;
    }

    /// <remarks>thin_restore accepts only a regular file. The pool's size is in both the text and the option: version
    /// 1.1.0 uses the former, 0.9.0 the latter.</remarks>
    public KernelResult Restore(
        Stream text, LoopFile scratch, DevicePath into, MetadataShape shape, bool yielding) => Restore(file =>
    {
        var sized = new MetadataTextWriter(file, shape.DataBlocks);
        text.CopyTo(sized);
        sized.Flush();
    }, scratch, into, shape, yielding);

    private KernelResult Restore(
        Action<Stream> write, LoopFile scratch, DevicePath into, MetadataShape shape, bool yielding)
    {
        try
        {
            using var file = new FileStream(
                scratch.Value, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 1 << 16,
                FileOptions.DeleteOnClose);
            write(file);
            file.Flush();
            string[] arguments =
                ["-i", scratch.Value, "-o", into.Value, "--nr-data-blocks", Number(shape.DataBlocks)];
            var restored = yielding
                ? runner.RunYielding(ThinRestore, into.Value, arguments)
                : runner.Run(ThinRestore, into.Value, arguments);
            return restored.Then(() => SpaceMapEnds.Complete(into));
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            return KernelErrors.From(cause, "write", scratch.Value);
        }
    }

    private static string Number(ulong value) => value.ToString(CultureInfo.InvariantCulture);
}
