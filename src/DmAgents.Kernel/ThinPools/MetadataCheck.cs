using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Processes;

namespace DmAgents.Kernel.ThinPools;

/// <summary>Checks metadata that is not in use with thin_check, the kernel authors' own program.</summary>
internal sealed class MetadataCheck(ProcessRunner runner)
{
    /// <summary>Exit statuses from here on mean a signal.</summary>
    private const int FirstOfSignals = 128;

    /// <summary>SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE and SIGSEGV (signal(7)) are crashes of the program itself,
    /// caused by damage. Any other signal was sent to it and says nothing about the metadata.</summary>
    private static readonly int[] OfItself = [4, 5, 6, 7, 8, 11];

    public static readonly SystemProgram ThinCheck = new("thin_check", "thin-provisioning-tools");

    public KernelResult Run(DevicePath metadata, bool yielding) => Run(metadata, yielding, [metadata.Value]);

    /// <summary>Checks, and clears the needs_check flag if nothing is wrong.</summary>
    public KernelResult Clear(DevicePath metadata) => 
        Run(metadata, yielding: false, ["--clear-needs-check-flag", metadata.Value]);

    /// <summary>Interprets thin_check's exit status: Invalid if the metadata is damaged.</summary>
    public static KernelResult Judge(KernelResult ended) =>
        ended.Error is { Fault: KernelFault.Failed, ExitStatus: > 0 } damaged
            && (damaged.ExitStatus < FirstOfSignals || OfItself.Contains(damaged.ExitStatus - FirstOfSignals))
            ? damaged with { Fault = KernelFault.Invalid }
            : ended;

    private KernelResult Run(DevicePath metadata, bool yielding, string[] arguments) => Judge(yielding
        ? runner.RunYielding(ThinCheck, metadata.Value, arguments)
        : runner.Run(ThinCheck, metadata.Value, arguments));
}
