using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Processes;

namespace DmAgents.Kernel.ThinPools;

/// <summary>The check of metadata at rest, by the program that the kernel's own authors keep for it.</summary>
internal sealed class MetadataCheck(ProcessRunner runner)
{
    public static readonly SystemProgram ThinCheck = new("thin_check", "thin-provisioning-tools");

    public KernelResult Run(DevicePath metadata)
    {
        var checkedMetadata = runner.Run(ThinCheck, metadata.Value, metadata.Value);
        return checkedMetadata.Error is { Fault: KernelFault.Failed } damaged
            ? damaged with { Fault = KernelFault.Invalid }
            : checkedMetadata;
    }
}
