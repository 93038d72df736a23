namespace DmAgents.Domain.Ports;

/// <summary>Pulls and pushes images with the host's own program (Debian: skopeo), and with that program's credentials,
/// mirrors and policy.</summary>
public interface IImageTransport
{
    /// <summary>Copies an image. Takes minutes. It has no deadline, but ends if it makes no progress for too long, if
    /// <paramref name="watch"/> returns an error, or if it is cancelled.</summary>
    /// <param name="copy">Source and destination.</param>
    /// <param name="watch">Called each second; an error from it ends the program and becomes the result.</param>
    /// <param name="cancellation">Ends the program.</param>
    /// <returns>NotSupported, naming the package, if the program is not installed; TimedOut if it made no progress;
    /// Failed with the program's last lines.</returns>
    /// <exception cref="OperationCanceledException">The copy was cancelled.</exception>
    KernelResult Copy(TransportCopy copy, Func<KernelError?> watch, CancellationToken cancellation);
}

/// <summary>One copy between a registry and an OCI layout.</summary>
/// <param name="Source">In the program's notation: <c>docker://debian:12</c>, <c>oci:/dir:name</c>.</param>
/// <param name="Destination">As <paramref name="Source"/>.</param>
/// <param name="Stall">How long it may make no progress.</param>
public sealed record TransportCopy(string Source, string Destination, TimeSpan Stall)
{
    /// <summary>A file with credentials for registries; null: the program's default. Never logged.</summary>
    public string? AuthFile { get; init; }

    /// <summary>Accepts a registry without TLS, or with a certificate from an unknown authority.</summary>
    public bool Insecure { get; init; }

    /// <summary>The platform to copy from a multi-platform image; null: the host's.</summary>
    public TransportPlatform? Platform { get; init; }
}

/// <summary>A platform as image indexes name it.</summary>
public sealed record TransportPlatform(string Os, string Architecture, string? Variant);
