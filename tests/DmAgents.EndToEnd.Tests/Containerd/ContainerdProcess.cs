using System.Diagnostics;
using DmAgents.EndToEnd.Tests.Support;
using DmAgents.Testing.Contracts;

namespace DmAgents.EndToEnd.Tests.Containerd;

/// <summary>A real containerd whose snapshotter is the agent, and ctr to talk to it. Its containers survive it: each
/// has a shim of its own.</summary>
internal sealed class ContainerdProcess : IDisposable
{
    public const string Snapshotter = "dmagents";

    private const string Home = Places.Work + "/containerd";

    /// <summary>Of the tests' one containerd, which the methods without an object talk to.</summary>
    public const string Address = Home + "/containerd.sock";

    private readonly string _home;
    private Process _process;

    private ContainerdProcess(string home) => (_home, _process) = (home, Launch(home));

    /// <summary>Of this one.</summary>
    public string Socket => $"{_home}/containerd.sock";

    /// <param name="agent">With the socket for containerd.</param>
    /// <param name="home">Of one beside the tests' own.</param>
    public static async Task<ContainerdProcess> Start(AgentPlaces agent, string home = Home)
    {
        Directory.CreateDirectory($"{home}/conf.d");
        // What the command prints for the containerd of this machine, imported as its text says.
        var printed = await Shell.Must(Places.Cli, "containerd", "config",
            "--address", agent.ContainerdSocket, "--state-directory", agent.StateDirectory);
        await File.WriteAllTextAsync($"{home}/conf.d/dmagents.toml", printed);
        await File.WriteAllTextAsync($"{home}/config.toml", $"""
            version = 2
            root = "{home}/root"
            state = "{home}/state"
            imports = ["{home}/conf.d/*.toml"]
            disabled_plugins = [
              "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
              "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper",
            ]
            [grpc]
              address = "{home}/containerd.sock"
            {string.Join('\n', Kubernetes(printed))}
            """);
        var containerd = new ContainerdProcess(home);
        await containerd.AwaitReady();
        return containerd;
    }

    /// <summary>What the printed configuration says is to be put into config.toml for Kubernetes.</summary>
    public static IEnumerable<string> Kubernetes(string printed) => printed.Split('\n')
        .SkipWhile(line => !line.StartsWith("# Kubernetes", StringComparison.Ordinal))
        .Where(line => line.StartsWith("#   ", StringComparison.Ordinal)).Select(line => line[4..]);

    public static string Log => LogOf(Home);

    /// <summary>Where a container's file system is mounted while it runs, for this mount namespace, too.</summary>
    public static string RootOf(string container) =>
        $"{Home}/state/io.containerd.runtime.v2.task/default/{container}/rootfs";

    public bool HasExited => _process.HasExited;

    /// <summary>SIGKILL; shims and containers stay.</summary>
    public async Task Kill()
    {
        _process.Kill();
        await _process.WaitForExitAsync(new CancellationTokenSource(Patience.Limit).Token);
    }

    public async Task Restart()
    {
        Assert.True(_process.HasExited);
        _process.Dispose();
        _process = Launch(_home);
        await AwaitReady();
    }

    public static Task<Finished> Ctr(params string[] arguments) => CtrAt(Address, arguments);

    /// <summary>As <see cref="MustCtr"/>, of this one.</summary>
    public async Task<string> MustDo(params string[] arguments)
    {
        var finished = await CtrAt(Socket, arguments);
        Assert.True(finished.Status == 0, $"ctr {string.Join(' ', arguments)}: {finished}\n{LogOf(_home)}");
        return finished.Output;
    }

    public static async Task<string> MustCtr(params string[] arguments)
    {
        var finished = await Ctr(arguments);
        Assert.True(finished.Status == 0, $"ctr {string.Join(' ', arguments)}: {finished}\ncontainerd: {Complaints()}");
        return finished.Output;
    }

    public static Task<Finished> Import(string archive) =>
        Ctr("images", "import", "--snapshotter", Snapshotter, archive);

    public static Task<string> MustImport(string archive) =>
        MustCtr("images", "import", "--snapshotter", Snapshotter, archive);

    /// <summary>Starts a container that runs on; its program and arguments follow.</summary>
    public static Task<Finished> Run(string image, string container, params string[] program) =>
        Ctr(["run", "--detach", "--null-io", "--snapshotter", Snapshotter, image, container, .. program]);

    public static async Task MustRun(string image, string container, params string[] program)
    {
        var finished = await Run(image, container, program);
        Assert.True(finished.Status == 0, $"{container}: {finished}\ncontainerd: {Complaints()}");
    }

    /// <summary>Ends a container's program, and removes the container and with it its snapshot.</summary>
    public static async Task Stop(string container)
    {
        await MustCtr("tasks", "rm", "--force", container);
        await MustCtr("containers", "rm", container);
    }

    /// <summary>Returns after the garbage collection: it is to have taken what only this image needed.</summary>
    public static Task<string> RemoveImage(string image) => MustCtr("images", "rm", "--sync", image);

    /// <summary>
    /// Has containerd collect garbage. It compares its list of snapshots with a snapshotter's only after it has removed
    /// one of them, and forgets that when it or the snapshotter dies: so one is removed for this.
    /// </summary>
    public static async Task CollectGarbage()
    {
        await Snapshots("prepare", "garbage");
        await Snapshots("rm", "garbage");
        await MustCtr("leases", "create", "--id", "collect");
        await MustCtr("leases", "rm", "--sync", "collect");
    }

    /// <summary>
    /// Removes every container, image and snapshot. The lease of an import that was cut off goes, too: it would hold
    /// layers, and the snapshot that was being unpacked, for a day.
    /// </summary>
    public static async Task Clear()
    {
        foreach (var task in await Names("tasks", "list", "--quiet"))
            await Ctr("tasks", "rm", "--force", task);
        foreach (var container in await Names("containers", "list", "--quiet"))
            await Ctr("containers", "rm", container);
        foreach (var image in await Names("images", "list", "--quiet"))
            await Ctr("images", "rm", image);
        foreach (var lease in await Names("leases", "list", "--quiet"))
            await Ctr("leases", "rm", "--sync", lease);
        foreach (var key in await ActiveSnapshots())
        {
            var removed = await Ctr("snapshots", "--snapshotter", Snapshotter, "rm", key);
            // containerd's garbage collection may have removed it meanwhile.
            Assert.True(
                removed.Status == 0 || removed.Errors.Contains("not found", StringComparison.Ordinal),
                $"'{key}' cannot be removed: {removed}");
        }
        await CollectGarbage();
        Assert.Empty(await ActiveSnapshots());
    }

    /// <summary>Keys, which may contain spaces: containerd names what it unpacks "extract-TIME-RANDOM CHAINID".</summary>
    private static async Task<string[]> ActiveSnapshots()
    {
        var lines = (await Snapshots("list")).Split('\n');
        var key = lines[0].IndexOf("PARENT", StringComparison.Ordinal);
        return [.. lines.Skip(1).Where(line => line.TrimEnd().EndsWith(" Active", StringComparison.Ordinal))
            .Select(line => line[..key].TrimEnd())];
    }

    public static Task<string> Snapshots(params string[] arguments) =>
        MustCtr(["snapshots", "--snapshotter", Snapshotter, .. arguments]);

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }
        _process.Dispose();
    }

    private static Task<Finished> CtrAt(string socket, string[] arguments) =>
        // Long: after a kill the lab's one processor may be busy with starting both again.
        Shell.Run("/usr/bin/ctr", ["--address", socket, "--connect-timeout", "60s", .. arguments]);

    private static string LogOf(string home) => File.Exists($"{home}/log") ? File.ReadAllText($"{home}/log") : "";

    private static Process Launch(string home)
    {
        File.Delete($"{home}/containerd.sock");
        var info = Shell.Info("/bin/sh", "-c",
            $"exec /usr/bin/containerd --config '{home}/config.toml' >>'{home}/log' 2>&1 </dev/null");
        info.RedirectStandardOutput = info.RedirectStandardError = false;
        return Process.Start(info)!;
    }

    private async Task AwaitReady()
    {
        var clock = Stopwatch.StartNew();
        while (!File.Exists(Socket) || (await CtrAt(Socket, ["version"])).Status != 0)
        {
            Assert.False(_process.HasExited, $"containerd ended: {LogOf(_home)}");
            Assert.True(
                clock.Elapsed < Patience.Limit, $"containerd is not ready after {clock.Elapsed}: {LogOf(_home)}");
            await Task.Delay(50);
        }
    }

    private static async Task<string[]> Names(params string[] arguments) =>
        (await MustCtr(arguments)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The last that it complained of.</summary>
    private static string Complaints() => string.Join('\n', Log.Split('\n')
        .Where(line => line.Contains("level=warn", StringComparison.Ordinal)
            || line.Contains("level=error", StringComparison.Ordinal))
        .TakeLast(5));
}
