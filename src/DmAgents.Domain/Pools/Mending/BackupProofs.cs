using System.Collections.Immutable;

namespace DmAgents.Domain.Pools.Mending;

/// <summary>What came of trying whether a backup can be restored.</summary>
/// <param name="Why">Why it is not proved: it cannot be restored, or that could not be tried; null where it is.</param>
/// <param name="Took">How long the try took.</param>
/// <param name="At">When it ended.</param>
public sealed record BackupProof(string? Why, TimeSpan Took, DateTimeOffset At)
{
    public bool IsProved => Why is null;
}

/// <summary>The proofs of a pool's latest backups, by the backup's name.</summary>
public sealed record BackupProofs
{
    /// <summary>A journal keeps no more: the next older one is forgotten.</summary>
    private const int Most = 64;

    public static BackupProofs None { get; } = new();

    /// <summary>Names are times, so that the last one is the latest.</summary>
    public ImmutableSortedDictionary<string, BackupProof> ByName { get; private init; } =
        ImmutableSortedDictionary.Create<string, BackupProof>(StringComparer.Ordinal);

    /// <summary>The try that ended last; null: there was none.</summary>
    public BackupProof? Last => ByName.Values.MaxBy(proof => proof.At);

    /// <summary>The latest backup that is known to be restorable; null: none is.</summary>
    public string? LatestProved =>
        ByName.Where(proof => proof.Value.IsProved).Select(proof => proof.Key).LastOrDefault();

    public BackupProof? Of(string name) => ByName.GetValueOrDefault(name);

    public BackupProofs With(string name, BackupProof proof)
    {
        var all = ByName.SetItem(name, proof);
        return new BackupProofs { ByName = all.Count > Most ? all.Remove(all.Keys.First()) : all };
    }

    public bool Equals(BackupProofs? other) => other is not null && ByName.SequenceEqual(other.ByName);

    public override int GetHashCode() => ByName.Count;
}

/// <summary>When backups are proved.</summary>
/// <param name="Every">At most one in such a time, the latest; zero: each; null: none.</param>
/// <param name="SharePercent">How much of the time the proofs of one pool may take: after one that took long the next
/// waits, and backups in between are not proved.</param>
public sealed record ProofSettings(TimeSpan? Every, double SharePercent)
{
    public static ProofSettings Never { get; } = new(null, 100);
}

/// <summary>Which backup of a pool is to be proved now. Pure.</summary>
public static class ProofPlan
{
    /// <summary>What stood in the way (a full disk, a program that is missing) may be over by then.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromHours(1);

    /// <returns>The name of the latest backup, where it is time for its proof; else null.</returns>
    public static BackupName? Due(
        ProofSettings settings, BackupRecord? latest, BackupProofs proofs, DateTimeOffset now)
    {
        if (settings.Every is not { } every || !BackupName.TryParse(latest?.Name, out var name)
            || proofs.Of(name.ToString()) is { IsProved: true })
        {
            return null;
        }
        if (proofs.Last is not { } last)
            return name;
        var pause = last.Took * ((100 - settings.SharePercent) / settings.SharePercent);
        var least = proofs.Of(name.ToString()) is { IsProved: false } && every < Again ? Again : every;
        return now - last.At >= (pause > least ? pause : least) ? name : null;
    }
}
