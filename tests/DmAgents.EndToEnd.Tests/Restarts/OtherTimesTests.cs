using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.EndToEnd.Tests.Support;
using DeviceKind = DmAgents.Api.Admin.V1.DeviceKind;
using DeviceState = DmAgents.Api.Admin.V1.DeviceState;

namespace DmAgents.EndToEnd.Tests.Restarts;

/// <summary>Journal and pool are of different times, or of different pools: nothing is changed until the operator
/// decides, and nothing is lost by what he decides.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class OtherTimesTests(AgentFixture fixture)
{
    [Fact]
    public async Task With_a_journal_of_an_older_copy_the_pool_stays_closed_and_what_came_later_is_undeleted()
    {
        await using var agent = await OwnAgent.Start(fixture, "old-journal");
        var early = await agent.Make("early", seed: 1);
        await agent.Stop();
        var copy = await Copy(agent.Journal);
        await agent.Restart();
        var late = await agent.Make("late", seed: 2);
        var lateId = (await agent.Client.ShowContainer(agent.Pool, "late")).ThinId;
        await agent.Client.Remove(agent.Pool, "early");
        await agent.Meter.AwaitRemovals();
        await agent.Stop();
        var before = agent.Meter.ThinIds();
        await PutBack(copy, agent.Journal);
        await agent.Restart();

        var closed = await agent.MustBeClosed();
        Assert.Contains("restored from a backup", closed.Why, StringComparison.Ordinal);
        Assert.Contains($"dmagent pool check {agent.Pool}", closed.Next, StringComparison.Ordinal);
        var found = await agent.Client.Pools.CheckAsync(new CheckPoolRequest { Pool = agent.Pool });
        Assert.False(found.Agrees);
        Assert.Equal(agent.Meter.Status.TransactionId.Value, found.ForeignTransactionId);
        await AgentClient.Refused(
            [Problem.Types.Kind.Refused], async () => await agent.Client.Pools.RepairAsync(
                new RepairPoolRequest { RequestId = AgentClient.NewId(), Pool = agent.Pool }));
        Assert.Equal(before, agent.Meter.ThinIds());

        await agent.AcceptWhatIsThere();

        Assert.Equal(DeviceState.Lost, (await agent.Client.ShowContainer(agent.Pool, "early")).State);
        var quarantined = Assert.Single((await agent.Client.Pools.ListQuarantineAsync(
            new ListQuarantineRequest { Pool = agent.Pool })).Devices);
        Assert.Equal((lateId, "late"), (quarantined.ThinId, quarantined.Key));
        Assert.Equal(before, agent.Meter.ThinIds());
        var again = await agent.Client.Pools.UndeleteAsync(
            new UndeleteRequest { RequestId = AgentClient.NewId(), Pool = agent.Pool, ThinId = lateId, Name = "late" });
        Assert.Equal(DeviceKind.Layer, again.Kind);
        Assert.NotEqual(early, late);
        Assert.Equal(late, await Digest(agent, again.Key));
    }

    [Fact]
    public async Task With_a_journal_of_an_older_copy_the_pool_is_adopted_as_its_files_have_it()
    {
        await using var agent = await OwnAgent.Start(fixture, "old-adopted");
        var early = await agent.Make("early", seed: 3);
        await agent.Stop();
        var copy = await Copy(agent.Journal);
        await agent.Restart();
        var late = await agent.Make("late", seed: 4);
        await agent.Stop();
        var before = agent.Meter.ThinIds();
        await PutBack(copy, agent.Journal);
        await agent.Restart();
        await agent.MustBeClosed();

        var adopted = await agent.Client.Pools.AdoptAsync(
            new AdoptPoolRequest { RequestId = AgentClient.NewId(), Pool = agent.Pool });

        Assert.Empty(adopted.Findings);
        Assert.Empty(adopted.QuarantinedThinIds);
        Assert.Equal(before, agent.Meter.ThinIds());
        Assert.Equal(early, await agent.Read("early"));
        Assert.Equal(late, await agent.Read("late"));
        await agent.Client.MustAgree(agent.Pool);
    }

    [Fact]
    public async Task With_metadata_of_an_earlier_state_the_pool_stays_closed_and_what_they_lack_is_told_lost()
    {
        await using var agent = await OwnAgent.Start(fixture, "old-metadata");
        var early = await agent.Make("early", seed: 5);
        await agent.Stop();
        var before = (agent.Meter.Status.TransactionId, string.Join(' ', agent.Meter.ThinIds()));
        agent.TakeDown();
        var copy = $"{agent.Metadata}.copy";
        File.Copy(agent.Metadata, copy);
        await agent.Restart();
        await agent.Make("late", seed: 6);
        await agent.Stop();
        agent.TakeDown();
        File.Move(copy, agent.Metadata, overwrite: true);
        await agent.Restart();

        await agent.MustBeClosed();
        Assert.False((await agent.Client.Pools.CheckAsync(new CheckPoolRequest { Pool = agent.Pool })).Agrees);
        Assert.Equal(before, (agent.Meter.Status.TransactionId, string.Join(' ', agent.Meter.ThinIds())));

        await agent.AcceptWhatIsThere();

        Assert.Equal(DeviceState.Lost, (await agent.Client.ShowContainer(agent.Pool, "late")).State);
        Assert.Equal(early, await agent.Read("early"));
        await agent.Client.Create(agent.Pool, "next", OwnAgent.Image);
    }

    [Fact]
    public async Task Another_pool_under_its_name_is_left_alone_and_named()
    {
        await using var agent = await OwnAgent.Start(fixture, "usurped");
        var kept = await agent.Make("kept", seed: 7);
        await agent.Stop();
        agent.TakeDown();
        var device = DeviceNames.Pool(new Domain.Pools.PoolName(agent.Pool)).Value;
        await Dmsetup($"create {device} --table '0 2048 zero'");
        await agent.Restart();

        var refused = await AgentClient.Refused(
            [Problem.Types.Kind.Failed, Problem.Types.Kind.Refused],
            () => agent.Client.Create(agent.Pool, "refused", OwnAgent.Image, mount: false));
        Assert.Contains(device, refused.Why, StringComparison.Ordinal);
        Assert.Contains("zero", await Dmsetup($"table {device}"), StringComparison.Ordinal);

        await Dmsetup($"remove {device}");
        await AwaitWritable(agent);
        Assert.Equal(kept, await agent.Read("kept"));
        await agent.Client.MustAgree(agent.Pool);
    }

    [Fact]
    public async Task Devices_that_were_removed_by_hand_are_found_by_a_check_and_made_again_by_a_repair()
    {
        await using var agent = await OwnAgent.Start(fixture, "by-hand");
        var kept = await agent.Make("kept", seed: 8);
        var container = await agent.Client.Create(agent.Pool, "mounted", OwnAgent.Image);
        await Shell.Must("/bin/umount", container.MountPath);
        await Dmsetup($"remove dmagents-{agent.Pool}-{container.ThinId}");

        var found = await agent.Client.Pools.CheckAsync(new CheckPoolRequest { Pool = agent.Pool });

        Assert.False(found.Agrees);
        Assert.Contains(found.Findings, finding => finding.Object.Contains("mounted", StringComparison.Ordinal)
            || finding.What.Contains("mounted", StringComparison.Ordinal));
        Assert.NotEmpty(found.Repairs);
        var repaired = await agent.Client.Pools.RepairAsync(
            new RepairPoolRequest { RequestId = AgentClient.NewId(), Pool = agent.Pool });
        Assert.True(repaired.Agrees, $"{repaired}");
        Assert.Equal(SmallImage.Text, await File.ReadAllTextAsync($"{container.MountPath}/etc/name"));
        Assert.Equal(kept, await agent.Read("kept"));
    }

    [Fact]
    public async Task A_thin_id_that_was_deleted_by_hand_is_told_lost_and_the_others_are_as_they_were()
    {
        await using var agent = await OwnAgent.Start(fixture, "deleted-id");
        var kept = await agent.Make("kept", seed: 9);
        await agent.Make("gone", seed: 10);
        var id = (await agent.Client.ShowContainer(agent.Pool, "gone")).ThinId;
        await Dmsetup($"message {DeviceNames.Pool(new Domain.Pools.PoolName(agent.Pool)).Value} 0 'delete {id}'");

        var refused = await Assert.ThrowsAnyAsync<Grpc.Core.RpcException>(() => agent.Read("gone"));
        var found = await agent.Client.Pools.CheckAsync(new CheckPoolRequest { Pool = agent.Pool });
        Assert.False(found.Agrees, $"{refused.Status}");
        await agent.Client.Pools.RepairAsync(
            new RepairPoolRequest { RequestId = AgentClient.NewId(), Pool = agent.Pool });

        Assert.Equal(DeviceState.Lost, (await agent.Client.ShowContainer(agent.Pool, "gone")).State);
        Assert.Equal(kept, await agent.Read("kept"));
        await agent.Client.Remove(agent.Pool, "gone");
        await agent.Meter.AwaitRemovals();
        await agent.Client.MustAgree(agent.Pool);
    }

    [Fact]
    public async Task A_thin_id_that_somebody_made_by_hand_is_quarantined_and_a_purge_gives_its_blocks_back()
    {
        const uint Id = 500;
        await using var agent = await OwnAgent.Start(fixture, "by-hand-made");
        var kept = await agent.Make("kept", seed: 11);
        var source = (await agent.Client.ShowContainer(agent.Pool, "kept")).ThinId;
        var before = await agent.Meter.Content();
        var pool = DeviceNames.Pool(new Domain.Pools.PoolName(agent.Pool)).Value;
        await Dmsetup($"message {pool} 0 'create_snap {Id} {source}'");
        await Dmsetup($"create by-hand --table '0 {1 << 21} thin /dev/mapper/{pool} {Id}'");
        await Shell.Must("/bin/dd", "if=/dev/urandom", "of=/dev/mapper/by-hand", "bs=1M", "count=64", "oflag=direct");
        await Dmsetup("remove by-hand");
        Assert.True(await agent.Meter.UsedBlocks() >= before.Blocks + (64 * 16));

        await agent.Client.Pools.RepairAsync(
            new RepairPoolRequest { RequestId = AgentClient.NewId(), Pool = agent.Pool });
        var found = Assert.Single((await agent.Client.Pools.ListQuarantineAsync(
            new ListQuarantineRequest { Pool = agent.Pool })).Devices);
        Assert.Equal(Id, found.ThinId);
        Assert.True(found.MappedBytes >= 64UL << 20);
        Assert.Contains(Id, agent.Meter.ThinIds());
        await agent.Client.Pools.PurgeQuarantineAsync(new PurgeQuarantineRequest
        {
            RequestId = AgentClient.NewId(), Pool = agent.Pool, ThinIds = { Id },
        });

        Assert.Equal(before, await agent.Meter.Content());
        Assert.Equal(kept, await agent.Read("kept"));
        await agent.Client.MustAgree(agent.Pool);
    }

    private static Task AwaitWritable(OwnAgent agent) => Patience.Until(
        async () => (await agent.Client.Show(agent.Pool)).State == PoolState.Writable, "the pool is writable");

    /// <summary>The digest of the file in a container of that layer.</summary>
    private static async Task<string> Digest(OwnAgent agent, string layer)
    {
        var container = await agent.Client.Containers.CreateAsync(new CreateContainerRequest
        {
            RequestId = AgentClient.NewId(), Pool = agent.Pool, Name = "of-layer", LayerChainId = layer, Mount = true,
        });
        return await Files.Digest($"{container.MountPath}/file");
    }

    private static async Task<string> Copy(string directory)
    {
        await Shell.Must("/bin/cp", "-a", directory, $"{directory}.copy");
        return $"{directory}.copy";
    }

    private static async Task PutBack(string copy, string directory)
    {
        Directory.Delete(directory, recursive: true);
        await Shell.Must("/bin/mv", copy, directory);
    }

    private static Task<string> Dmsetup(string arguments) =>
        Shell.Must("/bin/sh", "-c", $"DM_DISABLE_UDEV=1 dmsetup {arguments}");
}
