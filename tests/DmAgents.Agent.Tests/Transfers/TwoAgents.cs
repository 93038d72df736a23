using System.Collections.Immutable;
using System.Text;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Transfers;
using DmAgents.Agent.UseCases;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Testing.Contracts;
using DmAgents.Transfer.Content;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using DeviceKind = DmAgents.Domain.Devices.DeviceKind;

namespace DmAgents.Agent.Tests.Transfers;

/// <summary>Two agents as they are composed, each with a simulated kernel, and images to copy from one to the other.
/// </summary>
public abstract class TwoAgents : IAsyncLifetime
{
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    internal static readonly HostName HostOne = new("one");
    internal static readonly HostName HostTwo = new("two");
    internal static readonly ImageReference App = new("app:1");
    internal const string Config =
        """{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}""";

    internal LoopbackFleet Link { get; } = new();

    internal ServedAgent Source { get; private set; } = null!;

    internal ServedAgent Target { get; private set; } = null!;

    internal virtual PoolBlockSize TargetBlocks => PoolBlockSize.Default;

    internal virtual ByteSize TargetSpace => ByteSize.GiB(1);

    /// <summary>Settings of the second agent besides, in HOCON.</summary>
    internal virtual string TargetSettings => "";

    /// <summary>Further hosts, each with an agent of <see cref="Others"/>.</summary>
    internal virtual ImmutableArray<HostName> OtherHosts => [];

    internal Dictionary<HostName, ServedAgent> Others { get; } = [];

    public async Task InitializeAsync()
    {
        Source = await ServedAgent.Start(services: services =>
        {
            services.AddSingleton(Link.PeersOf(HostOne));
            More(services);
        });
        Target = await ServedAgent.Start(TargetSettings, Second, TargetBlocks, data: TargetSpace);
        Link.Serve(HostOne, Source);
        Link.Serve(HostTwo, Target);
        foreach (var host in OtherHosts)
        {
            Others[host] = await ServedAgent.Start(
                TargetSettings, services => services.AddSingleton(Link.PeersOf(host)), TargetBlocks);
            Link.Serve(host, Others[host]);
        }
    }

    public async Task DisposeAsync()
    {
        await Link.DisposeAsync();
        await Source.DisposeAsync();
        await Target.DisposeAsync();
        foreach (var agent in Others.Values)
            await agent.DisposeAsync();
    }

    /// <summary>Services of both agents besides.</summary>
    internal virtual void More(IServiceCollection services)
    {
    }

    private void Second(IServiceCollection services)
    {
        services.AddSingleton(Link.PeersOf(HostTwo));
        More(services);
    }

    internal async Task NextOfTwo()
    {
        Target = await Target.Next(Second);
        Link.Serve(HostTwo, Target);
    }

    internal PoolReceptionStore StoreOf(RequestId transfer, OfferedLayer layer) => new(
        Target.Gateway, Target.Kernel, Target.Get<IDurableFiles>(), Target.Get<ContentMaps>(), Target.Picture,
        new WantedLayer(transfer, 0, layer.Key, null, null, null, null));

    internal static PoolCommands.Receive Receive(RequestId transfer) => new(
        NewRequest(), WorkUnderWay.ReceptionOf(transfer, 0), null, null, ByteSize.MiB(64), FileSystemKind.Ext4,
        DateTimeOffset.UnixEpoch);

    internal static RequestId NewRequest() => new(Guid.NewGuid());

    internal static ChainId ChainOf(int layer) => new(Digest.Of(Encoding.ASCII.GetBytes($"layer {layer}")));

    internal static ContentDigest? ContentOf(ServedAgent agent, int layer) =>
        agent.State.ContentOf(agent.State.Find(DeviceKey.Layer(ChainOf(layer).Value))!.Id);

    internal async Task<List<DeviceKey>> MakeImage(int layers, ByteSize? each = null)
    {
        var made = new List<DeviceKey>();
        for (var i = 0; i < layers; i++)
            made.Add(await AddLayer(Source, i == 0 ? null : made[^1], i, each ?? ByteSize.MiB(2), ChainOf(i)));
        await Tag(Source, App, made[^1]);
        return made;
    }

    /// <summary>As an import makes one: snapshot, fill, commit.</summary>
    internal static async Task<DeviceKey> AddLayer(
        ServedAgent agent, DeviceKey? parent, int seed, ByteSize length, ChainId? chain = null,
        RequestId? import = null, string? called = null)
    {
        var key = DeviceKey.Import($"{NewRequest().Value:N}-0");
        using var work = agent.Gateway.Board.Work.Begin(ServedAgent.Pool, WorkUnderWay.OwnerOf(
            new DeviceRecord(default, key, DeviceKind.Container, DevicePhase.Ready, null, null, default,
                FileSystemKind.Ext4, DeviceUse.Idle, false, ImmutableSortedDictionary<string, string>.Empty, default,
                default))!.Value);
        await agent.Do(new PoolCommands.CreateSnapshot(
            NewRequest(), key, parent, Size: null, FileSystem: null, DeviceUse.Active,
            ImmutableSortedDictionary<string, string>.Empty, DateTimeOffset.UnixEpoch));
        var device = agent.State.Find(key)!;
        var name = DeviceNames.Thin(ServedAgent.Pool, device.Id);
        using (var open = agent.Simulated.OpenForReceiving(name, PoolBlockSize.Default).Must())
        {
            var bytes = new byte[length.Bytes];
            new Random(seed).NextBytes(bytes);
            open.Write(ByteSize.MiB((ulong)(4 + seed % 8)), bytes).Must();
        }
        var layer = DeviceKey.Layer(called ?? (chain ?? new ChainId(Digest.Of(Encoding.ASCII.GetBytes($"seed {seed}")))).Value);
        await agent.Do(new PoolCommands.Commit(
            NewRequest(), key, layer, ImmutableSortedDictionary<string, string>.Empty
                .Add(DeviceLabels.DiffId, Digest.Of(Encoding.ASCII.GetBytes($"diff {seed}")).Value)
                .Add(DeviceLabels.Import, (import ?? NewRequest()).ToString()), DateTimeOffset.UnixEpoch));
        return layer;
    }

    internal static async Task Tag(
        ServedAgent agent, ImageReference reference, DeviceKey top, string config = Config) =>
        await agent.Do(new PoolCommands.TagImage(
            NewRequest(), reference, top, Digest.Of(Encoding.UTF8.GetBytes(config)).Value, config,
            DateTimeOffset.UnixEpoch));

    /// <summary>Writes to a layer past the agent, which never does.</summary>
    internal static void Damage(ServedAgent agent, DeviceKey layer, ulong atMiB = 5, byte with = 0)
    {
        var device = agent.State.Find(layer)!;
        var pool = DeviceNames.Pool(ServedAgent.Pool);
        var table = new ThinTable(
            new MappedName("test-damage"), new MappedUuid("test-damage"), pool, device.Id, device.Size.Sectors,
            ReadOnly: false);
        agent.Simulated.ActivateThin(table).Must();
        using (var open = agent.Simulated.OpenForReceiving(table.Name, PoolBlockSize.Default).Must())
            open.Write(ByteSize.MiB(atMiB), Enumerable.Repeat(with, 4096).ToArray()).Must();
        agent.Simulated.Remove(table.Name, deferred: false).Must();
    }

    internal async Task<ImageDetails> Copy(string image = "app:1", string from = "one", RequestId? request = null)
    {
        using var call = new Api.Admin.V1.Transfers.TransfersClient(Target.AdminChannel).CopyImage(new CopyImageRequest
        {
            RequestId = (request ?? NewRequest()).ToString(), Image = image, FromHost = from,
        });
        ImageDetails? copied = null;
        while (await call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience))
            copied = call.ResponseStream.Current.Image ?? copied;
        return copied!;
    }

    internal async Task<RpcException> Refused(string image, string from = "one") =>
        await Assert.ThrowsAsync<RpcException>(() => Copy(image, from));

    /// <summary>What a refusal says to people.</summary>
    internal static Problem ProblemOf(RpcException refused) => Problem.Parser.ParseFrom(
        Assert.Single(refused.Trailers, each => each.Key == "dmagents-problem-bin").ValueBytes);

    /// <summary>No reception, no view, no plan, and pool and journal agree.</summary>
    internal static async Task NothingIsLeft(ServedAgent agent)
    {
        await Eventually(
            () => agent.State.Views.IsEmpty && !agent.State.Devices.Values.Any(device => device.Key.IsReception),
            "nothing of a transfer is left");
        await Eventually(() => !Directory.Exists(agent.Picture.Paths.TransferDirectory)
            || Directory.GetFiles(agent.Picture.Paths.TransferDirectory).Length == 0, "no plan is left");
        await Eventually(
            () => agent.State.Devices.Values.All(device => device.Phase == DevicePhase.Ready), "all is settled");
        await Agrees(agent);
        Assert.DoesNotContain(
            agent.Simulated.ListDevices($"{DeviceNames.UuidPrefix}{agent.Picture.Uuid}-").Value,
            device => DeviceNames.ThinIdOf(agent.Picture.Uuid, device.Uuid) is not null);
    }

    /// <summary>Nothing is under way in the pool any more, and one look finds that pool and journal agree.</summary>
    internal static async Task Agrees(ServedAgent agent)
    {
        await Eventually(() => !agent.Picture.Activity.IsUnderWay, "nothing is under way");
        var check = await new Pools.PoolsClient(agent.AdminChannel).CheckAsync(
            new CheckPoolRequest { Pool = ServedAgent.Pool.Value });
        Assert.True(check.Agrees, check.ToString());
    }

    internal static async Task Eventually(Func<bool> holds, string what)
    {
        for (var waited = 0; !holds(); waited++)
        {
            Assert.True(waited < 2400, $"it does not come to be so: {what}");
            await Task.Delay(50);
        }
    }
}
