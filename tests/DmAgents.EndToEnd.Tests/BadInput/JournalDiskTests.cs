using DmAgents.Api.Admin.V1;
using DmAgents.EndToEnd.Tests.Support;
using Grpc.Core;

namespace DmAgents.EndToEnd.Tests.BadInput;

/// <summary>The file system below the journal takes no writes.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class JournalDiskTests(AgentFixture agent)
{
    private const string Pool = "small";

    [Fact]
    public async Task On_a_full_disk_requests_fail_by_name_and_go_on_when_there_is_room()
    {
        var places = agent.Places with { Name = "full" };
        places.WriteConfig();
        Directory.CreateDirectory(places.StateDirectory);
        await Shell.Must("/bin/mount", "-t", "tmpfs", "-o", "size=16m", "none", places.StateDirectory);
        using var client = new AgentClient(places.Socket);
        using (var running = await AgentProcess.Start(places, client))
        {
            await client.CreatePool(new CreatePoolRequest
            {
                Name = Pool, Loop = new LoopBacking { DataSizeBytes = 256UL << 20, Directory = $"{Places.State}/loops" },
            });
            await client.Import(Pool, await SmallImage.Write("full"), "small:1");
            await Shell.Run("/bin/dd", "if=/dev/zero", $"of={places.StateDirectory}/filler", "bs=4k");
            var asked = new List<CreateContainerRequest>();
            var acknowledged = new List<string>();
            Problem? problem = null;
            while (problem is null)
            {
                Assert.True(asked.Count < 1000, "the journal is never full");
                asked.Add(new CreateContainerRequest
                {
                    RequestId = AgentClient.NewId(), Pool = Pool, Name = $"c{asked.Count}", Image = "small:1",
                });
                problem = await Ask(client, asked[^1]);
                if (problem is null)
                    acknowledged.Add(asked[^1].Name);
            }
            Assert.Contains($"{places.StateDirectory}/journal", problem.Why, StringComparison.Ordinal);
            Assert.Contains("full", problem.Why, StringComparison.Ordinal);
            Assert.Contains("make room", problem.Next, StringComparison.Ordinal);

            File.Delete($"{places.StateDirectory}/filler");
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120));
            while (await Ask(client, asked[^1]) is not null)
                await Task.Delay(100, patience.Token);

            await client.MustAgree(Pool);
            var there = (await client.Containers.ListAsync(new ListContainersRequest { Pool = Pool })).Containers;
            Assert.Equal(
                asked.Select(request => request.Name).Order(StringComparer.Ordinal),
                there.Select(container => container.Name).Order(StringComparer.Ordinal));
            Assert.Equal(asked.Count - 1, acknowledged.Count);
            await client.RemovePool(Pool);
            Assert.Equal(0, await running.Terminate());
        }
        await Shell.Must("/bin/umount", places.StateDirectory);
    }

    [Fact]
    public async Task On_a_read_only_file_system_the_agent_ends_and_says_why()
    {
        var places = agent.Places with { Name = "read-only" };
        places.WriteConfig();
        Directory.CreateDirectory(places.StateDirectory);
        await Shell.Must("/bin/mount", "-t", "tmpfs", "-o", "ro,size=1m", "none", places.StateDirectory);

        var ended = await Shell.Run(Places.Agent, "--config", places.Config);

        Assert.Equal(1, ended.Status);
        Assert.Contains(places.StateDirectory, ended.Errors, StringComparison.Ordinal);
        Assert.Contains("Read-only", ended.Errors, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("another agent", ended.Errors, StringComparison.Ordinal);
        await Shell.Must("/bin/umount", places.StateDirectory);
    }

    private static async Task<Problem?> Ask(AgentClient client, CreateContainerRequest request)
    {
        try
        {
            await client.Containers.CreateAsync(request);
            return null;
        }
        catch (RpcException refused) when (refused.Trailers.GetValueBytes("dmagents-problem-bin") is { } bytes)
        {
            return Problem.Parser.ParseFrom(bytes);
        }
    }
}
