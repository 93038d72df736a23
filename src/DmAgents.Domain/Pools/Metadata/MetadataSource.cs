namespace DmAgents.Domain.Pools.Metadata;

/// <summary>The source of a pool's replacement metadata.</summary>
public abstract record MetadataSource
{
    private MetadataSource()
    {
    }

    /// <summary>The present metadata, as far as they can be saved.</summary>
    public sealed record Present : MetadataSource;

    /// <summary>A backup: the metadata at its time.</summary>
    public sealed record Backup(BackupName Name) : MetadataSource;
}
