using System.Collections.Immutable;

namespace DmAgents.Domain.Pools.Metadata;

/// <summary>The result of a test restore of a backup.</summary>
/// <param name="Why">Why it is not proved: the restore failed, or could not be run; null if it is proved.</param>
/// <param name="Took">How long the test took.</param>
/// <param name="At">When it ended.</param>
public sealed record BackupProof(string? Why, TimeSpan Took, DateTimeOffset At)
{
    public bool IsProved => Why is null;
}

/// <summary>The proofs of a pool's latest backups, by the backup's name.</summary>
public sealed record BackupProofs
{
    /// <summary>The journal keeps at most this number, and drops the oldest.</summary>
    private const int Most = 64;

    public static BackupProofs None { get; } = new();

    /// <summary>Names are times, so the last one is the latest.</summary>
    public ImmutableSortedDictionary<string, BackupProof> ByName { get; private init; } =
        ImmutableSortedDictionary.Create<string, BackupProof>(StringComparer.Ordinal);

    /// <summary>The test that ended last; null if there was none.</summary>
    public BackupProof? Last => ByName.Values.MaxBy(proof => proof.At);

    /// <summary>The latest backup that is proved; null if none is.</summary>
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
/// <param name="Every">At most one proof in this time, of the latest backup; zero: every backup; null: none.</param>
/// <param name="SharePercent">The share of time that the proofs of one pool may take. After a long proof the next one
/// waits, and backups in between are not proved.</param>
public sealed record ProofSettings(TimeSpan? Every, double SharePercent)
{
    public static ProofSettings Never { get; } = new(null, 100);
}

/// <summary>Which backup of a pool is due for a proof. Pure.</summary>
public static class ProofPlan
{
    /// <summary>The delay before a retry: an obstacle such as a full disk or a missing program may be gone by
    /// then.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromHours(1);

    /// <returns>The name of the latest backup if its proof is due; otherwise null.</returns>
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
