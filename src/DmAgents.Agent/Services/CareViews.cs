using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Pools.Metadata;
using BackupProof = DmAgents.Domain.Pools.Metadata.BackupProof;
using KeptMetadata = DmAgents.Domain.Pools.Metadata.KeptMetadata;

namespace DmAgents.Agent.Services;

/// <summary>Maintenance of a pool, in the API's terms: trimming, quarantine, its metadata and their backups.</summary>
internal static class CareViews
{
    public static TrimPoolReply Trimmed(TrimReport report)
    {
        var reply = new TrimPoolReply
        {
            Pool = report.Before.Pool.Name.Value,
            DataUsedBeforeBytes = report.Before.DataUsed.Bytes,
            DataUsedAfterBytes = report.After.DataUsed.Bytes,
        };
        reply.Trimmed.Add(report.FileSystems.Select(Trimmed));
        if ((report.Before.HostAllocated, report.After.HostAllocated) is ({ } before, { } after))
        {
            reply.HostAllocatedBeforeBytes = before.Bytes;
            reply.HostAllocatedAfterBytes = after.Bytes;
        }
        return reply;
    }

    public static QuarantinedDevice Quarantined(QuarantinedThin thin)
    {
        var device = new QuarantinedDevice
        {
            Pool = thin.Pool.Value,
            ThinId = thin.Record.Id.Value,
            Key = thin.Record.Hint is { } hint ? KeyText.Of(hint.Key) : "",
            Why = thin.Record.Why,
            Since = Views.Time(thin.Record.Since),
            MappedBytes = thin.Mapped.Bytes,
            Parent = thin.Parent,
        };
        if (thin.CreatedIn is { } transaction)
            device.CreatedInTransactionId = transaction.Value;
        return device;
    }

    public static Backup Backup(KnownBackup known) =>
        Backup(known.File.Name, known.File.Size.Bytes, known.Transaction, known.Proof);

    public static BackUpReply Made(PoolName pool, ProvedBackup backup) => new()
    {
        Pool = pool.Value,
        Backup = Backup(
            backup.Made.Name, backup.Made.Cost.Size.Bytes, backup.Made.Content.TransactionId, backup.Proof),
        ThinDevices = (uint)backup.Made.Content.Thins.Length,
        TookMilliseconds = (ulong)backup.Made.Cost.Took.TotalMilliseconds,
    };

    public static Api.Admin.V1.KeptMetadata Kept(KeptMetadata kept) =>
        new() { Place = kept.ToString(), Since = Views.Time(kept.Since) };

    /// <summary>Null: it was not tried.</summary>
    public static Api.Admin.V1.BackupProof? Proof(BackupProof? proof) => proof is null
        ? null
        : new Api.Admin.V1.BackupProof
        {
            At = Views.Time(proof.At), TookMilliseconds = (ulong)proof.Took.TotalMilliseconds,
            WhyNot = proof.Why ?? "",
        };

    private static TrimPoolReply.Types.Trimmed Trimmed(TrimmedDevice trimmed) => new()
    {
        Container = KeyText.Of(trimmed.Key),
        TrimmedBytes = trimmed.HandedDown.Bytes,
        GivenBackBytes = trimmed.GivenBack.Bytes,
        UnmappedBytes = trimmed.Unmapped.Bytes,
    };

    private static Backup Backup(BackupName name, ulong size, TransactionId? transaction, BackupProof? proof)
    {
        var backup = new Backup
        {
            Name = name.ToString(), At = Views.Time(name.At), SizeBytes = size, Proof = Proof(proof),
        };
        if (transaction is { } id)
            backup.TransactionId = id.Value;
        return backup;
    }
}
