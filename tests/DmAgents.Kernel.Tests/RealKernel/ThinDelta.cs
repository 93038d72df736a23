using System.Globalization;
using System.Xml.Linq;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.DeviceMapper;
using DmAgents.Kernel.Tests.Contract;
using static DmAgents.Kernel.Tests.RealKernel.PoolFixture;

namespace DmAgents.Kernel.Tests.RealKernel;

/// <summary>The kernel authors' program for the same question: thin_delta, through a metadata snapshot of its own.
/// </summary>
internal static class ThinDelta
{
    /// <summary>The virtual blocks that two thin ids of a live pool do not map to the same place.</summary>
    public static HashSet<ulong> Run(IKernel kernel, MappedName pool, DevicePath metadata, uint left, uint right)
    {
        using var control = Ok(DmControl.Open());
        Ok(control.Message(pool, "reserve_metadata_snap"));
        try
        {
            var root = Ok(kernel.PoolStatus(pool)).HeldRoot!.Value.ToString(CultureInfo.InvariantCulture);
            var text = Programs.Run(
                "/usr/sbin/thin_delta", $"--metadata-snap={root}", "--snap1", Text(left), "--snap2", Text(right),
                metadata.Value);
            return [.. XDocument.Parse(text).Descendants("diff").Elements()
                .Where(range => range.Name.LocalName is "different" or "left_only" or "right_only")
                .SelectMany(range => Blocks(Number(range, "begin"), Number(range, "length")))];
        }
        finally
        {
            Ok(kernel.ReleaseMetadataSnapshot(pool));
        }
    }

    public static IEnumerable<ulong> Blocks(ulong start, ulong count)
    {
        for (var block = start; block < start + count; block++)
            yield return block;
    }

    private static ulong Number(XElement range, string name) =>
        ulong.Parse(range.Attribute(name)!.Value, CultureInfo.InvariantCulture);

    private static string Text(uint number) => number.ToString(CultureInfo.InvariantCulture);
}
