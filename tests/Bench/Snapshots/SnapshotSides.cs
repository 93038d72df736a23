using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Bench.Snapshots;

/// <summary>The sides that take part, and their daemons.</summary>
internal sealed class SnapshotSides : IAsyncDisposable
{
    public const string Floor = "floor";
    public const string Agent = "agent";
    public const string Proxied = "agent-proxied";
    public const string Containerd = "containerd";
    public const string Docker = "docker";

    private const string AgentSocket = "/run/dmagents/containerd.sock";
    private const string AdminSocket = "/run/dmagents/admin.sock";
    private const string ContainerdSocket = "/run/containerd/containerd.sock";
    private const string DockerSocket = "/run/docker.sock";
    private const string DockerPool = "bench-docker";
    private const string ContainerdPool = "bench-containerd";

    private readonly List<SnapshotSide> _sides = [];
    private readonly Dictionary<string, Daemon> _daemons = [];

    private SnapshotSides()
    {
    }

    public static IReadOnlyList<string> AllNames { get; } = [Floor, Agent, Proxied, Containerd, Docker];

    /// <summary>In the order of their turns.</summary>
    public IReadOnlyList<SnapshotSide> All => _sides;

    public static async Task<SnapshotSides> Open(SnapshotOptions options, IKernel kernel, BarePool floor)
    {
        var sides = new SnapshotSides();
        if (options.Sides.Contains(Floor))
            sides._sides.Add(new FloorSide(Floor, kernel, floor));
        var agent = new AgentPool(UnixSocket.Channel(AdminSocket), new PoolName("bench"));
        if (options.Sides.Contains(Agent) || options.Sides.Contains(Proxied))
            await sides.OpenAgent(options, kernel, agent).ConfigureAwait(false);
        if (options.Sides.Contains(Proxied) || options.Sides.Contains(Containerd) || options.Sides.Contains(Docker))
            await sides.OpenContainerd(options, kernel, agent).ConfigureAwait(false);
        if (options.Sides.Contains(Docker))
            await sides.OpenDocker(options, kernel).ConfigureAwait(false);
        // One snapshot for both of the agent's names: they share a pool.
        foreach (var side in sides._sides)
            await side.Open().ConfigureAwait(false);
        return sides;
    }

    public SnapshotSide? Find(string name) => _sides.Find(side => side.Name == name);

    /// <summary>The daemon that serves a side.</summary>
    public Daemon DaemonOf(string side) => _daemons[side];

    public async ValueTask DisposeAsync()
    {
        // Docker uses containerd, which uses the agent.
        foreach (var name in AllNames.Reverse())
        {
            if (_daemons.TryGetValue(name, out var daemon))
                await daemon.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task OpenAgent(SnapshotOptions options, IKernel kernel, AgentPool agent)
    {
        var daemon = new Daemon(
            $"{options.Binaries}/dmagentd", ["--config", $"{options.Run}/dmagents.conf"],
            $"{options.Run}/dmagentd.log", agent.Serves);
        _daemons[Agent] = daemon;
        await daemon.Start().ConfigureAwait(false);
        await agent.Create(options.Agent).ConfigureAwait(false);
        if (options.Sides.Contains(Agent))
            _sides.Add(new AgentSide(Agent, kernel, agent.Device, UnixSocket.Channel(AgentSocket), agent));
    }

    private async Task OpenContainerd(SnapshotOptions options, IKernel kernel, AgentPool agent)
    {
        var channel = UnixSocket.Channel(ContainerdSocket);
        var own = new ContainerdSide(
            Containerd, kernel, new MappedName(ContainerdPool), channel, "devmapper", () => Task.CompletedTask);
        var daemon = new Daemon(
            "/usr/bin/containerd", ["--config", $"{options.Run}/containerd.toml"], $"{options.Run}/containerd.log",
            async () => !await own.Has("no-such-snapshot").ConfigureAwait(false));
        _daemons[Containerd] = daemon;
        await daemon.Start().ConfigureAwait(false);
        if (options.Sides.Contains(Proxied))
            _sides.Add(new ContainerdSide(Proxied, kernel, agent.Device, channel, "dmagents", agent.Settle));
        if (options.Sides.Contains(Containerd))
            _sides.Add(own);
    }

    private async Task OpenDocker(SnapshotOptions options, IKernel kernel)
    {
        var side = new DockerSide(Docker, kernel, new MappedName(DockerPool), UnixSocket.Client(DockerSocket));
        var daemon = new Daemon(
            "/usr/sbin/dockerd",
            ["-s", "devicemapper", "--storage-opt", $"dm.thinpooldev=/dev/mapper/{DockerPool}",
                "--storage-opt", "dm.basesize=1G", "--storage-opt", "dm.fs=ext4",
                "--storage-opt", "dm.override_udev_sync_check=true", "--iptables=false", "--bridge=none",
                "--exec-opt", "native.cgroupdriver=cgroupfs", "--containerd", ContainerdSocket,
                "-H", $"unix://{DockerSocket}"],
            $"{options.Run}/docker.log",
            async () =>
            {
                await side.Nothing().ConfigureAwait(false);
                return true;
            });
        _daemons[Docker] = daemon;
        await daemon.Start().ConfigureAwait(false);
        _sides.Add(side);
    }
}
