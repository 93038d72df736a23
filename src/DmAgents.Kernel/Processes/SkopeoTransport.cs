using DmAgents.Domain.Ports;

namespace DmAgents.Kernel.Processes;

/// <summary>Copies images between registries and this host with skopeo.</summary>
public sealed class SkopeoTransport : IImageTransport
{
    private static readonly SystemProgram Skopeo = new("skopeo", "skopeo");

    public KernelResult Copy(TransportCopy copy, Func<KernelError?> watch, CancellationToken cancellation) =>
        WatchedProgram.Run(Skopeo, copy.Source, Arguments(copy), copy.Stall, watch, cancellation);

    internal static IReadOnlyList<string> Arguments(TransportCopy copy)
    {
        var arguments = new List<string>();
        if (copy.Platform is { } platform)
        {
            arguments.AddRange(["--override-os", platform.Os, "--override-arch", platform.Architecture]);
            if (platform.Variant is { } variant)
                arguments.AddRange(["--override-variant", variant]);
        }
        arguments.Add("copy");
        if (copy.AuthFile is { } file)
            arguments.AddRange(["--authfile", file]);
        if (copy.Insecure)
            arguments.AddRange(["--src-tls-verify=false", "--dest-tls-verify=false"]);
        // After "--" nothing counts as an option, whatever it begins with.
        arguments.AddRange(["--", copy.Source, copy.Destination]);
        return arguments;
    }
}
