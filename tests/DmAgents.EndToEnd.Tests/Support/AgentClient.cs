using System.Diagnostics;
using DmAgents.Api.Admin.V1;
using Grpc.Core;
using Grpc.Net.Client;
using Kind = DmAgents.Api.Admin.V1.Problem.Types.Kind;

namespace DmAgents.EndToEnd.Tests.Support;

/// <summary>The admin API of one agent, over its Unix socket; it survives the agent's restart.</summary>
internal sealed class AgentClient : IDisposable
{
    private const string Trailer = "dmagents-problem-bin";

    private readonly GrpcChannel _channel;

    public AgentClient(string socket)
    {
        _channel = UnixChannel.To(socket);
        Pools = new(_channel);
        Images = new(_channel);
        Layers = new(_channel);
        Containers = new(_channel);
        Hosts = new(_channel);
        Fleets = new(_channel);
        Transfers = new(_channel);
    }

    public Api.Admin.V1.Pools.PoolsClient Pools { get; }

    public Api.Admin.V1.Fleets.FleetsClient Fleets { get; }

    public Api.Admin.V1.Transfers.TransfersClient Transfers { get; }

    public Api.Admin.V1.Images.ImagesClient Images { get; }

    public Layers.LayersClient Layers { get; }

    public Api.Admin.V1.Containers.ContainersClient Containers { get; }

    public Api.Admin.V1.Hosts.HostsClient Hosts { get; }

    public static string NewId() => Guid.NewGuid().ToString();

    public async Task<PoolDetails> CreatePool(CreatePoolRequest request)
    {
        request.RequestId = NewId();
        using var call = Pools.Create(request);
        PoolDetails? pool = null;
        await foreach (var reply in call.ResponseStream.ReadAllAsync())
            pool = reply.Pool ?? pool;
        Assert.NotNull(pool);
        return pool;
    }

    public Task<PoolDetails> CreateLoopPool(string name, ulong size, FileSystem fileSystem = FileSystem.Ext4) =>
        CreatePool(new CreatePoolRequest
        {
            Name = name, FileSystem = fileSystem, Loop = new LoopBacking { DataSizeBytes = size },
        });

    public async Task<ImageDetails> Import(
        string pool, string path, string? reference, Action<ImportProgress>? progress = null)
    {
        var request = new ImportImageRequest { RequestId = NewId(), Pool = pool, Path = path };
        if (reference is not null)
            request.Reference = reference;
        using var call = Images.Import(request);
        ImageDetails? image = null;
        await foreach (var reply in call.ResponseStream.ReadAllAsync())
        {
            if (reply.Progress is { } step)
                progress?.Invoke(step);
            image = reply.Image ?? image;
        }
        Assert.NotNull(image);
        return image;
    }

    /// <summary>Copies an image from another host of the fleet.</summary>
    public async Task<ImageDetails> Copy(
        string pool, string image, string from, Action<RunningTransfer>? progress = null)
    {
        using var call = Transfers.CopyImage(
            new CopyImageRequest { RequestId = NewId(), Pool = pool, Image = image, FromHost = from });
        ImageDetails? copied = null;
        await foreach (var reply in call.ResponseStream.ReadAllAsync())
        {
            if (reply.Progress is { } step)
                progress?.Invoke(step);
            copied = reply.Image ?? copied;
        }
        Assert.NotNull(copied);
        return copied;
    }

    public async Task<Container> Create(string pool, string name, string image, bool mount = true, ulong? size = null)
    {
        var request = new CreateContainerRequest
        {
            RequestId = NewId(), Pool = pool, Name = name, Image = image, Mount = mount,
        };
        if (size is { } bytes)
            request.SizeBytes = bytes;
        return await Containers.CreateAsync(request);
    }

    public async Task Unmount(string pool, string name) => await Containers.UnmountAsync(
        new UnmountContainerRequest { RequestId = NewId(), Pool = pool, Container = name });

    public async Task Remove(string pool, string name) => await Containers.RemoveAsync(
        new RemoveContainerRequest { RequestId = NewId(), Pool = pool, Container = name, Force = true });

    public async Task RemoveImage(string pool, string image) => await Images.RemoveAsync(
        new RemoveImageRequest { RequestId = NewId(), Pool = pool, Image = image });

    /// <summary>Removes a pool, once what it does by itself (an extension, a backup) is over.</summary>
    public async Task RemovePool(string pool)
    {
        var patience = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await Pools.RemoveAsync(new RemovePoolRequest { RequestId = NewId(), Pool = pool, Force = true });
                return;
            }
            catch (RpcException busy) when (busy.StatusCode == StatusCode.Aborted
                && patience.Elapsed < Patience.Limit)
            {
                await Task.Delay(200);
            }
        }
    }

    public async Task<ImageDetails> Commit(string pool, string container, string reference) =>
        await Containers.CommitAsync(new CommitContainerRequest
        {
            RequestId = NewId(), Pool = pool, Container = container, Reference = reference,
        });

    public async Task<PoolDetails> Show(string pool) => await Pools.ShowAsync(new ShowPoolRequest { Pool = pool });

    public async Task<Container> ShowContainer(string pool, string name) =>
        await Containers.ShowAsync(new ShowContainerRequest { Pool = pool, Container = name });

    /// <summary>Pool, journal and live devices agree, and nothing is in quarantine.</summary>
    public async Task MustAgree(string pool)
    {
        var check = await Pools.CheckAsync(new CheckPoolRequest { Pool = pool });
        Assert.True(check.Agrees, $"pool {pool}: {string.Join("; ", check.Findings)}");
        Assert.Empty((await Show(pool)).QuarantinedThinIds);
    }

    /// <summary>The call is refused for this kind of reason, in words that say what, which, why and what next.
    /// </summary>
    public static Task<Problem> Refused(Kind kind, Func<Task> call) => Refused([kind], call);

    public static async Task<Problem> Refused(Kind[] kinds, Func<Task> call)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(call);
        var bytes = refused.Trailers.GetValueBytes(Trailer);
        Assert.True(bytes is not null, $"no problem in the trailer: {refused.Status}");
        var problem = Problem.Parser.ParseFrom(bytes);
        Assert.True(kinds.Contains(problem.Kind), $"{string.Join(" or ", kinds)} was expected: {problem}");
        Assert.All(
            [problem.What, problem.Object, problem.Why, problem.Next],
            text => Assert.False(string.IsNullOrWhiteSpace(text), $"a part is missing: {problem}"));
        return problem;
    }

    public void Dispose() => _channel.Dispose();
}
