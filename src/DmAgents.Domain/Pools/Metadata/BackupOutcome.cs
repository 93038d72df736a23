using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Metadata;

/// <summary>The outcome of a backup of a pool's metadata.</summary>
public abstract record BackupOutcome
{
    private BackupOutcome()
    {
    }

    /// <summary>The backup was made.</summary>
    /// <param name="Thins">How many thin devices it has.</param>
    /// <param name="Size">The size of its file.</param>
    /// <param name="Took">How long it took; for that time the agent held the pool's metadata snapshot.</param>
    public sealed record Made(BackupName Name, TransactionId TransactionId, int Thins, ByteSize Size, TimeSpan Took)
        : BackupOutcome;

    /// <summary>The backup failed.</summary>
    public sealed record Failed(string Why) : BackupOutcome;

    /// <summary>A test restore to a copy succeeded: the copy is sound and has the expected devices.</summary>
    /// <param name="Took">How long that took.</param>
    public sealed record Proved(BackupName Name, TimeSpan Took) : BackupOutcome;

    /// <summary>A test restore failed, or could not be run.</summary>
    /// <param name="Took">How long that took.</param>
    public sealed record NotProved(BackupName Name, string Why, TimeSpan Took) : BackupOutcome;
}
