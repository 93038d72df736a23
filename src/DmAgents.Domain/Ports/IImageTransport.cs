namespace DmAgents.Domain.Ports;

/// <summary>Brings images from registries and to them, by the program that does it on this host (Debian: skopeo), with
/// its own credentials, mirrors and policy.</summary>
public interface IImageTransport
{
    /// <summary>Copies an image. Minutes: it has no deadline, but is ended if it makes no progress for too long, if
    /// <paramref name="watch"/> says so, or if it is cancelled.</summary>
    /// <param name="copy">What is copied where.</param>
    /// <param name="watch">Is called each second; what it returns ends the program and is the result.</param>
    /// <param name="cancellation">Ends the program.</param>
    /// <returns>NotSupported, naming the package, if the program is not installed; TimedOut if it made no progress;
    /// Failed with its last lines.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    KernelResult Copy(TransportCopy copy, Func<KernelError?> watch, CancellationToken cancellation);
}

/// <summary>One copy between a registry and an OCI layout.</summary>
/// <param name="Source">As the program names it: <c>docker://debian:12</c>, <c>oci:/dir:name</c>.</param>
/// <param name="Destination">As <paramref name="Source"/>.</param>
/// <param name="Stall">How long it may make no progress.</param>
public sealed record TransportCopy(string Source, string Destination, TimeSpan Stall)
{
    /// <summary>A file with credentials for registries; null: where the program looks by itself. Never logged.
    /// </summary>
    public string? AuthFile { get; init; }

    /// <summary>A registry without TLS, or with a certificate that no known authority signed, is taken.</summary>
    public bool Insecure { get; init; }

    /// <summary>Which platform of an image for several; null: the host's.</summary>
    public TransportPlatform? Platform { get; init; }
}

/// <summary>A platform in the words of image indexes.</summary>
public sealed record TransportPlatform(string Os, string Architecture, string? Variant);
