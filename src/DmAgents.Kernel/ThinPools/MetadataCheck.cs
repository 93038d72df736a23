using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Processes;

namespace DmAgents.Kernel.ThinPools;

/// <summary>The check of metadata at rest, by the program that the kernel's own authors keep for it.</summary>
internal sealed class MetadataCheck(ProcessRunner runner)
{
    public static readonly SystemProgram ThinCheck = new("thin_check", "thin-provisioning-tools");

    public KernelResult Run(DevicePath metadata) => Run(metadata, [metadata.Value]);

    /// <summary>Checks, and takes the mark away where nothing is wrong.</summary>
    public KernelResult Clear(DevicePath metadata) => Run(metadata, ["--clear-needs-check-flag", metadata.Value]);

    private KernelResult Run(DevicePath metadata, string[] arguments)
    {
        var checkedMetadata = runner.Run(ThinCheck, metadata.Value, arguments);
        return checkedMetadata.Error is { Fault: KernelFault.Failed } damaged
            ? damaged with { Fault = KernelFault.Invalid }
            : checkedMetadata;
    }
}
