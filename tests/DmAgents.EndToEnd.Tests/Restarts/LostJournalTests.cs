using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.EndToEnd.Tests.Support;
using DmAgents.Testing.Contracts;

namespace DmAgents.EndToEnd.Tests.Restarts;

/// <summary>The journal is gone: the pool is taken over with what it has, under running containers.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class LostJournalTests(AgentFixture agent)
{
    private const string Pool = AgentFixture.Direct;

    [Fact]
    public async Task A_pool_whose_journal_was_deleted_is_adopted_as_it_was_while_a_container_writes()
    {
        var web = await agent.Container("adopted");
        var written = await Files.Write($"{web.MountPath}/kept", 8 << 20, seed: 77);
        var idle = await agent.Client.Create(Pool, "adopted-idle", AgentFixture.Debian, mount: false);
        await agent.Client.Commit(Pool, idle.Name, "e2e/adopted:1");
        await using var writer = new Writer(web.MountPath);
        await writer.Advance(5);
        var before = await Content();
        var tree = await Tree(agent.Places.Mount(Pool, (await Fresh("before")).Name), "before");
        Eventually.True(() => File.Exists($"{agent.Places.Pool(Pool)}/metadata/adopted.json")
            && Directory.GetFiles($"{agent.Places.Pool(Pool)}/images").Length >= 2
            && !File.Exists($"{agent.Places.Pool(Pool)}/metadata/before.json"), "the files show what there is");

        await agent.Agent.Kill();
        Directory.Delete($"{agent.Places.StateDirectory}/journal", recursive: true);
        await agent.Agent.Restart(agent.Client);

        var problem = (await agent.Client.Hosts.GetStatusAsync(new GetHostStatusRequest())).Problems
            .Single(finding => finding.Object == Pool);
        Assert.Contains($"dmagent pool adopt {Pool}", problem.Next, StringComparison.Ordinal);
        Assert.Empty((await agent.Client.Pools.ListAsync(new ListPoolsRequest())).Pools);
        var look = await Adopt(dryRun: true);
        Assert.Empty((await agent.Client.Pools.ListAsync(new ListPoolsRequest())).Pools);
        var adopted = await Adopt(dryRun: false);

        Assert.Empty(adopted.Findings);
        Assert.Equal(look.Devices, adopted.Devices);
        Assert.Empty(adopted.QuarantinedThinIds);
        await agent.Client.MustAgree(Pool);
        Assert.Equal(before, await Content());
        await writer.Advance(5);
        await writer.MustBeUnharmed();
        Assert.Equal(written, await Files.Digest($"{web.MountPath}/kept"));
        Assert.Equal(tree, await Tree(agent.Places.Mount(Pool, (await Fresh("after")).Name), "after"));

        // And it is a pool like any other after the next death.
        await agent.Agent.Kill();
        await agent.Agent.Restart(agent.Client);
        await agent.Client.MustAgree(Pool);
        Assert.Equal(before, await Content());
        await agent.Client.RemoveImage(Pool, "e2e/adopted:1");
        await agent.Client.Remove(Pool, web.Name);
    }

    [Fact]
    public async Task Of_a_loop_pool_of_which_nothing_is_left_but_its_files_of_blocks_all_is_in_quarantine_and_undeleted()
    {
        await using var own = await OwnAgent.Start(agent, "bare-loop");
        var kept = await own.Make("kept", seed: 40);
        var id = (await own.Client.ShowContainer(own.Pool, "kept")).ThinId;
        await own.Stop();
        var ids = own.Meter.ThinIds();
        own.TakeDown();
        Directory.Delete(own.Journal, recursive: true);
        var directory = own.Places.Pool(own.Pool);
        File.Delete($"{directory}/pool.json");
        foreach (var files in new[] { "metadata", "images", "views" }.Where(f => Directory.Exists($"{directory}/{f}")))
            Directory.Delete($"{directory}/{files}", recursive: true);
        await own.Restart();
        Assert.Empty((await own.Client.Pools.ListAsync(new ListPoolsRequest())).Pools);

        var adopted = await own.Client.Pools.AdoptAsync(new AdoptPoolRequest
        {
            RequestId = AgentClient.NewId(), Pool = own.Pool, Loop = new LoopBacking { Directory = directory },
        });

        Assert.Empty(adopted.Devices);
        Assert.Equal(ids, adopted.QuarantinedThinIds);
        Assert.Equal(ids, own.Meter.ThinIds());
        var back = await own.Client.Pools.UndeleteAsync(new UndeleteRequest
        {
            RequestId = AgentClient.NewId(), Pool = own.Pool, ThinId = id, Name = "kept",
        });
        var container = await own.Client.Containers.CreateAsync(new CreateContainerRequest
        {
            RequestId = AgentClient.NewId(), Pool = own.Pool, Name = "look", LayerChainId = back.Key, Mount = true,
        });
        Assert.Equal(kept, await Files.Digest($"{container.MountPath}/file"));
    }

    [Fact]
    public async Task A_pool_on_a_disk_whose_pool_json_is_lost_too_is_told_by_its_label()
    {
        var file = new LoopFile($"{Places.State}/bare-disk.img");
        agent.Kernel.CreateFile(file, ByteSize.MiB(256)).Must();
        var disk = agent.Kernel.AttachLoop(file).Must();
        await using (var own = await OwnAgent.Start(agent, "bare-disk", disk: disk))
        {
            var kept = await own.Make("kept", seed: 41);
            var uuid = (await own.Client.Show(own.Pool)).Uuid;
            await own.Stop();
            var ids = own.Meter.ThinIds();
            own.TakeDown();
            Directory.Delete(own.Journal, recursive: true);
            File.Delete($"{own.Places.Pool(own.Pool)}/pool.json");
            await own.Restart();

            var adopted = await own.Client.Pools.AdoptAsync(new AdoptPoolRequest
            {
                RequestId = AgentClient.NewId(), Pool = own.Pool,
                SingleDisk = new SingleDiskBacking { Device = disk.Value },
            });

            Assert.Equal(uuid, adopted.Uuid);
            Assert.Empty(adopted.QuarantinedThinIds);
            Assert.Equal(ids, own.Meter.ThinIds());
            Assert.Equal(kept, await own.Read("kept"));
            await own.Client.MustAgree(own.Pool);
        }
        agent.Kernel.DetachLoop(file).Must();
        agent.Kernel.DeleteFile(file).Must();
    }

    [Fact]
    public async Task A_second_agent_does_not_take_over_a_pool_that_is_in_use()
    {
        await agent.Image();
        var thief = agent.Places with { Name = "thief" };
        thief.WriteConfig();
        Eventually.True(() => File.Exists($"{agent.Places.Pool(Pool)}/pool.json"), "the pool's file is there");
        Directory.CreateDirectory(thief.Pool(Pool));
        File.Copy($"{agent.Places.Pool(Pool)}/pool.json", $"{thief.Pool(Pool)}/pool.json");
        await Shell.Must("/bin/cp", "-r", $"{agent.Places.Pool(Pool)}/metadata", thief.Pool(Pool));
        using var client = new AgentClient(thief.Socket);
        using var second = await AgentProcess.Start(thief, client);

        var problem = await AgentClient.Refused(Problem.Types.Kind.Busy, async () => await client.Pools.AdoptAsync(
            new AdoptPoolRequest { RequestId = AgentClient.NewId(), Pool = Pool }));

        Assert.Contains($"another agent, process {agent.Agent.Id},", problem.Why, StringComparison.Ordinal);
        Assert.Empty((await client.Pools.ListAsync(new ListPoolsRequest())).Pools);
        Assert.Equal(0, await second.Terminate());
        await agent.Client.MustAgree(Pool);
        Directory.Delete(thief.StateDirectory, recursive: true);
    }

    /// <summary>A new container of the image, mounted.</summary>
    private Task<Container> Fresh(string name) => agent.Client.Create(Pool, name, AgentFixture.Debian);

    /// <summary>The hash of all that a container's files hold; it is removed then.</summary>
    private async Task<string> Tree(string mount, string name)
    {
        var digest = await Shell.Must("/bin/sh", "-c",
            $"cd '{mount}' && find . -xdev -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum");
        await agent.Client.Remove(Pool, name);
        return digest;
    }

    private async Task<AdoptPoolReply> Adopt(bool dryRun) => await agent.Client.Pools.AdoptAsync(
        new AdoptPoolRequest { RequestId = AgentClient.NewId(), Pool = Pool, DryRun = dryRun });

    /// <summary>Every layer, container and image with what identifies it, but for what is measured.</summary>
    private async Task<string> Content()
    {
        var layers = (await agent.Client.Layers.ListAsync(new ListLayersRequest { Pool = Pool })).Layers
            .Select(layer =>
                $"{layer.Key} {layer.ThinId} {layer.Parent} {layer.SizeBytes} {layer.CreatedAt} {layer.Labels}");
        var containers = (await agent.Client.Containers.ListAsync(new ListContainersRequest { Pool = Pool })).Containers
            .Select(each => $"{each.Name} {each.ThinId} {each.Parent} {each.Image} {each.State} {each.MountPath}");
        var images = (await agent.Client.Images.ListAsync(new ListImagesRequest { Pool = Pool })).Images
            .Select(image => $"{image.Reference} {image.Id} {image.CreatedAt}");
        return string.Join("\n", layers.Concat(containers).Concat(images));
    }
}
