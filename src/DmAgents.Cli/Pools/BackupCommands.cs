using System.Globalization;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;
using DmAgents.Cli.Parsing;
using DmAgents.Cli.Shell;

namespace DmAgents.Cli.Pools;

/// <summary>Backups of a pool's own metadata.</summary>
internal static class BackupCommands
{
    public static CliCommand Build(CliShell shell) => new(
        "backup",
        "Backups of a pool's own metadata: which blocks belong to which device. Made by the agent from time to time.",
        "dmagent pool backup list fast", "dmagent pool backup now fast")
    {
        List(shell),
        Now(shell),
    };

    private static CliCommand List(CliShell shell)
    {
        var pool = CommonSymbols.PoolOrTheOnlyOne(shell);
        return new CliCommand(
            "list", "List the backups of a pool's metadata.", "dmagent pool backup list fast") { pool }
            .AlsoKnownAs("ls")
            .Runs(shell, async call =>
            {
                var name = await call.PoolAsync(call.Parsed.GetValue(pool));
                var reply = await call.About(name).Pools.ListBackupsAsync(
                    new ListBackupsRequest { Pool = name }, call.Unary);
                call.Output.Document(
                    reply,
                    console =>
                    {
                        var list = new Listing(
                            $"{reply.Pool} has no backup. Make one: dmagent pool backup now {reply.Pool}",
                            "BACKUP", "MADE", ">SIZE", ">TRANSACTION ID", "RESTORABLE");
                        foreach (var backup in reply.Backups)
                        {
                            list.Row(
                                backup.Name, Times.Ago(backup.At, call.Now), Sizes.Format(backup.SizeBytes),
                                backup.HasTransactionId ? $"{backup.TransactionId}" : "-",
                                BackupView.Restorable(backup.Proof, call.Now));
                        }

                        list.Write(console);
                    },
                    reply.Backups.Select(backup => backup.Name));
            });
    }

    private static CliCommand Now(CliShell shell)
    {
        var pool = CommonSymbols.PoolOrTheOnlyOne(shell);
        return new CliCommand("now", "Back a pool's metadata up at once.", "dmagent pool backup now fast") { pool }
            .Runs(shell, async call =>
            {
                var name = await call.PoolAsync(call.Parsed.GetValue(pool));
                var reply = await call.About(name).Pools.BackUpAsync(new BackUpRequest { Pool = name }, call.Unary);
                call.Output.Sentence(
                    reply,
                    $"{reply.Pool}: backup {reply.Backup.Name} has {Words.Count(reply.ThinDevices, "thin device")} and "
                        + $"takes {Sizes.Format(reply.Backup.SizeBytes)}; made in "
                        + string.Create(CultureInfo.InvariantCulture, $"{reply.TookMilliseconds / 1000.0:0.0} s; ")
                        + $"{BackupView.Proof(reply.Backup.Proof, call.Now)}",
                    reply.Backup.Name);
            });
    }
}
