using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Tests.Support;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using DmAgents.Testing.Docker;
using Grpc.Core;

namespace DmAgents.Agent.Tests;

/// <summary>The journal's file is gone: the pool is found, told of, and taken over with what its files and it have.
/// </summary>
public sealed class AdoptionTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly DeviceKey Layer = DeviceKey.Layer("sha256:" + new string('a', 64));
    private static readonly DeviceKey View = DeviceKey.Containerd("default", "shown");
    private static readonly ImageReference Image = new("registry.example:5000/team/app:1");

    private static readonly DeviceKey Imported = DeviceKey.Layer("sha256:" + new string('b', 64));
    private static readonly ImageReference ImportedImage = new("imported:1");

    private static readonly ImmutableSortedDictionary<string, string> Labels =
        ImmutableSortedDictionary<string, string>.Empty.Add("who", "me");

    private ServedAgent _agent = null!;
    private PoolContents _before = null!;

    public async Task InitializeAsync()
    {
        _agent = await ServedAgent.Start();
        await _agent.Do(Create(DeviceKey.Container("filling"), parent: null));
        await _agent.Do(
            new PoolCommands.Commit(NewRequest(), DeviceKey.Container("filling"), Layer, Labels, At) { Inodes = 7 });
        await _agent.Do(new PoolCommands.TagImage(NewRequest(), Image, Layer, "sha256:c0", """{"os":"linux"}""", At));
        await _agent.Do(Create(DeviceKey.Container("web"), Layer) with { Use = DeviceUse.Mounted, Labels = Labels });
        await _agent.Do(new PoolCommands.CreateView(NewRequest(), View, Layer, FileSystem: null, Labels, At));
        await _agent.Do(Create(DeviceKey.Container("importing"), parent: null));
        await _agent.Do(new PoolCommands.Commit(
            NewRequest(), DeviceKey.Container("importing"), Imported, Labels.Add(DeviceLabels.Import, "a"), At));
        await _agent.Do(new PoolCommands.TagImage(NewRequest(), ImportedImage, Imported, "sha256:c1", "{}", At));
        await _agent.Do(new PoolCommands.SetSpares(NewRequest(), [new DevicePath("/dev/sdc")], At));
        await FilesShow("views/containerd.default~shown.json");
        await FilesShow("metadata/web.json");
        await FilesShow("pool.json", "/dev/sdc");
        _before = _agent.State;
        await _agent.Stop();
        Directory.Delete(_agent.Settings.JournalDirectory, recursive: true);
        _agent = await _agent.Next();
    }

    public async Task DisposeAsync() => await _agent.DisposeAsync();

    [Fact]
    public async Task The_host_tells_of_the_pool_and_makes_none_in_its_place()
    {
        var problem = Assert.Single((await Hosts.GetStatusAsync(new GetHostStatusRequest())).Problems);
        Assert.Equal("test-pool", problem.Object);
        Assert.Contains("dmagent pool adopt test-pool", problem.Next, StringComparison.Ordinal);

        await Refused(Create("test-pool", "/dev/sdc"), "dmagent pool adopt test-pool");
        // Live as it is, it is in use besides.
        await Refused(Create("other", "/dev/sda"), "lsblk");
        Assert.Empty((await Pools.ListAsync(new ListPoolsRequest())).Pools);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Docker_is_not_adopted_under_its_name(bool dryRun)
    {
        await Refused(Pools.AdoptDockerAsync(new AdoptDockerRequest
        {
            RequestId = $"{Guid.NewGuid()}", Name = "test-pool", DataRoot = DockerWorld.DataRoot.Value, DryRun = dryRun,
        }).ResponseAsync, "dmagent pool adopt test-pool");

        Assert.True(File.Exists($"{Root}/metadata/web.json"));
    }

    [Fact]
    public async Task A_dry_run_shows_all_and_changes_nothing()
    {
        var reply = await Pools.AdoptAsync(Adopt(dryRun: true));

        Assert.True(reply.DryRun);
        Assert.Empty(reply.Findings);
        Assert.Equal(_before.Devices.Keys.Order().Select(id => id.Value), reply.Devices.Select(d => d.ThinId));
        Assert.Equal([ImportedImage.Value, Image.Value], reply.Images);
        Assert.Single(reply.Views);
        Assert.Empty((await Pools.ListAsync(new ListPoolsRequest())).Pools);
        Assert.True(File.Exists($"{Root}/pool.json"));
    }

    [Fact]
    public async Task The_pool_is_as_it_was()
    {
        Assert.True(_agent.Simulated.CreateThin(new MappedName("dmagents-test-pool-pool"), new ThinId(77)).Succeeded);
        var request = Adopt();

        var reply = await Pools.AdoptAsync(request);

        Assert.Equal([77u], reply.QuarantinedThinIds);
        Assert.Contains("thin id 77", Assert.Single(reply.Findings).Object, StringComparison.Ordinal);
        Agree();
        // Whoever did not hear it hears the same.
        Assert.Equal(
            reply.Devices.Select(d => d.ThinId), (await Pools.AdoptAsync(request)).Devices.Select(d => d.ThinId));
        // What is in doubt is told; that the pool has no owner is not, any more.
        Assert.Contains("quarantine",
            Assert.Single((await Hosts.GetStatusAsync(new GetHostStatusRequest())).Problems).What,
            StringComparison.Ordinal);
        await Refused(Pools.AdoptAsync(Adopt()).ResponseAsync, "dmagent pool show");
        await _agent.Do(Create(DeviceKey.Container("next"), Layer));
        await _agent.Do(new PoolCommands.Remove(NewRequest(), DeviceKey.Container("next"), Force: false, At));

        await _agent.Stop();
        _agent = await _agent.Next();
        Agree();
    }

    [Fact]
    public async Task Files_that_cannot_be_read_are_named_and_what_they_told_of_goes_to_quarantine()
    {
        await File.WriteAllTextAsync($"{Root}/metadata/web.json", "{ \"device_id\": ");
        await File.WriteAllTextAsync($"{Root}/metadata/strange.json", "{ \"device_id\": 1 }");

        var reply = await Pools.AdoptAsync(Adopt());

        var web = _before.Find(DeviceKey.Container("web"))!.Id;
        Assert.Equal([web.Value], reply.QuarantinedThinIds);
        Assert.Contains(reply.Findings, finding => finding.Object == $"{Root}/metadata/web.json");
        Assert.Contains(reply.Findings, finding => finding.Object == $"{Root}/metadata/strange.json");
        Assert.Contains(
            web, _agent.Simulated.ListThins(new MappedName("dmagents-test-pool-pool")).Value.Select(t => t.Id));
    }

    [Fact]
    public async Task Imported_layers_outlive_the_loss_of_the_files_of_their_images()
    {
        Directory.Delete($"{Root}/images", recursive: true);

        var reply = await Pools.AdoptAsync(Adopt());

        Assert.Equal([$"{Root}/images", Imported.ToString()], reply.Findings.Select(finding => finding.Object));
        Assert.Equal($"dmagent layer remove --pool test-pool {Imported.Name}", reply.Findings[1].Next.Split(": ")[1]);
        Assert.Equal(DevicePhase.Ready, _agent.State.Find(Imported)!.Phase);
    }

    [Fact]
    public async Task Without_its_file_nobody_knows_what_the_pool_is_made_of()
    {
        File.Delete($"{Root}/pool.json");

        await Refused(Pools.AdoptAsync(Adopt()).ResponseAsync, "restore the state directory");
    }

    [Fact]
    public async Task Without_its_file_the_operator_says_what_the_pool_lies_on_and_it_is_as_it_was()
    {
        File.Delete($"{Root}/pool.json");
        var adopt = Adopt();
        adopt.Direct = new DirectBacking { DataDevices = { "/dev/sda" }, MetadataDevice = "/dev/sdb" };

        var reply = await Pools.AdoptAsync(adopt);

        Assert.Empty(reply.Findings);
        Assert.Equal(
            _before.Identity! with { CreatedAt = default }, _agent.State.Identity! with { CreatedAt = default });
        Assert.Equal(
            _before.Devices.Values.OrderBy(d => d.Id).Select(Text),
            _agent.State.Devices.Values.OrderBy(d => d.Id).Select(Text));
    }

    [Fact]
    public async Task Of_a_pool_of_which_nothing_tells_all_goes_to_quarantine()
    {
        Directory.Delete(Root, recursive: true);
        var adopt = Adopt();
        adopt.Direct = new DirectBacking { DataDevices = { "/dev/sda" }, MetadataDevice = "/dev/sdb" };

        var reply = await Pools.AdoptAsync(adopt);

        Assert.Equal(_before.Devices.Keys.Order().Select(id => id.Value), reply.QuarantinedThinIds);
        Assert.Equal(_before.Identity!.Uuid, _agent.State.Identity!.Uuid);
    }

    [Fact]
    public async Task What_a_file_tells_is_not_to_be_said_and_disks_that_are_not_the_pools_are_refused()
    {
        var adopt = Adopt();
        adopt.Direct = new DirectBacking { DataDevices = { "/dev/sda" }, MetadataDevice = "/dev/sdb" };
        await Refused(Pools.AdoptAsync(adopt).ResponseAsync, "leave that out");
        File.Delete($"{Root}/pool.json");
        adopt.Direct = new DirectBacking { DataDevices = { "/dev/sda" }, MetadataDevice = "/dev/sdc" };
        await Refused(Pools.AdoptAsync(adopt).ResponseAsync, "name the disks that the pool was made of");
        adopt.Pool = "other";
        adopt.Direct.MetadataDevice = "/dev/sdb";
        await Refused(Pools.AdoptAsync(adopt).ResponseAsync, "dmagent pool adopt test-pool");
        Assert.Empty((await Pools.ListAsync(new ListPoolsRequest())).Pools);
    }

    [Fact]
    public async Task A_disk_of_another_pool_is_not_taken()
    {
        var file = $"{Root}/pool.json";
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file)).Replace(
            _before.Identity!.Uuid.ToString(), $"{Guid.NewGuid()}", StringComparison.Ordinal));

        var refused = await Assert.ThrowsAsync<RpcException>(() => Pools.AdoptAsync(Adopt()).ResponseAsync);

        Assert.Contains("belongs to pool test-pool", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Empty((await Pools.ListAsync(new ListPoolsRequest())).Pools);
    }

    private string Root => $"{_agent.Settings.StateDirectory}/pools/test-pool";

    private Pools.PoolsClient Pools => new(_agent.AdminChannel);

    private Hosts.HostsClient Hosts => new(_agent.AdminChannel);

    private static DateTimeOffset At { get; } = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private void Agree()
    {
        var after = _agent.State;
        Assert.Equal(_before.Identity, after.Identity);
        Assert.Equal(
            _before.Devices.Values.OrderBy(d => d.Id).Select(Text),
            after.Devices.Values.OrderBy(d => d.Id).Select(Text));
        Assert.Equal(_before.Images.Values, after.Images.Values);
        Assert.Equal(Layer.Name, after.Devices[after.Views[View].Source].Key.Name);
        Assert.Equal("me", after.Views[View].Labels["who"]);
        Assert.Equal<DevicePath>(_before.Spares, after.Spares);
        Assert.Equal([new ThinId(77)], after.Quarantine.Keys);
        Assert.Contains(
            _agent.Simulated.Mounts().Value, m => m.Target.Value == $"{Root}/mnt/web");
    }

    private static string Text(DeviceRecord device) =>
        $"{device with { Labels = Labels }} {string.Join(",", device.Labels)} {device.Inodes} {device.CreatedIn}";

    /// <summary>The files follow what happens by a moment.</summary>
    private async Task FilesShow(string file, string content = "")
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!File.Exists($"{Root}/{file}")
            || !(await File.ReadAllTextAsync($"{Root}/{file}", patience.Token))
                .Contains(content, StringComparison.Ordinal))
            await Task.Delay(20, patience.Token);
    }

    private async Task Create(string name, string disk)
    {
        using var call = Pools.Create(new CreatePoolRequest
        {
            RequestId = $"{Guid.NewGuid()}", Name = name, SingleDisk = new SingleDiskBacking { Device = disk },
        });
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
        {
        }
    }

    private static async Task Refused(Task call, string next)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(() => call);
        var problem = Problem.Parser.ParseFrom(refused.Trailers.GetValueBytes("dmagents-problem-bin"));
        Assert.Contains(next, problem.Next, StringComparison.Ordinal);
    }

    private static AdoptPoolRequest Adopt(bool dryRun = false) =>
        new() { RequestId = $"{Guid.NewGuid()}", Pool = "test-pool", DryRun = dryRun };

    private static PoolCommands.CreateSnapshot Create(DeviceKey key, DeviceKey? parent) => new(
        NewRequest(), key, parent, Size: null, FileSystem: null, DeviceUse.Idle,
        ImmutableSortedDictionary<string, string>.Empty, At);

    private static RequestId NewRequest() => new(Guid.NewGuid());
}
