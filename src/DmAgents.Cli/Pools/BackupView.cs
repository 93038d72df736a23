using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;

namespace DmAgents.Cli.Pools;

/// <summary>Whether a backup can be restored, in words.</summary>
internal static class BackupView
{
    /// <summary>For a column.</summary>
    public static string Restorable(BackupProof? proof, DateTimeOffset now) => proof switch
    {
        null => "not tried",
        { WhyNot.Length: > 0 } => $"NOT PROVED: {proof.WhyNot}",
        _ => $"proved {Times.Ago(proof.At, now)}",
    };

    /// <summary>For a sentence about the backup.</summary>
    public static string Proof(BackupProof? proof, DateTimeOffset now) => proof switch
    {
        null => "not yet proved to be restorable",
        { WhyNot.Length: > 0 } => $"NOT PROVED to be restorable: {proof.WhyNot}",
        _ => $"restored on a copy and found sound {Times.Ago(proof.At, now)}",
    };
}
