using System.Text;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.Processes;

namespace DmAgents.Kernel.BlockDevices;

/// <summary>LVM through its own programs: their exit status says only that they refused.</summary>
internal sealed class VolumeGroups(ProcessRunner runner)
{
    private static readonly SystemProgram Vgs = new("vgs", "lvm2");
    private static readonly SystemProgram Lvs = new("lvs", "lvm2");
    private static readonly SystemProgram LvCreate = new("lvcreate", "lvm2");
    private static readonly SystemProgram LvChange = new("lvchange", "lvm2");

    public static IReadOnlyList<SystemProgram> Programs { get; } = [Vgs, Lvs, LvCreate, LvChange];

    public KernelResult<IReadOnlyList<DevicePath>> DisksOf(string group)
    {
        using var text = new MemoryStream();
        var listed = OfGroup(runner.RunInto(Vgs, group, text, "--noheadings", "--options", "pv_name", group));
        return listed.Succeeded
            ? KernelResult.Found<IReadOnlyList<DevicePath>>(
                [.. Encoding.UTF8.GetString(text.ToArray())
                    .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                    .Where(line => line.StartsWith('/')).Select(line => new DevicePath(line))])
            : listed.Error;
    }

    public KernelResult<DevicePath> Ensure(LogicalVolume volume, ByteSize size)
    {
        var group = OfGroup(runner.Run(Vgs, volume.Group, volume.Group));
        if (!group.Succeeded)
            return group.Error!;
        var subject = volume.ToString();
        var made = runner.Run(Lvs, subject, subject).Succeeded
            ? runner.Run(LvChange, subject, "--activate", "y", subject)
            : runner.Run(LvCreate, subject, "--yes", "--wipesignatures", "y", "--zero", "y",
                "--name", volume.Name, "--size", $"{size.Bytes}b", volume.Group);
        return made.Succeeded ? volume.Path : made.Error!;
    }

    private static KernelResult OfGroup(KernelResult looked) => looked.Error is { Fault: KernelFault.Failed } missing
        ? missing with { Fault = KernelFault.NotFound }
        : looked;
}
