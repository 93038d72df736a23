using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Processes;

namespace DmAgents.Kernel.ThinPools;

/// <summary>The check of metadata at rest, by the program that the kernel's own authors keep for it.</summary>
internal sealed class MetadataCheck(ProcessRunner runner)
{
    /// <summary>An exit status from here on tells of a signal.</summary>
    private const int FirstOfSignals = 128;

    /// <summary>SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE and SIGSEGV (signal(7)) come of the program itself, which
    /// damage makes stumble; any other tells of who killed it, not of what it found.</summary>
    private static readonly int[] OfItself = [4, 5, 6, 7, 8, 11];

    public static readonly SystemProgram ThinCheck = new("thin_check", "thin-provisioning-tools");

    public KernelResult Run(DevicePath metadata, bool yielding) => Run(metadata, yielding, [metadata.Value]);

    /// <summary>Checks, and takes the mark away where nothing is wrong.</summary>
    public KernelResult Clear(DevicePath metadata) => 
        Run(metadata, yielding: false, ["--clear-needs-check-flag", metadata.Value]);

    /// <summary>What thin_check's end says of the metadata: Invalid where they are damaged.</summary>
    public static KernelResult Judge(KernelResult ended) =>
        ended.Error is { Fault: KernelFault.Failed, ExitStatus: > 0 } damaged
            && (damaged.ExitStatus < FirstOfSignals || OfItself.Contains(damaged.ExitStatus - FirstOfSignals))
            ? damaged with { Fault = KernelFault.Invalid }
            : ended;

    private KernelResult Run(DevicePath metadata, bool yielding, string[] arguments) => Judge(yielding
        ? runner.RunYielding(ThinCheck, metadata.Value, arguments)
        : runner.Run(ThinCheck, metadata.Value, arguments));
}
