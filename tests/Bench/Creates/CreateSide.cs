using System.Diagnostics;
using DmAgents.Api.Admin.V1;
using DmAgents.Bench.Snapshots;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using Grpc.Core;
using Grpc.Net.Client;

namespace DmAgents.Bench.Creates;

/// <summary>One build of the daemon, with a pool of its own, as a client of its admin API sees it.</summary>
internal sealed class CreateSide : IAsyncDisposable
{
    private const string Image = "bench:1";

    /// <summary>Thin ids that the agent does not give away.</summary>
    private const uint FirstForeign = 8_000_000;

    private readonly Daemon _daemon;
    private readonly GrpcChannel _channel;
    private readonly AgentPool _pool;
    private readonly PoolName _name;
    private readonly Containers.ContainersClient _containers;
    private readonly Pools.PoolsClient _pools;
    private uint _layer;
    private int _made;

    /// <param name="binaries">Where the build's dmagentd is.</param>
    public CreateSide(string name, string binaries, string run)
    {
        var directory = $"{run}/{name}";
        Directory.CreateDirectory(directory);
        File.WriteAllText($"{directory}/agent.conf", $$"""
            dmagents {
              state-directory = "{{directory}}/state"
              admin.socket = "{{directory}}/admin.sock"
              containerd.socket = "{{directory}}/containerd.sock"
              pool.base-size = "1GiB"
              pool.backup.every = off
              log-level = "warning"
            }
            """);
        _name = new PoolName(name);
        _channel = UnixSocket.Channel($"{directory}/admin.sock");
        _pool = new AgentPool(_channel, _name);
        _containers = new Containers.ContainersClient(_channel);
        _pools = new Pools.PoolsClient(_channel);
        _daemon = new Daemon(
            $"{binaries}/dmagentd", ["--config", $"{directory}/agent.conf"], $"{directory}/dmagentd.log", _pool.Serves);
    }

    public async Task Open(DiskPair disks, string archive)
    {
        await _daemon.Start().ConfigureAwait(false);
        await _pool.Create(disks).ConfigureAwait(false);
        using var call = new Api.Admin.V1.Images.ImagesClient(_channel).Import(new ImportImageRequest
        {
            RequestId = NewId(), Pool = _name.Value, Path = archive, Reference = Image,
        });
        await foreach (var reply in call.ResponseStream.ReadAllAsync().ConfigureAwait(false))
            _layer = reply.Image?.Layers[^1].ThinId ?? _layer;
    }

    /// <summary>Devices that the pool has besides, all of them snapshots of the image.</summary>
    public void Fill(IKernel kernel, int devices)
    {
        for (var i = 0U; i < devices; i++)
        {
            var made = kernel.CreateSnapshot(_pool.Device, new ThinId(FirstForeign + i), new ThinId(_layer));
            if (!made.Succeeded)
                throw new InvalidOperationException(made.Error.ToString());
        }
    }

    /// <summary>One container, made and mounted; and removed after that, which is not measured.</summary>
    public async Task Create(Series into)
    {
        var name = $"c{++_made}";
        var begun = Stopwatch.GetTimestamp();
        await _containers.CreateAsync(new CreateContainerRequest
        {
            RequestId = NewId(), Pool = _name.Value, Name = name, Image = Image, Mount = true,
        });
        into.Add(Series.Milliseconds(Stopwatch.GetTimestamp() - begun));
        await _containers.RemoveAsync(new RemoveContainerRequest
        {
            RequestId = NewId(), Pool = _name.Value, Container = name, Force = true,
        });
    }

    /// <summary>Returns when the removals before are done.</summary>
    public Task Settle() => _pool.Settle();

    /// <returns>How long the backup was under way, in seconds.</returns>
    public async Task<double> BackUp()
    {
        var reply = await _pools.BackUpAsync(new BackUpRequest { Pool = _name.Value });
        return reply.TookMilliseconds / 1000.0;
    }

    public async ValueTask DisposeAsync()
    {
        await _daemon.DisposeAsync().ConfigureAwait(false);
        _channel.Dispose();
    }

    private static string NewId() => Guid.NewGuid().ToString();
}
