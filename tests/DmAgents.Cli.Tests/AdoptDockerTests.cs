using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Tests.Support;

namespace DmAgents.Cli.Tests;

public class AdoptDockerTests
{
    [Fact]
    public async Task What_is_asked_for_arrives_as_it_was_said()
    {
        await using var agent = await AdoptingAsync();

        var run = await Run.Of(
            agent, "pool", "adopt-docker", "docker", "--name", "old", "--thin-pool", "docker-thinpool", "--dry-run");

        Assert.Equal(0, run.Code);
        Assert.Equal(
            new AdoptDockerRequest
            {
                RequestId = Run.RequestId, Name = "old", DataRoot = "/somewhere/docker", ThinPool = "docker-thinpool",
                DryRun = true,
            },
            agent.Request<AdoptDockerRequest>());
    }

    [Fact]
    public async Task A_dry_run_tells_what_would_be_adopted_and_what_not_and_why()
    {
        await using var agent = await AdoptingAsync();

        var run = await Run.Of(agent, "pool", "adopt-docker", "/var/lib/docker", "--name", "old", "--dry-run");

        Assert.Contains("/var/lib/docker would become pool old", run.Out, StringComparison.Ordinal);
        Assert.Contains("5 of 6 adopted", run.Out, StringComparison.Ordinal);
        Assert.Contains(
            "warning: thin id 7: the pool has it, and Docker no record of it", run.Out, StringComparison.Ordinal);
        Assert.Contains("Nothing was changed.", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("--confirm", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_adoption_names_the_two_ways_on()
    {
        await using var agent = await AdoptingAsync();

        var run = await Run.Of(agent, "pool", "adopt-docker", "/var/lib/docker", "--name", "old");

        Assert.Contains("dmagent pool adopt-docker --confirm old", run.Out, StringComparison.Ordinal);
        Assert.Contains("dmagent pool adopt-docker --undo old", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_confirmation_and_an_undo_are_told()
    {
        await using var agent = (await FakeAgent.StartAsync())
            .On<ConfirmAdoptionRequest>(request => new PoolDetails { Name = request.Pool })
            .On<UndoAdoptionRequest>(request => new UndoAdoptionReply { Pool = request.Pool, Program = "Docker" });

        var confirmed = await Run.Of(agent, "pool", "adopt-docker", "--confirm", "old");
        var undone = await Run.Of(agent, "pool", "adopt-docker", "--undo", "old");

        Assert.Equal(["pool old is the agent's for good"], confirmed.Lines);
        Assert.Equal(["pool old is Docker's again, as it was; Docker may be started"], undone.Lines);
        Assert.Equal(Run.RequestId, agent.Request<UndoAdoptionRequest>().RequestId);
    }

    private static async Task<FakeAgent> AdoptingAsync() => (await FakeAgent.StartAsync()).On<AdoptDockerRequest>(
        request => new AdoptDockerReply
        {
            Pool = request.Name,
            DryRun = request.DryRun,
            DataRoot = request.DataRoot,
            Kind = PoolKind.Loop,
            DataSizeBytes = 100 * Samples.GiB,
            TransactionId = 12,
            ThinDevices = 6,
            AdoptedDevices = 5,
            Layers = 2,
            InitLayers = 1,
            Images = { "app:1" },
            Containers = { "web" },
            Findings =
            {
                new Finding
                {
                    Severity = Severity.Warning, Object = "thin id 7",
                    What = "the pool has it, and Docker no record of it",
                },
            },
        });
}
