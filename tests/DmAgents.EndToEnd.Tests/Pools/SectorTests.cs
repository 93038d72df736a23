using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.EndToEnd.Tests.Support;

namespace DmAgents.EndToEnd.Tests.Pools;

/// <summary>Disks of 4 KiB sectors beside a pool of 512 bytes: what would hide its file systems is refused.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class SectorTests(AgentFixture agent)
{
    private const string Pool = "sectors";

    [Fact]
    public async Task A_refused_growth_leaves_xfs_containers_mountable_and_metadata_may_lie_on_larger_sectors()
    {
        await using var data = await LoopDisk.Attach("sectors-data", 640);
        await using var metadata = await LoopDisk.Attach("sectors-metadata", 64);
        await using var large = await LoopDisk.Attach("sectors-large", 400, sector: 4096);
        var made = await agent.Client.CreatePool(new CreatePoolRequest
        {
            Name = Pool, FileSystem = FileSystem.Xfs,
            Direct = new DirectBacking { DataDevices = { data.Path }, MetadataDevice = metadata.Path },
        });
        Assert.Equal(512ul, made.SectorSizeBytes);
        await agent.Client.Import(Pool, await SmallImage.Write(Pool), "small:1");
        var container = await agent.Client.Create(Pool, "web", "small:1");
        var digest = await Files.Write($"{container.MountPath}/file", 1 << 20, seed: 3);
        await agent.Client.Unmount(Pool, "web");

        var refused = await AgentClient.Refused(Problem.Types.Kind.Refused, () => Grow(large, forMetadata: false));
        var spare = await AgentClient.Refused(Problem.Types.Kind.Refused, async () => await agent.Client.Pools
            .ChangeSparesAsync(new ChangeSparesRequest
            {
                RequestId = AgentClient.NewId(), Pool = Pool, Add = { large.Path },
            }));

        Assert.Contains("it has sectors of 4 KiB, and pool sectors has sectors of 512 B", refused.Why,
            StringComparison.Ordinal);
        Assert.Contains("choose a disk with sectors of 512 B", spare.Next, StringComparison.Ordinal);
        Assert.Equal(digest, await Read("web"));
        // The metadata are in blocks of 4 KiB in any case.
        await Grow(large, forMetadata: true);
        Assert.Equal(digest, await Read("web"));
        Assert.Equal("", (await agent.Client.Show(Pool)).SectorConcern);
        await agent.Client.MustAgree(Pool);
        await agent.Client.RemovePool(Pool);
    }

    [Fact]
    public async Task A_pool_whose_disk_comes_back_with_larger_sectors_opens_and_says_so()
    {
        await using var disk = await LoopDisk.Attach("reshaped", 640);
        await using var own = await OwnAgent.Start(
            agent, "reshaped", "file-system = xfs", disk: new DevicePath(disk.Path));
        var digest = await own.Make("web", seed: 4);
        await own.Stop();
        own.TakeDown();
        await disk.Reattach(sector: 4096);

        await own.Restart();

        Assert.Contains("sectors of 4 KiB", (await own.Client.Show(own.Pool)).SectorConcern, StringComparison.Ordinal);
        var check = await own.Client.Pools.CheckAsync(new CheckPoolRequest { Pool = own.Pool });
        Assert.Contains(check.Findings, finding => finding.What.Contains("sectors", StringComparison.Ordinal));
        Assert.Contains((await own.Client.Hosts.GetStatusAsync(new GetHostStatusRequest())).Problems,
            finding => finding.What.Contains("sectors", StringComparison.Ordinal));
        // An xfs of the agent's survives it.
        Assert.Equal(digest, await own.Read("web"));
    }

    private async Task Grow(LoopDisk disk, bool forMetadata) => await agent.Client.Pools.GrowAsync(new GrowPoolRequest
    {
        RequestId = AgentClient.NewId(), Pool = Pool, Force = true, AddDevice = disk.Path,
        Part = forMetadata ? GrowPoolRequest.Types.Part.Metadata : GrowPoolRequest.Types.Part.Data,
    });

    private async Task<string> Read(string name)
    {
        await agent.Client.Containers.MountAsync(
            new MountContainerRequest { RequestId = AgentClient.NewId(), Pool = Pool, Container = name });
        var digest = await Files.Digest($"{agent.Places.Mount(Pool, name)}/file");
        await agent.Client.Unmount(Pool, name);
        return digest;
    }
}
