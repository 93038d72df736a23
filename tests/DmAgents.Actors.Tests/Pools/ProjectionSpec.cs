using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DmAgents.Actors.Pools;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Actors.Tests.Pools;

/// <summary>metadata/ and mnt/, as people and scripts see them.</summary>
public sealed class ProjectionSpec : ActorSpec
{
    [Fact]
    public async Task Each_device_has_a_file_and_a_directory()
    {
        var life = await Opened();
        await MakeLayer(life, "a");
        var web = (await life.Done(Ask.Create("web", Ask.Layer("a")))).Device!;

        await Eventually.Holds(
            () => FileOf(web.Key) is { } file && file.GetProperty("initialized").GetBoolean(), () => "web has no file");

        var file = FileOf(web.Key)!.Value;
        Assert.Equal(web.Id.Value, file.GetProperty("device_id").GetUInt32());
        Assert.Equal(web.Size.Bytes, file.GetProperty("size").GetUInt64());
        Assert.Equal("layer/sha256:a", file.GetProperty("parent").GetString());
        Assert.Equal("container", file.GetProperty("kind").GetString());
        Assert.False(file.GetProperty("deleted").GetBoolean());
        await Eventually.Holds(() => Host.HasDirectory(TestHost.MountOf(web.Key)), () => "web has no directory");
    }

    [Fact]
    public async Task Directories_that_cannot_be_made_are_logged_once()
    {
        var life = await Opened();
        // A batch with the base alone would succeed: it has no directory.
        await life.Done(Ask.Create("before"));
        await Eventually.Holds(() => Host.HasDirectory(TestHost.MountOf(Ask.Container("before"))), () => "it has none");
        await Eventually.Holds(
            () => FileOf(Ask.Container("before"))!.Value.GetProperty("initialized").GetBoolean(),
                () => "it is not made");
        life.Kernel.FailNext(nameof(IKernel.EnsureDirectory), KernelFault.NoSpace, count: 1000);
        foreach (var name in new[] { "one", "two", "three" })
            await life.Done(Ask.Create(name));

        foreach (var name in new[] { "one", "two", "three" })
        {
            await Eventually.Holds(
                () => FileOf(Ask.Container(name)) is { } file && file.GetProperty("initialized").GetBoolean(),
                () => $"{name} has no file");
        }
        Assert.Single(life.Log.Warnings, line => line.Contains("behind the journal", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_committed_container_has_the_file_of_its_layer()
    {
        var life = await Opened();
        await MakeLayer(life, "a");

        await Eventually.Holds(
            () => FileOf(Ask.Layer("a")) is not null && FileOf(Ask.Container("making-a")) is null,
            () => string.Join(", ", Host.Files.Paths));
        await Eventually.Holds(
            () => !Host.HasDirectory(TestHost.MountOf(Ask.Container("making-a"))), () => "the directory stays");
    }

    /// <summary>As an import does it, within the time that listeners may be behind.</summary>
    [Fact]
    public async Task A_mounted_device_that_becomes_a_layer_at_once_leaves_no_directory()
    {
        var life = await Opened();
        var making = Ask.Container("making-a");
        await life.Done(Ask.Create("making-a", use: DeviceUse.Mounted));
        Assert.True(Host.HasDirectory(TestHost.MountOf(making)));
        await life.Done(Ask.Unmount("making-a"));
        await life.Done(Ask.Commit("making-a", Ask.Layer("a")));

        await Eventually.Holds(() => FileOf(Ask.Layer("a")) is not null, () => string.Join(", ", Host.Files.Paths));
        await Eventually.Holds(() => !Host.HasDirectory(TestHost.MountOf(making)), () => "the directory stays");
    }

    [Fact]
    public async Task One_that_does_so_before_the_files_are_first_compared_leaves_none_either()
    {
        await (await Opened()).Die();
        var life = await Reopened(Settings with { ProjectionDelay = TimeSpan.FromHours(1) });
        await life.Done(Ask.Create("making-a", use: DeviceUse.Mounted));
        await life.Done(Ask.Unmount("making-a"));
        await life.Done(Ask.Commit("making-a", Ask.Layer("a")));

        life.Tell(PoolMessages.Stop.Instance);
        await life.PoolHasStopped;

        Assert.NotNull(FileOf(Ask.Layer("a")));
        Assert.False(Host.HasDirectory(TestHost.MountOf(Ask.Container("making-a"))));
    }

    [Fact]
    public async Task A_removed_device_has_neither()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web"));
        await life.Done(Ask.Remove("web"));
        await Agrees(life);

        await Eventually.Holds(
            () => FileOf(Ask.Container("web")) is null && !Host.HasDirectory(TestHost.MountOf(Ask.Container("web"))),
            () => string.Join(", ", Host.Files.Paths));
    }

    /// <summary>Files are written after a pause; the directory of a mount is there at once.</summary>
    [Fact]
    public async Task A_mounted_device_that_comes_and_goes_at_once_leaves_no_directory()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        Assert.True(Host.HasDirectory(TestHost.MountOf(Ask.Container("web"))));
        await life.Done(Ask.Remove("web", force: true));

        await Eventually.Holds(
            () => !Host.HasDirectory(TestHost.MountOf(Ask.Container("web"))), () => "the directory stays");
        await Agrees(life);
    }

    [Fact]
    public async Task A_name_that_is_used_again_has_the_file_of_its_new_owner()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web"));
        await life.Done(Ask.Remove("web"));
        var again = (await life.Done(Ask.Create("web"))).Device!;
        await Agrees(life);

        await Eventually.Holds(
            () => FileOf(again.Key) is { } file && file.GetProperty("device_id").GetUInt32() == again.Id.Value,
            () => "the file is not the new device's");
    }

    [Fact]
    public async Task An_opening_writes_what_is_missing_and_takes_away_what_is_nobodys()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web"));
        await Eventually.Holds(() => FileOf(Ask.Container("web")) is not null, () => "web has no file");
        await life.Die();
        Host.Files.Delete($"{TestHost.Paths.MetadataDirectory}/web.json");
        Host.Files.Replace($"{TestHost.Paths.MetadataDirectory}/ghost.json", "{}"u8);
        Host.Files.Replace($"{TestHost.Paths.MetadataDirectory}/web.json.tmp", "{"u8);
        Host.Files.AddDirectory($"{TestHost.Paths.MountDirectory}/ghost");
        Host.Kernel.EnsureDirectory(TestHost.MountOf(Ask.Container("ghost")));

        await Reopened();

        await Eventually.Holds(
            () => FileOf(Ask.Container("web")) is not null
                && Host.Files.List(TestHost.Paths.MetadataDirectory).Value.Count == 2
                && !Host.HasDirectory(TestHost.MountOf(Ask.Container("ghost"))),
            () => string.Join(", ", Host.Files.Paths));
    }

    [Fact]
    public async Task A_file_that_cannot_be_written_is_told_and_holds_nothing_up()
    {
        var life = await Opened();
        Host.Files.Break($"{TestHost.Paths.MetadataDirectory}/web.json", KernelFault.NoSpace);

        await life.Done(Ask.Create("web"));

        await Eventually.Holds(
            () => life.Log.Warnings.Any(w => w.Contains("behind the journal", StringComparison.Ordinal)),
            () => "nobody was told");
        await Agrees(life);
    }

    [Fact]
    public async Task When_the_agent_has_stopped_they_are_what_the_journal_has()
    {
        var life = await Opened();
        await life.Done(Ask.Create("gone"));
        await Eventually.Holds(() => FileOf(Ask.Container("gone")) is not null, () => "there is no file");
        await life.Die();
        life = await Reopened(Settings with { ProjectionDelay = TimeSpan.FromHours(1) });
        await life.Done(Ask.Create("web"));
        await life.Done(Ask.Remove("gone"));
        await Agrees(life);

        life.Tell(PoolMessages.Stop.Instance);
        await life.PoolHasStopped;

        Assert.True(FileOf(Ask.Container("web"))!.Value.GetProperty("initialized").GetBoolean());
        Assert.Null(FileOf(Ask.Container("gone")));
    }

    [Fact]
    public void The_pools_file_tells_of_a_takeover_and_of_kept_metadata_and_one_that_does_not_is_read()
    {
        var taken = new TakeoverRecord(
            "Docker", new MountPath("/var/lib/docker/devicemapper"), new TransactionId(6), [new ThinId(1)],
            TakeoverPhase.Confirmed);
        var kept = new KeptMetadata([], new LoopFilePart(new LoopFile("/m.img"), ByteSize.MiB(4)), Ask.At);
        var identity = new PoolIdentity(
            TestHost.PoolUuid, TestHost.PoolName, TestHost.Backing, PoolBlockSize.Default, FileSystemKind.Ext4,
            Ask.BaseSize, Ask.At);
        var content = new ContentProjection(Host.Files, TestHost.Paths);
        var plain = PoolState.Empty with { Identity = identity };
        content.Write(plain);

        content.Write(plain with { Takeover = taken, Kept = [kept] });

        var read = new ProjectionReader(Host.Files, TestHost.Paths).Read();
        Assert.Equal(identity, read.Identity);
        Assert.Equal(taken with { Thins = [] }, read.Takeover! with { Thins = [] });
        Assert.Equal([new ThinId(1)], read.Takeover!.Thins);
        Assert.Equal<KeptMetadata>([kept], read.Kept);
        var file = JsonNode.Parse(Host.Files.Read(TestHost.Paths.IdentityFile).Value)!.AsObject();
        Assert.True(file.Remove("takeover") && file.Remove("kept"));
        Host.Files.Replace(TestHost.Paths.IdentityFile, Encoding.UTF8.GetBytes(file.ToJsonString()));
        read = new ProjectionReader(Host.Files, TestHost.Paths).Read();
        Assert.Empty(read.Unreadable);
        Assert.Null(read.Takeover);
        Assert.Empty(read.Kept);
    }

    private JsonElement? FileOf(DeviceKey key)
    {
        var content = Host.Files.Read($"{TestHost.Paths.MetadataDirectory}/{PoolPaths.NameOf(key)}.json");
        return content.Succeeded ? JsonDocument.Parse(content.Value).RootElement : null;
    }

    [Fact]
    public async Task A_layers_file_says_that_it_is_live_from_its_first_view_to_its_last()
    {
        var life = await Opened();
        var layer = (await MakeLayer(life, "a")).Key;
        string Use() => FileOf(layer)?.GetProperty("use").GetString() ?? "no file";
        await Eventually.Holds(() => Use() == "idle", Use);

        await life.Done(Ask.View("v", layer));
        await Eventually.Holds(() => Use() == "active", Use);

        await life.Done(Ask.Remove(Ask.View("v")));
        await Eventually.Holds(() => Use() == "idle", Use);
    }
}
