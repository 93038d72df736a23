using DmAgents.Api.Admin.V1;
using DmAgents.EndToEnd.Tests.Support;

namespace DmAgents.EndToEnd.Tests.Pools;

/// <summary>What a pool does by itself, by the clock.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class ScheduleTests(AgentFixture fixture)
{
    private const int Length = 32 << 20;
    private const ulong Blocks = Length / PoolMeter.BlockSize;

    [Fact]
    public async Task Mounted_containers_are_trimmed_and_metadata_are_backed_up_without_anyone_asking()
    {
        await using var agent = await OwnAgent.Start(
            fixture, "scheduled", "trim.interval = 4s\nbackup.every = 2s\nbackup.keep = 2");
        var container = await agent.Client.Create(agent.Pool, "web", OwnAgent.Image);
        var file = $"{container.MountPath}/big";
        await Files.Write(file, Length, seed: 30);
        var used = await agent.Meter.UsedBlocks();
        var host = agent.Meter.HostAllocated.Bytes;

        File.Delete(file);
        await Shell.Must("/bin/sync", "-f", container.MountPath);

        await Patience.Until(() => agent.Meter.Status.Data.Used <= used - (Blocks / 2), "the blocks come back");
        await Patience.Until(
            () => agent.Meter.HostAllocated.Bytes <= host - (Length / 2), "the host has its space");
        await Patience.Until(
            async () => (await agent.Client.Show(agent.Pool)).LastTrim is { GivenBackBytes: > 0 }, "the round is told");
        await Patience.Until(async () => (await Backups(agent)).Count == 2, "there are two backups");
        var first = (await Backups(agent))[0].Name;
        await Patience.Until(async () => (await Backups(agent))[0].Name != first, "another backup follows");
        var backups = await Backups(agent);
        Assert.Equal(2, backups.Count);
        Assert.Equal(agent.Meter.Status.TransactionId.Value, backups[0].TransactionId);
        await agent.Client.MustAgree(agent.Pool);
    }

    private static async Task<IReadOnlyList<Backup>> Backups(OwnAgent agent) =>
        (await agent.Client.Pools.ListBackupsAsync(new ListBackupsRequest { Pool = agent.Pool })).Backups;
}
