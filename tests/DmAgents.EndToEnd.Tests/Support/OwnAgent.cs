using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Kernel;
using DmAgents.Testing.Contracts;
using Grpc.Core;
using PoolState = DmAgents.Api.Admin.V1.PoolState;

namespace DmAgents.EndToEnd.Tests.Support;

/// <summary>An agent beside the fixture's, for a test that does something to its journal; with one loop pool of the
/// same name, which can be taken down as a reboot does.</summary>
internal sealed class OwnAgent : IAsyncDisposable
{
    public const string Image = "small:1";

    private const ulong MiB = 1UL << 20;

    private readonly LinuxKernel _kernel;
    private readonly string _loops;

    private OwnAgent(AgentPlaces places, LinuxKernel kernel, string loops)
    {
        (Places, _kernel, _loops) = (places, kernel, loops);
        Client = new AgentClient(places.Socket);
    }

    public AgentPlaces Places { get; }

    public AgentClient Client { get; }

    public AgentProcess Process { get; private set; } = null!;

    /// <summary>The pool's name, and the agent's.</summary>
    public string Pool => Places.Name;

    public string Journal => $"{Places.StateDirectory}/journal";

    public string Metadata => $"{_loops}/metadata.img";

    public PoolMeter Meter => new(_kernel, Client, Places, Pool);

    /// <param name="settings">Of pools, one on a line.</param>
    /// <param name="stateIsThere">Its state directory is a mount of the test's.</param>
    /// <param name="disk">A blank one for the pool, instead of files.</param>
    /// <param name="more">Settings that are not of pools, one on a line.</param>
    public static async Task<OwnAgent> Start(
        AgentFixture fixture, string name, string settings = "", bool stateIsThere = false, DevicePath? disk = null,
        string more = "")
    {
        var places = fixture.Places with { Name = name };
        places.WriteConfig(settings, more);
        Directory.CreateDirectory(places.StateDirectory);
        var loops = stateIsThere ? $"{Support.Places.State}/{name}-loops" : places.Pool(name);
        var agent = new OwnAgent(places, fixture.Kernel, loops);
        agent.Process = await AgentProcess.Start(places, agent.Client);
        var request = new CreatePoolRequest { Name = name, Loop = new LoopBacking { DataSizeBytes = 256 * MiB } };
        if (stateIsThere)
            request.Loop.Directory = loops;
        if (disk is { } device)
            request.SingleDisk = new SingleDiskBacking { Device = device.Value };
        await agent.Client.CreatePool(request);
        await agent.Client.Import(name, await SmallImage.Write(name), Image);
        return agent;
    }

    /// <summary>A container of the image with a file, unmounted again.</summary>
    /// <returns>The file's digest.</returns>
    public async Task<string> Make(string name, int seed)
    {
        var container = await Client.Create(Pool, name, Image);
        var digest = await Files.Write($"{container.MountPath}/file", (int)(2 * MiB), seed);
        await Client.Unmount(Pool, name);
        return digest;
    }

    /// <summary>The digest of a container's file.</summary>
    public async Task<string> Read(string name)
    {
        await Client.Containers.MountAsync(
            new MountContainerRequest { RequestId = AgentClient.NewId(), Pool = Pool, Container = name });
        var digest = await Files.Digest($"{Places.Mount(Pool, name)}/file");
        await Client.Unmount(Pool, name);
        return digest;
    }

    /// <summary>The agent ends in good order; its pool stays live.</summary>
    public async Task Stop() => Assert.Equal(0, await Process.Terminate());

    /// <summary>What is live of the pool goes, as by a reboot.</summary>
    public void TakeDown()
    {
        var pool = new PoolName(Pool);
        Eventually.True(() => _kernel.ClosePool(DeviceNames.Pool(pool)).Succeeded, "the pool is closed");
        if (File.Exists(Metadata))
        {
            _kernel.DetachLoop(new LoopFile($"{_loops}/data.img")).Must();
            _kernel.DetachLoop(new LoopFile(Metadata)).Must();
            return;
        }
        _kernel.Remove(DeviceNames.Data(pool), deferred: false).Must();
        _kernel.Remove(DeviceNames.Metadata(pool), deferred: false).Must();
    }

    public Task Restart() => Process.Restart(Client);

    /// <summary>What keeps the pool closed, by the agent's own words for a request.</summary>
    public async Task<Problem> MustBeClosed()
    {
        Assert.Equal(PoolState.WrongPool, (await Client.Show(Pool)).State);
        return await AgentClient.Refused(
            [Problem.Types.Kind.Failed, Problem.Types.Kind.Refused],
            () => Client.Create(Pool, "refused", Image, mount: false));
    }

    /// <summary>Also after a test that failed, of which it hides nothing: the next one finds nothing of it.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (Process.HasExited)
                await Restart();
            foreach (var pool in (await Client.Pools.ListAsync(new ListPoolsRequest())).Pools)
            {
                if (pool.State == PoolState.WrongPool)
                    await AcceptWhatIsThere();
                await Client.RemovePool(Pool);
            }
            await Stop();
        }
        catch (RpcException refused)
        {
            await Console.Error.WriteLineAsync($"pool {Pool} is left over: {refused.Status}\n{Process.Log}");
        }
        Process.Dispose();
        Client.Dispose();
    }

    /// <summary>Has the pool opened although its transaction id is not the journal's.</summary>
    public async Task AcceptWhatIsThere()
    {
        var found = await Client.Pools.CheckAsync(new CheckPoolRequest { Pool = Pool });
        await Client.Pools.RepairAsync(new RepairPoolRequest
        {
            RequestId = AgentClient.NewId(), Pool = Pool, AcceptTransactionId = found.ForeignTransactionId,
        });
        Assert.Equal(PoolState.Writable, (await Client.Show(Pool)).State);
    }
}
