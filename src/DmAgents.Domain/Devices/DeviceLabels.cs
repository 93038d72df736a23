namespace DmAgents.Domain.Devices;

/// <summary>Labels with a meaning for the agent itself.</summary>
public static class DeviceLabels
{
    /// <summary>The layer came by an import, and goes when no image needs it. The value is the import's request.</summary>
    public const string Import = "dmagents.io/import";

    /// <summary>The image that a container was made of, for people.</summary>
    public const string Image = "dmagents.io/image";

    /// <summary>The digest of the tar that a layer was made of.</summary>
    public const string DiffId = "dmagents.io/diff-id";
}
