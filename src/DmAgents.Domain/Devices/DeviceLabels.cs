namespace DmAgents.Domain.Devices;

/// <summary>Labels that the agent itself interprets.</summary>
public static class DeviceLabels
{
    /// <summary>An import made the layer; it is removed when no image needs it. The value is the import's
    /// request.</summary>
    public const string Import = "dmagents.io/import";

    /// <summary>The image that a container was created from, for people.</summary>
    public const string Image = "dmagents.io/image";

    /// <summary>Docker's device between an image and a container, with mount points: an existing container does not
    /// need it. The value is the container's id in Docker.</summary>
    public const string DockerInit = "dmagents.io/docker-init";

    /// <summary>The id in Docker of a container that was taken over.</summary>
    public const string DockerId = "dmagents.io/docker-id";

    /// <summary>The digest of the tar that a layer was made from.</summary>
    public const string DiffId = "dmagents.io/diff-id";
}
