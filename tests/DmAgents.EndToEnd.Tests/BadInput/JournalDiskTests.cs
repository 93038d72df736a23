using DmAgents.Api.Admin.V1;
using DmAgents.EndToEnd.Tests.Support;
using Grpc.Core;
using DeviceState = DmAgents.Api.Admin.V1.DeviceState;

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
                Name = Pool,
                Loop = new LoopBacking { DataSizeBytes = 256UL << 20, Directory = $"{Places.State}/loops" },
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

            Assert.Contains(
                (await client.Hosts.GetStatusAsync(new GetHostStatusRequest())).Problems,
                found => found.What == "the journal's disk is full");

            File.Delete($"{places.StateDirectory}/filler");
            await Patience.Until(
                async () => await Ask(client, asked[^1]) is null, "the journal takes requests again");

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
    public async Task On_a_disk_that_turns_read_only_requests_fail_by_name_and_containers_go_on()
    {
        const string Name = "turned";
        var directory = (agent.Places with { Name = Name }).StateDirectory;
        var image = $"{Places.State}/{Name}.img";
        Directory.CreateDirectory(directory);
        await Shell.Must("/bin/sh", "-c", $"truncate -s 64M '{image}' && mkfs.ext4 -q '{image}'");
        await Shell.Must("/bin/mount", "-o", "loop", image, directory);
        await using (var own = await OwnAgent.Start(agent, Name, stateIsThere: true))
        {
            var web = await own.Client.Create(Name, "web", OwnAgent.Image);
            var kept = await own.Make("kept", seed: 20);
            await using (var writer = new Writer(web.MountPath))
            {
                await writer.Advance(5);
                // What ext4 does by itself when its disk fails.
                await Shell.Must("/bin/mount", "-o", "remount,abort", directory);

                var told = Assert.Single(
                    (await own.Client.Hosts.GetStatusAsync(new GetHostStatusRequest())).Problems,
                    found => found.What == "the journal's disk is read-only");
                Assert.Equal(($"{directory}/journal", Severity.Error), (told.Object, told.Severity));

                var problem = await Refused(own.Client, Name);

                Assert.Contains($"{directory}/journal", problem.Why, StringComparison.Ordinal);
                Assert.Contains("cannot be written", problem.Why, StringComparison.Ordinal);
                Assert.False(own.Process.HasExited, own.Process.Log);
                await writer.Advance(5);
                await own.Process.Kill();
                await writer.Advance(5);
                await writer.MustBeUnharmed();
            }
            await Shell.Must("/bin/umount", web.MountPath);
            await Shell.Must("/bin/umount", directory);
            await Shell.Run("/usr/sbin/e2fsck", "-fy", image);
            await Shell.Must("/bin/mount", "-o", "loop", image, directory);
            await own.Restart();

            await own.Client.MustAgree(Name);
            Assert.Equal(kept, await own.Read("kept"));
            Assert.Equal(DeviceState.Mounted, (await own.Client.ShowContainer(Name, "web")).State);
            await own.Client.Create(Name, "next", OwnAgent.Image);
        }
        await Shell.Must("/bin/umount", directory);
        File.Delete(image);
    }

    /// <summary>What comes back to the first request that is not done.</summary>
    private static async Task<Problem> Refused(AgentClient client, string pool)
    {
        for (var tries = 0; ; tries++)
        {
            Assert.True(tries < 100, "everything is taken although nothing can be written");
            var problem = await Ask(client, new CreateContainerRequest
            {
                RequestId = AgentClient.NewId(), Pool = pool, Name = $"refused{tries}", Image = OwnAgent.Image,
            });
            if (problem is not null)
                return problem;
        }
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
