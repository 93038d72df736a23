using System.Collections.Immutable;
using DmAgents.Agent.Tests.Support;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using Grpc.Core;

namespace DmAgents.Agent.Tests;

/// <summary>Whoever did not hear the answer asks again with the same request id, and hears that it was done.</summary>
public sealed class RetryTests : IAsyncLifetime
{
    private static readonly DeviceKey Layer = DeviceKey.Layer("sha256:" + new string('a', 64));

    private ServedAgent _agent = null!;

    public async Task InitializeAsync() => _agent = await ServedAgent.Start();

    public async Task DisposeAsync() => await _agent.DisposeAsync();

    [Fact]
    public async Task Of_the_removal_of_an_image()
    {
        await MakeLayer();
        await _agent.Do(new PoolCommands.TagImage(
            NewRequest(), new ImageReference("small:1"), Layer, "sha256:c0", "{}", DateTimeOffset.UnixEpoch));
        var images = new Api.Admin.V1.Images.ImagesClient(_agent.AdminChannel);
        var request = new RemoveImageRequest { RequestId = $"{Guid.NewGuid()}", Image = "small:1" };
        var first = await images.RemoveAsync(request);

        var again = await images.RemoveAsync(request);

        Assert.Equal(first.UntaggedReferences, again.UntaggedReferences);
        request.RequestId = $"{Guid.NewGuid()}";
        await MustBeNotFound(images.RemoveAsync(request));
    }

    [Fact]
    public async Task Of_the_removal_of_a_layer()
    {
        await MakeLayer();
        var layers = new Layers.LayersClient(_agent.AdminChannel);
        var request = new RemoveLayerRequest { RequestId = $"{Guid.NewGuid()}", Key = Layer.Name };
        var first = await layers.RemoveAsync(request);

        var again = await layers.RemoveAsync(request);

        Assert.Equal((Layer.Name, Layer.Name), (first.Key, again.Key));
        request.RequestId = $"{Guid.NewGuid()}";
        await MustBeNotFound(layers.RemoveAsync(request));
    }

    [Fact]
    public async Task Of_a_spare_disk_that_is_taken_back()
    {
        var pools = new Pools.PoolsClient(_agent.AdminChannel);
        await pools.ChangeSparesAsync(
            new ChangeSparesRequest { RequestId = $"{Guid.NewGuid()}", Add = { "/dev/sdc" } });
        Assert.Equal<DevicePath>([new DevicePath("/dev/sdc")], _agent.State.Spares);
        var request = new ChangeSparesRequest { RequestId = $"{Guid.NewGuid()}", Remove = { "/dev/sdc" } };
        await pools.ChangeSparesAsync(request);

        Assert.Empty((await pools.ChangeSparesAsync(request)).Spares);

        request.RequestId = $"{Guid.NewGuid()}";
        await MustBeNotFound(pools.ChangeSparesAsync(request));
    }

    private static RequestId NewRequest() => new(Guid.NewGuid());

    private async Task MakeLayer()
    {
        var container = DeviceKey.Container("making");
        var none = ImmutableSortedDictionary<string, string>.Empty;
        await _agent.Do(new PoolCommands.CreateSnapshot(
            NewRequest(), container, Parent: null, Size: null, FileSystem: null, DeviceUse.Idle, none,
            DateTimeOffset.UnixEpoch));
        await _agent.Do(new PoolCommands.Commit(NewRequest(), container, Layer, none, DateTimeOffset.UnixEpoch));
    }

    private static async Task MustBeNotFound<T>(AsyncUnaryCall<T> call) => Assert.Equal(
        StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(async () => await call)).StatusCode);
}
