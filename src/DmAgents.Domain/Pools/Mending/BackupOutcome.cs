using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Mending;

/// <summary>How a backup of a pool's metadata went.</summary>
public abstract record BackupOutcome
{
    private BackupOutcome()
    {
    }

    /// <summary>It was made.</summary>
    /// <param name="Thins">How many thin devices it has.</param>
    /// <param name="Size">What its file takes.</param>
    /// <param name="Took">How long it took, for which the pool's metadata snapshot was held.</param>
    public sealed record Made(BackupName Name, TransactionId TransactionId, int Thins, ByteSize Size, TimeSpan Took)
        : BackupOutcome;

    /// <summary>It could not be made.</summary>
    public sealed record Failed(string Why) : BackupOutcome;

    /// <summary>It was restored on a copy, and the copy is sound and has the devices that it should.</summary>
    /// <param name="Took">How long that took.</param>
    public sealed record Proved(BackupName Name, TimeSpan Took) : BackupOutcome;

    /// <summary>It was tried whether it can be restored, and it could not, or the try could not be made.</summary>
    /// <param name="Took">How long that took.</param>
    public sealed record NotProved(BackupName Name, string Why, TimeSpan Took) : BackupOutcome;
}
