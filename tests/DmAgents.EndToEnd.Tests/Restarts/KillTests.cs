using System.Collections.Concurrent;
using DmAgents.Api.Admin.V1;
using DmAgents.EndToEnd.Tests.Support;
using Grpc.Core;

namespace DmAgents.EndToEnd.Tests.Restarts;

/// <summary>The agent dies by SIGKILL in the midst of its work.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class KillTests(AgentFixture agent)
{
    private const string Pool = AgentFixture.Direct;
    private const string Killed = "e2e/killed:1";

    [Theory]
    [InlineData(7)]
    [InlineData(30)]
    public async Task What_was_acknowledged_in_a_burst_is_there_and_a_writer_notices_nothing(int killAfter)
    {
        var running = await agent.Container($"running-{killAfter}");
        var before = await agent.DirectMeter.UsedBlocks();
        await using var writer = new Writer(running.MountPath);
        await writer.Advance(5);
        var acknowledged = new ConcurrentDictionary<string, uint>();
        var requests = new ConcurrentQueue<CreateContainerRequest>();

        var burst = Task.WhenAll(Enumerable.Range(0, 6).Select(
            client => CreateUntilKilled($"burst-{killAfter}-{client}", requests, acknowledged)));
        await Patience.Until(
            () => acknowledged.Count >= killAfter || burst.IsCompleted, $"{killAfter} containers are made");
        await agent.Agent.Kill();
        await burst;
        await writer.Advance(5);
        await agent.Agent.Restart(agent.Client);
        await writer.Advance(5);

        Assert.InRange(acknowledged.Count, killAfter, requests.Count - 1);
        await agent.Client.MustAgree(Pool);
        var there = (await agent.Client.Containers.ListAsync(new ListContainersRequest { Pool = Pool })).Containers
            .ToDictionary(container => container.Name);
        Assert.All(acknowledged, made => Assert.Equal(made.Value, there[made.Key].ThinId));
        Assert.All(
            requests.Where(request => request.Mount && acknowledged.ContainsKey(request.Name)),
            request => Assert.True(File.Exists($"{agent.Places.Mount(Pool, request.Name)}/etc/debian_version")));

        // A retry of each gives what the first try gave, or does it now.
        foreach (var request in requests)
        {
            var retried = await agent.Client.Containers.CreateAsync(request);
            Assert.Equal(acknowledged.GetValueOrDefault(request.Name, retried.ThinId), retried.ThinId);
        }
        await writer.MustBeUnharmed();
        foreach (var request in requests)
            await agent.Client.Remove(Pool, request.Name);
        await agent.Client.Remove(Pool, running.Name);
        Assert.InRange(await agent.DirectMeter.UsedBlocks(), 0UL, before);
        await agent.Client.MustAgree(Pool);
    }

    [Theory]
    [InlineData(ImportProgress.Types.Phase.Unpacking)]
    [InlineData(ImportProgress.Types.Phase.Committing)]
    public async Task An_import_that_was_under_way_leaves_nothing(ImportProgress.Types.Phase phase)
    {
        await agent.Image();
        var archive = await SmallImage.Write($"killed-{phase}", dataLength: 48 << 20, seed: (int)phase);
        var before = await agent.DirectMeter.Content();
        var devices = agent.DirectMeter.ThinIds().Count;

        for (var tries = 1; ; tries++)
        {
            await KillDuring(phase, archive);
            Assert.True(agent.DirectMeter.ThinIds().Count > devices, "the import had not begun");
            await agent.Agent.Restart(agent.Client);
            if ((await agent.Client.Images.ListAsync(new ListImagesRequest { Pool = Pool })).Images
                .All(image => image.Reference != Killed))
                break;
            // The kill came too late: the import was done before its client had read that it is in this phase, or had
            // heard of the end.
            Assert.True(tries < 10, $"the agent is never killed while the import is {phase}");
            await agent.Client.RemoveImage(Pool, Killed);
            await agent.DirectMeter.AwaitRemovals();
        }

        Assert.Equal(before, await agent.DirectMeter.Content());
        await agent.Client.MustAgree(Pool);
        agent.Places.MustShowNoImport(Pool);
        Assert.DoesNotContain("/import-", await File.ReadAllTextAsync("/proc/mounts"), StringComparison.Ordinal);

        // And the same again succeeds.
        var image = await agent.Client.Import(Pool, archive, Killed);
        Assert.Single(image.Layers);
        await agent.Client.RemoveImage(Pool, Killed);
    }

    /// <summary>Imports the archive, and kills the agent when it reports that phase.</summary>
    private async Task KillDuring(ImportProgress.Types.Phase phase, string archive)
    {
        var killed = Task.CompletedTask;
        var gone = await Record.ExceptionAsync(() => agent.Client.Import(Pool, archive, Killed, step =>
        {
            if (killed == Task.CompletedTask && step.Phase == phase && step.CompressedBytesRead > 8 << 20)
                killed = agent.Agent.Kill();
        }));
        await killed;
        Assert.True(agent.Agent.HasExited, $"the import ended before it was {phase}: {gone}");
    }

    /// <summary>One container after the other until the agent is gone: the kill comes while something is under way,
    /// however fast the machine is.</summary>
    private async Task CreateUntilKilled(
        string name, ConcurrentQueue<CreateContainerRequest> requests, ConcurrentDictionary<string, uint> acknowledged)
    {
        try
        {
            for (var i = 0; ; i++)
            {
                var request = new CreateContainerRequest
                {
                    RequestId = AgentClient.NewId(), Pool = Pool, Name = $"{name}-{i}", Image = AgentFixture.Debian,
                    Mount = i % 8 == 0,
                };
                requests.Enqueue(request);
                acknowledged[request.Name] = (await agent.Client.Containers.CreateAsync(request)).ThinId;
            }
        }
        catch (RpcException gone) when (
            agent.Agent.HasExited || gone.StatusCode is StatusCode.Unavailable or StatusCode.Internal)
        {
            // Whether the one under way was done is unknown.
        }
    }
}
