using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.UseCases;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.Tests;

/// <summary>Whether a backup can be restored is tried when it is made, and shown wherever backups are.</summary>
public sealed class BackupProofTests
{
    [Fact]
    public async Task A_backup_that_was_asked_for_is_proved_before_it_is_answered()
    {
        var port = FreePort();
        await using var agent = await ServedAgent.Start($"metrics.listen = \"127.0.0.1:{port}\"");
        var pools = new Pools.PoolsClient(agent.AdminChannel);

        var made = (await pools.BackUpAsync(new BackUpRequest())).Backup;

        Assert.Equal("", made.Proof.WhyNot);
        await Eventually(
            () => agent.State.Proofs.LatestProved == made.Name, () => $"{agent.State.LastBackup} {agent.State.Proofs}");
        var shown = (await pools.ShowAsync(new ShowPoolRequest())).LastBackup;
        Assert.Equal((made.Name, ""), (shown.LatestProved, shown.Proof.WhyNot));
        Assert.Equal(made.Proof, Assert.Single((await pools.ListBackupsAsync(new ListBackupsRequest())).Backups).Proof);
        var metrics = await Metrics(port);
        Assert.Matches($"dmagents_pool_backup_proved_seconds.* {made.At.Seconds}", metrics);
        Assert.Matches("dmagents_pool_backup_unproved.* 0", metrics);
    }

    [Fact]
    public async Task Why_a_backup_is_not_proved_is_told_and_a_later_one_can_be()
    {
        var port = FreePort();
        await using var agent = await ServedAgent.Start($"metrics.listen = \"127.0.0.1:{port}\"");
        var pools = new Pools.PoolsClient(agent.AdminChannel);
        agent.Kernel.FailNext(nameof(IKernel.RestoreMetadata), KernelFault.Failed);

        var made = (await pools.BackUpAsync(new BackUpRequest())).Backup;

        Assert.NotEqual("", made.Proof.WhyNot);
        await Eventually(() => agent.State.Proofs.Last is not null, () => $"{agent.State.Proofs}");
        var shown = (await pools.ShowAsync(new ShowPoolRequest())).LastBackup;
        Assert.Equal((made.Proof.WhyNot, ""), (shown.Proof.WhyNot, shown.LatestProved));
        var metrics = await Metrics(port);
        Assert.Matches("dmagents_pool_backup_unproved.*why=.* 1", metrics);
        Assert.DoesNotContain("dmagents_pool_backup_proved", metrics, StringComparison.Ordinal);

        Assert.Equal("", (await pools.BackUpAsync(new BackUpRequest())).Backup.Proof.WhyNot);
    }

    [Fact]
    public async Task Backups_of_the_schedule_are_proved_too()
    {
        await using var agent = await ServedAgent.Start("pool.backup { every = 1s, prove-share-percent = 100 }");
        await new Pools.PoolsClient(agent.AdminChannel).ListAsync(new ListPoolsRequest());

        await Eventually(
            () => agent.State.Proofs.LatestProved is not null, () => $"{agent.State.LastBackup} {agent.State.Proofs}");
    }

    [Fact]
    public async Task A_backup_whose_proof_takes_long_is_answered_without_it()
    {
        await using var agent = await ServedAgent.Start();
        var held = agent.Kernel.HoldNext(nameof(IKernel.RestoreMetadata));
        var backups = new OperatorBackups(
            agent.Get<BackupKeeper>(), agent.Get<BackupProver>(), agent.Kernel, agent.Get<IDurableFiles>(),
            new Impatience());

        var made = await backups.Make(agent.Picture);

        Assert.Null(made.Proof);
        Assert.Equal(made.Made.Name, Assert.Single(backups.List(agent.Picture)).File.Name);
        held.Open();
        await Eventually(
            () => agent.State.Proofs.LatestProved == $"{made.Made.Name}", () => $"{agent.State.Proofs}");
    }

    /// <summary>Each pause is over at once.</summary>
    private sealed class Impatience : TimeProvider
    {
        public override ITimer CreateTimer(
            TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }

    private static async Task Eventually(Func<bool> holds, Func<string> what)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!holds())
        {
            Assert.False(patience.IsCancellationRequested, what());
            await Task.Delay(20);
        }
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task<string> Metrics(int port)
    {
        using var client = new HttpClient();
        return await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"));
    }
}
