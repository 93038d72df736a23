namespace DmAgents.Domain.Pools.Mending;

/// <summary>Of what a pool's metadata are made anew.</summary>
public abstract record MetadataSource
{
    private MetadataSource()
    {
    }

    /// <summary>Of those that it has, as far as they can be saved.</summary>
    public sealed record Present : MetadataSource;

    /// <summary>Of a backup: as they were at its time.</summary>
    public sealed record Backup(BackupName Name) : MetadataSource;
}
