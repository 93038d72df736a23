using System.Globalization;
using DmAgents.EndToEnd.Tests.Support;
using Xunit.Abstractions;

namespace DmAgents.EndToEnd.Tests.Storms;

/// <summary>
/// The agent is killed again and again while clients work. DMAGENTS_STORM_KILLS tells how often, DMAGENTS_STORM_SEED
/// what the clients do; both are printed where it fails.
/// </summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class KillStormTests(AgentFixture agent, ITestOutputHelper output)
{
    private const string Pool = "storm";
    private const ulong MiB = 1UL << 20;

    [Fact]
    public async Task After_every_kill_all_that_was_acknowledged_is_there_and_nothing_else()
    {
        var kills = Number("DMAGENTS_STORM_KILLS", 2);
        var seed = Number("DMAGENTS_STORM_SEED", Environment.TickCount & 0xFFFFFF);
        output.WriteLine($"DMAGENTS_STORM_SEED={seed} DMAGENTS_STORM_KILLS={kills}");
        var random = new Random(seed);
        await agent.Client.CreateLoopPool(Pool, 512 * MiB);
        var storm = new Storm(
            seed, Pool, agent.Client, agent.Places, agent.Kernel, $"{Places.Work}/storm-{seed}.log");
        await storm.Begin();
        await storm.MustHaveHeld(everyImage: false);
        for (var kill = 1; kill <= kills; kill++)
        {
            using var end = new CancellationTokenSource();
            var running = storm.Run(end.Token);
            await Task.Delay(random.Next(50, 2500));
            await agent.Agent.Kill();
            await running;
            // Sometimes recovery itself is killed.
            if (random.Next(3) == 0)
                await agent.Agent.KillWhileStarting(TimeSpan.FromMilliseconds(random.Next(200, 4000)));
            await agent.Agent.Restart(agent.Client);
            try
            {
                await storm.MustHaveHeld(everyImage: kill % 10 == 0 || kill == kills);
            }
            catch (Exception broken)
            {
                throw new InvalidOperationException($"seed {seed}, after kill {kill} of {kills}", broken);
            }
        }
        await agent.Client.RemovePool(Pool);
    }

    private static int Number(string name, int otherwise) =>
        int.TryParse(
            Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var given)
            ? given
            : otherwise;
}
