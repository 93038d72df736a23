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

/// <summary>Images from one agent to another, both as they are composed, each with a simulated kernel.</summary>
public sealed class CopyTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly HostName One = new("one");
    private static readonly HostName Two = new("two");
    private static readonly ImageReference App = new("app:1");
    private static readonly string Config = """{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}""";

    private readonly LoopbackFleet _fleet = new();
    private ServedAgent _one = null!;
    private ServedAgent _two = null!;

    public async Task InitializeAsync()
    {
        _one = await ServedAgent.Start(services: services => services.AddSingleton(_fleet.PeersOf(One)));
        _two = await ServedAgent.Start(services: Second);
        _fleet.Serve(One, _one);
        _fleet.Serve(Two, _two);
    }

    public async Task DisposeAsync()
    {
        await _fleet.DisposeAsync();
        await _one.DisposeAsync();
        await _two.DisposeAsync();
    }

    [Fact]
    public async Task An_image_arrives_with_its_lineage_its_labels_and_its_content()
    {
        var layers = await MakeImage(3);

        var image = await Copy();

        Assert.Equal(App.Value, image.Reference);
        foreach (var (layer, i) in layers.Select((layer, i) => (layer, i)))
        {
            var (there, here) = (_one.State.Find(layer)!, _two.State.Find(layer)!);
            Assert.Equal(_one.State.ContentOf(there.Id), _two.State.ContentOf(here.Id));
            Assert.NotNull(_two.State.ContentOf(here.Id));
            Assert.Equal((there.Size, there.FileSystem, there.Format), (here.Size, here.FileSystem, here.Format));
            Assert.Equal(there.Labels[DeviceLabels.DiffId], here.Labels[DeviceLabels.DiffId]);
            Assert.Equal(i == 0 ? null : _two.State.Find(layers[i - 1])!.Id, here.Parent);
            Assert.Equal(here.Parent, here.Source);
        }
        Assert.Equal(_one.State.Images[App].Config, _two.State.Images[App].Config);
        await NothingIsLeft(_one);
        await NothingIsLeft(_two);
    }

    [Fact]
    public async Task What_the_pool_has_is_not_sent_again_and_a_changed_layer_costs_its_change()
    {
        await MakeImage(2);
        await Copy();
        var before = _fleet.BlockBytes;
        await Copy();
        Assert.Equal(before, _fleet.BlockBytes);

        var above = await AddLayer(_one, DeviceKey.Layer(ChainOf(1).Value), 9, ByteSize.MiB(1));
        await Tag(_one, new ImageReference("app:2"), above);
        await Copy("app:2");

        Assert.InRange(_fleet.BlockBytes - before, 1, (long)ByteSize.MiB(2).Bytes);
        Assert.Equal(
            _one.State.ContentOf(_one.State.Find(above)!.Id), _two.State.ContentOf(_two.State.Find(above)!.Id));
    }

    [Fact]
    public async Task An_image_that_both_hosts_imported_apart_gets_a_layer_from_the_other_as_a_whole()
    {
        await MakeImage(2);
        // The same chain id, and another file system: nothing of it can be shared.
        await AddLayer(_two, null, 77, ByteSize.MiB(2), ChainOf(0));

        await Copy();

        var (first, second) = (_two.State.Find(DeviceKey.Layer(ChainOf(0).Value))!, _two.State.Find(
            DeviceKey.Layer(ChainOf(1).Value))!);
        Assert.Equal(first.Id, second.Parent);
        Assert.Null(second.Source);
        Assert.Equal(ContentOf(_one, 1), ContentOf(_two, 1));
        await NothingIsLeft(_two);
    }

    [Fact]
    public async Task A_lost_or_damaged_map_is_computed_anew_and_a_changed_layer_is_refused()
    {
        var layers = await MakeImage(2);
        await Copy();
        var file = _one.Picture.Paths.ContentFileOf(layers[1]);
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[^1]++;
        await File.WriteAllBytesAsync(file, bytes);
        File.Delete(_one.Picture.Paths.ContentFileOf(layers[0]));

        var map = await _one.Get<ContentMaps>().GetAsync(ServedAgent.Pool, layers[1], CancellationToken.None);

        Assert.Equal(ContentOf(_one, 1), map.Digest);
        Assert.True(File.Exists(_one.Picture.Paths.ContentFileOf(layers[0])));
        // As if its disk had changed a byte.
        File.Delete(file);
        Damage(_one, layers[1]);
        var refused = await Assert.ThrowsAsync<RefusedException>(
            () => _one.Get<ContentMaps>().GetAsync(ServedAgent.Pool, layers[1], CancellationToken.None));
        Assert.Contains("its disk has changed them", refused.Refusal.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_copy_that_cannot_be_made_is_refused_and_named()
    {
        await MakeImage(1);
        Assert.Equal(StatusCode.NotFound, (await Refused("app:9")).StatusCode);
        Assert.Contains("host one", (await Refused("app:9")).Status.Detail, StringComparison.Ordinal);
        Assert.Equal(StatusCode.NotFound, (await Refused("app:1", "three")).StatusCode);
        Assert.Equal(StatusCode.InvalidArgument, (await Refused("app:1", "two")).StatusCode);
        Assert.Equal(StatusCode.InvalidArgument, (await Refused("app:1", "No Host")).StatusCode);
        await NothingIsLeft(_two);
    }

    [Fact]
    public async Task A_source_that_has_the_layer_no_more_ends_the_copy_and_leaves_nothing()
    {
        await MakeImage(2);
        _fleet.BeforeBlocks = async () =>
        {
            if (_one.State.Images.ContainsKey(App))
                await _one.Do(new PoolCommands.UntagImage(NewRequest(), App, DateTimeOffset.UnixEpoch));
        };

        var refused = await Refused("app:1");

        Assert.Contains("no such layer", refused.Status.Detail, StringComparison.Ordinal);
        await NothingIsLeft(_two);
    }

    [Fact]
    public async Task A_cancelled_copy_leaves_nothing()
    {
        await MakeImage(2, ByteSize.MiB(8));
        var reached = new TaskCompletionSource();
        _fleet.BeforeBlocks = async () =>
        {
            reached.TrySetResult();
            await new TaskCompletionSource().Task;
        };
        var copying = Copy();
        await reached.Task.WaitAsync(Patience);
        var transfers = new Api.Admin.V1.Transfers.TransfersClient(_two.AdminChannel);
        var running = Assert.Single((await transfers.ListAsync(new ListTransfersRequest())).Transfers);

        await transfers.CancelAsync(new CancelTransferRequest { Id = running.Id[..6] });

        var ended = await Assert.ThrowsAsync<RpcException>(() => copying);
        Assert.Contains("cancelled", ended.Status.Detail, StringComparison.Ordinal);
        Assert.Empty((await transfers.ListAsync(new ListTransfersRequest())).Transfers);
        await NothingIsLeft(_two);
    }

    [Fact]
    public async Task A_copy_goes_on_after_a_stop_with_what_was_received()
    {
        await MakeImage(2, ByteSize.MiB(24));
        var broken = new TaskCompletionSource();
        _fleet.BreaksAfter = (long)ByteSize.MiB(40).Bytes;
        var connections = 0;
        _fleet.BeforeBlocks = async () =>
        {
            if (++connections < 3)
                return;
            broken.TrySetResult();
            await new TaskCompletionSource().Task;
        };
        _fleet.BreaksAfter = (long)ByteSize.MiB(12).Bytes;
        var copying = Copy();
        await broken.Task.WaitAsync(Patience);
        await _two.Stop();
        await Assert.ThrowsAsync<RpcException>(() => copying);
        var before = _fleet.BlockBytes;
        (_fleet.BreaksAfter, _fleet.BeforeBlocks) = (null, () => Task.CompletedTask);

        await NextOfTwo();

        await Eventually(() => _two.State.Images.ContainsKey(App), "the copy has gone on");
        Assert.Equal(ContentOf(_one, 1), ContentOf(_two, 1));
        Assert.InRange(_fleet.BlockBytes - before, 1, (long)ByteSize.MiB(40).Bytes);
        await NothingIsLeft(_two);
    }

    /// <summary>What a death leaves after each of a copy's durable steps; the next agent goes on from there.</summary>
    [Theory]
    [InlineData("a plan and no device")]
    [InlineData("a device and no plan")]
    [InlineData("a layer and its plan")]
    [InlineData("an image and the copy's file")]
    public async Task A_copy_goes_on_from_whatever_a_death_left(string left)
    {
        var layers = await MakeImage(2);
        var transfer = NewRequest();
        var offer = await _one.Get<ImageOffers>().MakeAsync(App.Value, _ => { }, CancellationToken.None);
        if (left == "an image and the copy's file")
            await Copy(request: transfer);
        var paths = _two.Picture.Paths;
        _two.Get<CopyFiles>().Keep(
            paths, new CopyJob(transfer, ServedAgent.Pool, One, App.Value, DateTimeOffset.UnixEpoch), offer).Must();
        if (left == "a layer and its plan")
            await AddLayer(_two, null, 0, ByteSize.MiB(2), ChainOf(0), import: transfer);
        if (left is "a plan and no device" or "a layer and its plan")
        {
            var map = await _one.Get<ContentMaps>().GetAsync(ServedAgent.Pool, layers[0], CancellationToken.None);
            using var store = StoreOf(transfer, offer.Layers[0]);
            store.KeepPlan(new DmAgents.Transfer.Receiving.ReceivingProgress(
                map.Digest, null, offer.Layers[0].Shape, PieceSet.Of([0ul])), map).Must();
        }
        if (left == "a device and no plan")
            await _two.Do(Receive(transfer));
        await _two.Stop();

        await NextOfTwo();

        await Eventually(() => _two.State.Images.ContainsKey(App), "the copy has gone on");
        Assert.Equal(ContentOf(_one, 1), ContentOf(_two, 1));
        await NothingIsLeft(_two);
    }

    [Fact]
    public async Task What_a_dead_copy_left_without_its_file_is_undone()
    {
        var transfer = NewRequest();
        await _two.Do(Receive(transfer));
        await AddLayer(_two, null, 0, ByteSize.MiB(2), ChainOf(0), import: transfer);
        Directory.CreateDirectory(_two.Picture.Paths.TransferDirectory);
        await File.WriteAllTextAsync($"{_two.Picture.Paths.TransferDirectory}/{transfer.Value:N}-0.map", "x");
        await File.WriteAllTextAsync($"{_two.Picture.Paths.TransferDirectory}/{transfer.Value:N}.json", "{");
        await _two.Stop();

        await NextOfTwo();

        await NothingIsLeft(_two);
        Assert.DoesNotContain(_two.State.Devices.Values, device => device.Kind != DeviceKind.Base);
    }

    private void Second(IServiceCollection services) => services.AddSingleton(_fleet.PeersOf(Two));

    private async Task NextOfTwo()
    {
        _two = await _two.Next(Second);
        _fleet.Serve(Two, _two);
    }

    private PoolReceptionStore StoreOf(RequestId transfer, OfferedLayer layer) => new(
        _two.Gateway, _two.Kernel, _two.Get<IDurableFiles>(), _two.Get<ContentMaps>(), _two.Picture,
        new WantedLayer(transfer, 0, layer.Key, null, null, null, null));

    private static PoolCommands.Receive Receive(RequestId transfer) => new(
        NewRequest(), WorkUnderWay.ReceptionOf(transfer, 0), null, null, ByteSize.MiB(64), FileSystemKind.Ext4,
        DateTimeOffset.UnixEpoch);

    private static RequestId NewRequest() => new(Guid.NewGuid());

    private static ChainId ChainOf(int layer) => new(Digest.Of(Encoding.ASCII.GetBytes($"layer {layer}")));

    private static ContentDigest? ContentOf(ServedAgent agent, int layer) =>
        agent.State.ContentOf(agent.State.Find(DeviceKey.Layer(ChainOf(layer).Value))!.Id);

    private async Task<List<DeviceKey>> MakeImage(int layers, ByteSize? each = null)
    {
        var made = new List<DeviceKey>();
        for (var i = 0; i < layers; i++)
            made.Add(await AddLayer(_one, i == 0 ? null : made[^1], i, each ?? ByteSize.MiB(2), ChainOf(i)));
        await Tag(_one, App, made[^1]);
        return made;
    }

    /// <summary>As an import makes one: snapshot, fill, commit.</summary>
    private static async Task<DeviceKey> AddLayer(
        ServedAgent agent, DeviceKey? parent, int seed, ByteSize length, ChainId? chain = null,
        RequestId? import = null)
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
        var layer = DeviceKey.Layer((chain ?? new ChainId(Digest.Of(Encoding.ASCII.GetBytes($"seed {seed}")))).Value);
        await agent.Do(new PoolCommands.Commit(
            NewRequest(), key, layer, ImmutableSortedDictionary<string, string>.Empty
                .Add(DeviceLabels.DiffId, Digest.Of(Encoding.ASCII.GetBytes($"diff {seed}")).Value)
                .Add(DeviceLabels.Import, (import ?? NewRequest()).ToString()), DateTimeOffset.UnixEpoch));
        return layer;
    }

    private static async Task Tag(ServedAgent agent, ImageReference reference, DeviceKey top) =>
        await agent.Do(new PoolCommands.TagImage(
            NewRequest(), reference, top, Digest.Of(Encoding.UTF8.GetBytes(Config)).Value, Config,
            DateTimeOffset.UnixEpoch));

    /// <summary>Writes to a layer past the agent, which never does.</summary>
    private static void Damage(ServedAgent agent, DeviceKey layer)
    {
        var device = agent.State.Find(layer)!;
        var pool = DeviceNames.Pool(ServedAgent.Pool);
        var table = new ThinTable(
            new MappedName("test-damage"), new MappedUuid("test-damage"), pool, device.Id, device.Size.Sectors,
            ReadOnly: false);
        agent.Simulated.ActivateThin(table).Must();
        using (var open = agent.Simulated.OpenForReceiving(table.Name, PoolBlockSize.Default).Must())
            open.Write(ByteSize.MiB(5), new byte[4096]).Must();
        agent.Simulated.Remove(table.Name, deferred: false).Must();
    }

    private async Task<ImageDetails> Copy(string image = "app:1", string from = "one", RequestId? request = null)
    {
        using var call = new Api.Admin.V1.Transfers.TransfersClient(_two.AdminChannel).CopyImage(new CopyImageRequest
        {
            RequestId = (request ?? NewRequest()).ToString(), Image = image, FromHost = from,
        });
        ImageDetails? copied = null;
        while (await call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience))
            copied = call.ResponseStream.Current.Image ?? copied;
        return copied!;
    }

    private async Task<RpcException> Refused(string image, string from = "one") =>
        await Assert.ThrowsAsync<RpcException>(() => Copy(image, from));

    /// <summary>No reception, no view, no plan, and pool and journal agree.</summary>
    private static async Task NothingIsLeft(ServedAgent agent)
    {
        await Eventually(
            () => agent.State.Views.IsEmpty && !agent.State.Devices.Values.Any(device => device.Key.IsReception),
            "nothing of a transfer is left");
        await Eventually(() => !Directory.Exists(agent.Picture.Paths.TransferDirectory)
            || Directory.GetFiles(agent.Picture.Paths.TransferDirectory).Length == 0, "no plan is left");
        await Eventually(
            () => agent.State.Devices.Values.All(device => device.Phase == DevicePhase.Ready), "all is settled");
        var check = await new Pools.PoolsClient(agent.AdminChannel).CheckAsync(
            new CheckPoolRequest { Pool = ServedAgent.Pool.Value });
        Assert.True(check.Agrees, check.ToString());
        Assert.DoesNotContain(
            agent.Simulated.ListDevices($"{DeviceNames.UuidPrefix}{agent.Picture.Uuid}-").Value,
            device => DeviceNames.ThinIdOf(agent.Picture.Uuid, device.Uuid) is not null);
    }

    private static async Task Eventually(Func<bool> holds, string what)
    {
        for (var waited = 0; !holds(); waited++)
        {
            Assert.True(waited < 1000, $"it does not come to be so: {what}");
            await Task.Delay(50);
        }
    }
}
