using System.Diagnostics;
using DmAgents.Domain.Pools;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Hosting;
using DmAgents.Agent.Tests.Support;
using DmAgents.Domain.Ports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace DmAgents.Agent.Tests;

/// <summary>A start on a starved host: it takes long, it says so, and it can be ended.</summary>
public sealed class StartTests : IAsyncLifetime
{
    private static readonly TimeSpan GivenUp = TimeSpan.FromMilliseconds(300);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private ServedAgent _first = null!;

    public async Task InitializeAsync()
    {
        _first = await ServedAgent.Start("pool.retry-interval = 100ms\nstop-deadline = 1h");
        await _first.Stop();
    }

    public Task DisposeAsync()
    {
        Directory.Delete(Path.GetDirectoryName(_first.Settings.StateDirectory)!, recursive: true);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_replay_of_the_hosts_journal_that_times_out_is_done_again_and_the_start_goes_on()
    {
        var agent = await _first.Next(services => services.AddSingleton(SlowJournal.Configuration(2, GivenUp)));

        Assert.Equal(PoolPhase.Open, agent.Picture.Phase);
        await agent.Stop();
    }

    [Fact]
    public async Task A_start_that_takes_long_extends_the_time_limit_and_says_what_it_waits_for()
    {
        var agent = _first.Following(services =>
            services.AddSingleton(SlowJournal.Configuration(int.MaxValue, GivenUp)));
        using var end = new CancellationTokenSource();
        var run = agent.Run(end.Token);

        await Eventually(() => agent.Systemd.Heard.Any(
            said => said.Contains("STATUS=starting: the host's journal is replayed", StringComparison.Ordinal)));

        Assert.All(agent.Systemd.Heard, said =>
            Assert.Contains("EXTEND_TIMEOUT_USEC=120000000", said, StringComparison.Ordinal));
        await end.CancelAsync();
        await run;
        await agent.Stop();
    }

    /// <remarks>Nothing waits for a deadline: the stop's is an hour.</remarks>
    [Theory]
    [InlineData("host", "the host's journal is replayed")]
    [InlineData("pool-", "pools open: test-pool")]
    public async Task A_start_whose_journal_never_answers_is_ended_by_a_signal_in_order(string slow, string awaited)
    {
        var agent = _first.Following(services =>
            services.AddSingleton(SlowJournal.Configuration(int.MaxValue, TimeSpan.FromHours(1), slow)));
        using var end = new CancellationTokenSource();
        var run = agent.Run(end.Token);
        await Eventually(() => agent.Systemd.Heard.Any(said => said.Contains(awaited, StringComparison.Ordinal)));

        await end.CancelAsync();
        await run.WaitAsync(Patience);

        Assert.Equal("EXTEND_TIMEOUT_USEC=120000000\nSTATUS=stopping", agent.Systemd.Heard.Last());
        await agent.Stop();
        var next = await _first.Next();
        Assert.Equal(PoolPhase.Open, next.Picture.Phase);
        await next.Stop();
    }

    [Fact]
    public async Task A_start_that_the_kernel_holds_is_ended_by_a_signal_within_the_deadline_of_the_stop()
    {
        var agent = _first.Following(
            services => services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromHours(1)),
            settings => settings with { StopDeadline = TimeSpan.FromSeconds(1) });
        var gate = agent.Kernel.HoldNext(nameof(IKernel.ListThins));
        using var end = new CancellationTokenSource();
        var run = agent.Run(end.Token);
        await gate.Reached.WaitAsync(Patience);

        await end.CancelAsync();
        await run.WaitAsync(Patience);

        gate.Open();
        await agent.Stop();
    }

    [Fact]
    public async Task A_stop_extends_the_time_limit_once()
    {
        var agent = _first.Following();
        using var end = new CancellationTokenSource();
        var run = agent.Run(end.Token);
        await Eventually(() => agent.Systemd.Heard.Contains("STATUS=serving"));

        await end.CancelAsync();
        await run;

        Assert.Equal(
            ["EXTEND_TIMEOUT_USEC=120000000\nSTATUS=stopping"],
            agent.Systemd.Heard.SkipWhile(said => said != "STATUS=serving").Skip(1));
        await agent.Stop();
    }

    [Fact]
    public async Task A_signal_that_comes_while_the_journals_file_is_checked_ends_the_start()
    {
        using var end = new CancellationTokenSource();
        await end.CancelAsync();

        Assert.Throws<OperationCanceledException>(() => JournalDatabase.Prepare(_first.Settings, end.Token));
    }

    [Fact]
    public void A_journal_that_another_program_has_locked_is_not_called_damaged()
    {
        using var other = new Microsoft.Data.Sqlite.SqliteConnection(
            $"Data Source={_first.Settings.JournalFile};Pooling=False");
        other.Open();
        using var command = other.CreateCommand();
        command.CommandText = "pragma locking_mode = exclusive; begin immediate; update snapshot set manifest = ''; "
            + "commit; begin immediate";
        command.ExecuteNonQuery();

        var refused = Assert.Throws<SettingsException>(() => JournalDatabase.Prepare(_first.Settings));

        Assert.Contains("locked by another program", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("adopt", refused.Message, StringComparison.Ordinal);
    }

    private static async Task Eventually(Func<bool> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < Patience, "it did not come");
            await Task.Delay(10);
        }
    }
}
