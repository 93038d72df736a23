using DmAgents.EndToEnd.Tests.Support;

namespace DmAgents.EndToEnd.Tests.Restarts;

/// <summary>A start is ended before it is over.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class StartTests(AgentFixture agent)
{
    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task A_signal_at_any_moment_of_a_start_ends_it_in_order(string signal)
    {
        await using var own = await OwnAgent.Start(agent, $"ended-by-{signal.ToLowerInvariant()}");
        var digest = await own.Make("kept", seed: 30);
        await own.Stop();

        foreach (var milliseconds in new[] { 0, 100, 400, 1000, 2000, 4000 })
        {
            var status = await own.Process.EndWhileStarting(signal, TimeSpan.FromMilliseconds(milliseconds));

            Assert.True(status == 0, $"after {milliseconds} ms it ended with status {status}: {own.Process.Log}");
        }
        Assert.DoesNotContain("nhandled", own.Process.Log, StringComparison.Ordinal);
        await own.Restart();
        Assert.Equal(digest, await own.Read("kept"));
        await own.Client.MustAgree(own.Pool);
    }
}
