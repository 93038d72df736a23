using System.Diagnostics;
using DmAgents.Api.Admin.V1;
using DmAgents.EndToEnd.Tests.Support;

namespace DmAgents.EndToEnd.Tests.Restarts;

/// <summary>The host has hardly any processor time for an agent that starts with a pool of some hundred devices.
/// </summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class StarvedStartTests(AgentFixture agent)
{
    private const int Devices = 300;

    /// <summary>How often a start may be too quick to prove anything: a machine that becomes idle after the share was
    /// measured is faster than expected.</summary>
    private const int Tries = 5;

    /// <summary>For the processor's part alone; the whole takes about twice as long. A start that depends on one
    /// question gives up after a minute.</summary>
    private static readonly TimeSpan Wanted = TimeSpan.FromSeconds(60);

    /// <summary>What a start takes that proves something: longer than Akka waits for an actor's recovery.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(31);

    /// <summary>Of systemd, after each message.</summary>
    private static readonly TimeSpan Extension = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task It_reports_its_progress_to_systemd_and_serves_in_the_end()
    {
        await using var own = await OwnAgent.Start(agent, "starved");
        var kept = await Fill(own);
        var share = await Share(own);

        var taken = await StartStarved(own, share);
        for (var tries = 1; taken < Least; tries++)
        {
            Assert.True(tries < Tries, $"with {share:P1} of a processor it still starts within {taken}");
            await own.Stop();
            share /= 2;
            taken = await StartStarved(own, share);
        }

        await own.Client.MustAgree(own.Pool);
        var there = await own.Client.Containers.ListAsync(new ListContainersRequest { Pool = own.Pool });
        Assert.Equal(Devices + 1, there.Containers.Count);
        Assert.Equal(kept, await own.Read("kept"));
        await own.Stop();
    }

    [Fact]
    public async Task A_signal_during_it_ends_it_in_order()
    {
        await using var own = await OwnAgent.Start(agent, "starved-end");
        var kept = await Fill(own);
        await using var systemd = new NotifySocket($"{Places.Work}/starved-end.notify");
        using var starved = new StarvedGroup("starved-end", await Share(own));
        own.Process.Begin($"/usr/bin/env NOTIFY_SOCKET={systemd.Path} {starved.Within}");
        await Patience.Until(
            () => systemd.Heard.Any(said => said.Text.Contains("the actor system starts", StringComparison.Ordinal)),
            "the agent reports that its actor system starts");
        var clock = Stopwatch.StartNew();

        Assert.Equal(0, await own.Process.Terminate(Limit));

        Assert.Equal("EXTEND_TIMEOUT_USEC=120000000\nSTATUS=stopping", systemd.Heard[^1].Text);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, Extension);
        Assert.DoesNotContain(systemd.Heard, said => said.Text == "STATUS=serving");
        Assert.DoesNotContain("nhandled", own.Process.Log, StringComparison.Ordinal);
        await own.Restart();
        await own.Client.MustAgree(own.Pool);
        Assert.Equal(kept, await own.Read("kept"));
    }

    /// <summary>Starts it with that share of a processor until it serves; systemd must have heard so. If the start was
    /// slow enough, systemd's time limit must have been extended in time.</summary>
    /// <returns>How long the start took.</returns>
    private static async Task<TimeSpan> StartStarved(OwnAgent own, double share)
    {
        await using var systemd = new NotifySocket($"{Places.Work}/starved.notify");
        using var starved = new StarvedGroup("starved", share);
        var clock = Stopwatch.StartNew();
        own.Process.Begin($"/usr/bin/env NOTIFY_SOCKET={systemd.Path} {starved.Within}");
        await own.Process.AwaitReady(own.Client, Limit);
        var taken = clock.Elapsed;
        await Patience.Until(
            () => systemd.Heard.Any(said => said.Text == "STATUS=serving"), "systemd hears that the agent serves");
        starved.Feed();
        if (taken >= Least)
            MustBeExtended(systemd);
        return taken;
    }

    /// <summary>Makes the pool's devices, and stops the agent.</summary>
    /// <returns>The digest of one container's file.</returns>
    private static async Task<string> Fill(OwnAgent own)
    {
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Devices), new ParallelOptions { MaxDegreeOfParallelism = 10 },
            async (number, _) => await own.Client.Create(own.Pool, $"c{number}", OwnAgent.Image, mount: false));
        var kept = await own.Make("kept", seed: 70);
        await own.Stop();
        return kept;
    }

    /// <summary>The share of the processor with which a start takes as long as wanted, by one that is not starved.
    /// </summary>
    private static async Task<double> Share(OwnAgent own)
    {
        await own.Restart();
        var taken = own.Process.ProcessorTime;
        await own.Stop();
        return taken / Wanted;
    }

    /// <summary>systemd never waits longer than it was told to: each message comes before the time is over that the
    /// one before has asked for.</summary>
    private static void MustBeExtended(NotifySocket systemd)
    {
        var starting = systemd.Heard.TakeWhile(said => said.Text != "STATUS=serving").ToList();
        Assert.All(starting, said =>
            Assert.StartsWith("EXTEND_TIMEOUT_USEC=120000000\nSTATUS=starting: ", said.Text, StringComparison.Ordinal));
        Assert.True(starting.Count > 3, $"few messages came: {string.Join("; ", starting)}");
        var gaps = systemd.Heard.Zip(systemd.Heard.Skip(1), (one, next) => next.At - one.At);
        Assert.All(gaps, gap => Assert.InRange(gap, TimeSpan.Zero, Extension));
        Assert.Contains(starting, said => said.Text.Contains("pools open: ", StringComparison.Ordinal)
            || said.Text.Contains("journal is replayed", StringComparison.Ordinal));
    }
}
