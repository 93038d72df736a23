using DmAgents.Agent.Configuration;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Images.Sources;

namespace DmAgents.Agent.Registries;

/// <summary>How to access a registry.</summary>
/// <param name="AuthFile">A file with credentials; null: the program's default locations. Never logged.</param>
/// <param name="Insecure">Also without TLS, or with an unknown certificate.</param>
internal sealed record RegistryAccess(string? AuthFile, bool Insecure);

/// <summary>Copies images between registries and layouts in the spool directory. The program may take any time as long
/// as it makes progress, and is ended before the disk, which may be the journal's, is full.</summary>
internal sealed class RegistryTransport(IImageTransport transport, AgentSettings settings)
{
    private const long LargestReserve = 1L << 30;

    /// <summary>Fetches an image into an empty layout.</summary>
    /// <param name="report">Receives the layout's size, each second.</param>
    public Task Fetch(
        string what, string image, RegistryLayout layout, Platform? platform, RegistryAccess access,
        Action<ByteSize> report, CancellationToken cancellation) => Run(
            what, image, new TransportCopy($"docker://{image}", layout.Name, settings.SenderTimeout)
            {
                Platform = platform is null
                    ? null
                    : new TransportPlatform(platform.Os, platform.Architecture, platform.Variant),
            },
            access, () =>
            {
                report(layout.Size);
                return Full(layout);
            }, cancellation);

    /// <summary>Sends the image of a layout.</summary>
    public Task Send(
        string what, string destination, RegistryLayout layout, RegistryAccess access,
        CancellationToken cancellation) => Run(
            what, destination, new TransportCopy(layout.Name, $"docker://{destination}", settings.SenderTimeout),
            access, () => null, cancellation);

    private async Task Run(
        string what, string image, TransportCopy copy, RegistryAccess access, Func<KernelError?> watch,
        CancellationToken cancellation)
    {
        if (access.AuthFile is { } file && !file.StartsWith('/'))
        {
            throw Refusals.Invalid(
                what, file, "the path of the credentials is not absolute", "give it as the agent's host sees it");
        }
        var withAccess = copy with { AuthFile = access.AuthFile, Insecure = access.Insecure };
        // A thread of its own: it waits for the program.
        var done = await Task.Factory.StartNew(
            () => transport.Copy(withAccess, watch, cancellation), CancellationToken.None,
            TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        if (done.Error is { } error)
            throw Of(what, image, error);
    }

    private KernelError? Full(RegistryLayout layout)
    {
        var disk = new DriveInfo(settings.SpoolDirectory);
        return disk.AvailableFreeSpace >= Math.Min(LargestReserve, disk.TotalSize / 10)
            ? null
            : new KernelError(KernelFault.NoSpace, 0, "skopeo", layout.Directory, "the disk is nearly full");
    }

    private RefusedException Of(string what, string image, KernelError error) => error.Fault switch
    {
        KernelFault.NotSupported => Refusals.Because(
            Domain.Pools.RefusalKind.WrongState, what, image, "skopeo is not installed, by which the agent speaks to "
            + "registries", "apt-get install skopeo"),
        KernelFault.NoSpace => Refusals.Because(
            Domain.Pools.RefusalKind.NoSpace, what, image, $"{settings.SpoolDirectory} has no room for it",
            "make room there, or set image.spool-directory to a directory on another disk"),
        KernelFault.TimedOut => Refusals.Because(
            Domain.Pools.RefusalKind.Failed, what, image, $"the registry has stalled: {error.Detail}",
            "try again; if it needs longer pauses, set image.sender-timeout to more"),
        _ => Refusals.Because(
            Domain.Pools.RefusalKind.Failed, what, image, $"skopeo failed: {error.Detail}",
            "check the name; if the registry wants a login: skopeo login, or give --authfile"),
    };
}
