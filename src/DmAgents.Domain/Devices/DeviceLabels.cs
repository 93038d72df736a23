namespace DmAgents.Domain.Devices;

/// <summary>Labels with a meaning for the agent itself.</summary>
public static class DeviceLabels
{
    /// <summary>The layer came by an import, and goes when no image needs it. The value is the import's
    /// request.</summary>
    public const string Import = "dmagents.io/import";

    /// <summary>The image that a container was made of, for people.</summary>
    public const string Image = "dmagents.io/image";

    /// <summary>Docker's device between an image and a container, with mount points: no container needs it once it is
    /// there. The value is the container's id in Docker.</summary>
    public const string DockerInit = "dmagents.io/docker-init";

    /// <summary>A container's id in Docker, from which it was taken over.</summary>
    public const string DockerId = "dmagents.io/docker-id";

    /// <summary>The digest of the tar that a layer was made of.</summary>
    public const string DiffId = "dmagents.io/diff-id";
}
