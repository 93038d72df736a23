using DmAgents.Api.Admin.V1;
using DmAgents.Api.Containerd.Snapshots.V1;
using DmAgents.Domain.Devices;
using DmAgents.EndToEnd.Tests.Support;
using DmAgents.Kernel;
using DmAgents.Testing.Contracts;
using Grpc.Core;
using Grpc.Net.Client;

namespace DmAgents.EndToEnd.Tests.Containerd;

/// <summary>An agent with one pool of 1 GiB, and a containerd that uses it.</summary>
public sealed class ContainerdFixture : IAsyncLifetime
{
    internal const string Pool = "containerd";
    internal const string Debian = "debian:demo";
    internal const int DebianLayers = 4;

    private GrpcChannel _channel = null!;
    private string? _archive;

    internal AgentPlaces Places { get; } = new("containerd");

    internal LinuxKernel Kernel { get; private set; } = null!;

    internal AgentClient Client { get; private set; } = null!;

    internal AgentProcess Agent { get; private set; } = null!;

    internal ContainerdProcess Containerd { get; private set; } = null!;

    internal PoolMeter Meter { get; private set; } = null!;

    /// <summary>The agent's own service, without containerd before it.</summary>
    internal Snapshots.SnapshotsClient Snapshots { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var opened = LinuxKernel.Open();
        Assert.True(opened.Succeeded, $"these tests run in the lab, as root: {opened.Error}");
        Assert.True(
            Directory.EnumerateDirectories("/sys/fs/cgroup").Any(), "runc needs cgroups: tests/lab/run --cgroups");
        Kernel = opened.Value;
        Kernel.Format(Support.Places.StateDisk, FileSystemKind.Ext4).Must();
        var state = new MountPath(Support.Places.State);
        Kernel.Mount(Support.Places.StateDisk, state, FileSystemKind.Ext4, readOnly: false).Must();
        Places.WriteConfig();
        Client = new AgentClient(Places.Socket);
        Agent = await AgentProcess.Start(Places, Client);
        await Client.CreatePool(new CreatePoolRequest
        {
            Name = Pool,
            Force = true,
            Direct = new DirectBacking
            {
                DataDevices = { Support.Places.SpareDisk.Value }, MetadataDevice = Support.Places.MetadataDisk.Value,
            },
        });
        Meter = new PoolMeter(Kernel, Client, Places, Pool);
        _channel = UnixChannel.To(Places.ContainerdSocket);
        Snapshots = new Snapshots.SnapshotsClient(_channel);
        Containerd = await ContainerdProcess.Start(Places);
        // The base, which stays, is made for the first snapshot.
        await Prepare("warm-up");
        await Remove("warm-up");
        Empty = await Meter.Content();
    }

    public async Task DisposeAsync()
    {
        Containerd?.Dispose();
        if (Agent is { HasExited: false })
        {
            await Client.RemovePool(Pool);
            await Agent.Terminate();
        }
        Agent?.Dispose();
        _channel?.Dispose();
        Client?.Dispose();
        Kernel?.Unmount(new MountPath(Support.Places.State), detach: true);
        Kernel?.Dispose();
    }

    /// <summary>Thin ids and blocks of the pool while containerd has nothing in it.</summary>
    internal (string Ids, ulong Blocks) Empty { get; private set; }

    /// <summary>Both run, whatever a test that failed has done.</summary>
    internal async Task BeginAlive()
    {
        if (Agent.HasExited)
            await Agent.Restart(Client);
        if (Containerd.HasExited)
            await Containerd.Restart();
    }

    /// <summary>Clears away what another test has left.</summary>
    internal async Task BeginEmpty()
    {
        await BeginAlive();
        if ((await List()).Count > 0)
            await ContainerdProcess.Clear();
        Assert.Equal(Empty, await Meter.Content());
    }

    /// <summary>Has the Debian image, whose import takes the most of a test's time, and no containers.</summary>
    internal async Task BeginWithImage()
    {
        await BeginAlive();
        var left = await List();
        if (left.Count != DebianLayers || left.Any(info => info.Kind != Kind.Committed))
        {
            await BeginEmpty();
            await ContainerdProcess.MustImport(await Archive());
        }
    }

    internal async Task MustBeEmpty()
    {
        await MustAgree();
        Assert.Empty(await List());
        Assert.Equal(Empty, await Meter.Content());
    }

    /// <summary>The Debian image as one file, as ctr wants it.</summary>
    internal async Task<string> Archive() => _archive ??= await Pack(Support.Places.Image, "debian");

    /// <summary>An OCI layout as a tar.</summary>
    internal static async Task<string> Pack(string layout, string name)
    {
        var archive = $"{Support.Places.Work}/{name}-archive.tar";
        await Shell.Must("/usr/bin/tar", "-chf", archive, "-C", layout, ".");
        return archive;
    }

    /// <summary>Asks the agent itself.</summary>
    internal async Task Prepare(string key, string parent = "") =>
        await Snapshots.PrepareAsync(new PrepareSnapshotRequest
        {
            Snapshotter = ContainerdProcess.Snapshotter, Key = key, Parent = parent,
        });

    internal async Task Remove(string key) => await Snapshots.RemoveAsync(
        new RemoveSnapshotRequest { Snapshotter = ContainerdProcess.Snapshotter, Key = key });

    /// <summary>All that the agent has of containerd's, whatever namespace.</summary>
    internal async Task<List<Info>> List()
    {
        using var call = Snapshots.List(new ListSnapshotsRequest { Snapshotter = ContainerdProcess.Snapshotter });
        var found = new List<Info>();
        await foreach (var block in call.ResponseStream.ReadAllAsync())
            found.AddRange(block.Info);
        return found;
    }

    /// <summary>containerd and the agent know the same snapshots, and pool, journal and live devices agree. Garbage
    /// that an interrupted call left is collected first.</summary>
    internal async Task MustAgree()
    {
        await ContainerdProcess.CollectGarbage();
        var containerd = (await ContainerdProcess.Snapshots("list")).Split('\n').Skip(1)
            .Select(line => Line(line.Split(' '))).Where(line => line.Length > 0).Order();
        var agent = (await List())
            .Select(info => Line(Short(info.Name), Short(info.Parent), $"{info.Kind}")).Order();
        Assert.Equal(containerd, agent);
        await Meter.AwaitRemovals();
        await Client.MustAgree(Pool);
    }

    private static string Line(params string[] words) => string.Join(' ', words.Where(word => word.Length > 0));

    /// <summary>containerd calls a snapshot KEY, and NAMESPACE/NUMBER/KEY to its snapshotters.</summary>
    private static string Short(string key) => key.Split('/', 3)[^1];
}

[CollectionDefinition(Name)]
public sealed class ContainerdCollection : ICollectionFixture<ContainerdFixture>
{
    public const string Name = "containerd";
}
