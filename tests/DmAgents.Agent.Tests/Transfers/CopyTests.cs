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

/// <summary>Images from one agent to another.</summary>
public sealed class CopyTests : TwoAgents
{
    [Fact]
    public async Task An_image_arrives_with_its_lineage_its_labels_and_its_content()
    {
        var layers = await MakeImage(3);

        var image = await Copy();

        Assert.Equal(App.Value, image.Reference);
        foreach (var (layer, i) in layers.Select((layer, i) => (layer, i)))
        {
            var (there, here) = (Source.State.Find(layer)!, Target.State.Find(layer)!);
            Assert.Equal(Source.State.ContentOf(there.Id), Target.State.ContentOf(here.Id));
            Assert.NotNull(Target.State.ContentOf(here.Id));
            Assert.Equal((there.Size, there.FileSystem, there.Format), (here.Size, here.FileSystem, here.Format));
            Assert.Equal(there.Labels[DeviceLabels.DiffId], here.Labels[DeviceLabels.DiffId]);
            Assert.Equal(i == 0 ? null : Target.State.Find(layers[i - 1])!.Id, here.Parent);
            Assert.Equal(here.Parent, here.Source);
        }
        Assert.Equal(Source.State.Images[App].Config, Target.State.Images[App].Config);
        await NothingIsLeft(Source);
        await NothingIsLeft(Target);
    }

    [Fact]
    public async Task What_the_pool_has_is_not_sent_again_and_a_changed_layer_costs_its_change()
    {
        await MakeImage(2);
        await Copy();
        var before = Link.BlockBytes;
        await Copy();
        Assert.Equal(before, Link.BlockBytes);

        var above = await AddLayer(Source, DeviceKey.Layer(ChainOf(1).Value), 9, ByteSize.MiB(1));
        await Tag(Source, new ImageReference("app:2"), above);
        await Copy("app:2");

        Assert.InRange(Link.BlockBytes - before, 1, (long)ByteSize.MiB(2).Bytes);
        Assert.Equal(
            Source.State.ContentOf(Source.State.Find(above)!.Id), Target.State.ContentOf(Target.State.Find(above)!.Id));
    }

    [Fact]
    public async Task An_image_that_both_hosts_imported_apart_gets_a_layer_from_the_other_as_a_whole()
    {
        await MakeImage(2);
        // The same chain id, and another file system: nothing of it can be shared.
        await AddLayer(Target, null, 77, ByteSize.MiB(2), ChainOf(0));

        await Copy();

        var (first, second) = (Target.State.Find(DeviceKey.Layer(ChainOf(0).Value))!, Target.State.Find(
            DeviceKey.Layer(ChainOf(1).Value))!);
        Assert.Equal(first.Id, second.Parent);
        Assert.Null(second.Source);
        Assert.Equal(ContentOf(Source, 1), ContentOf(Target, 1));
        await NothingIsLeft(Target);
    }

    [Fact]
    public async Task A_lost_or_damaged_map_is_computed_anew_and_a_changed_layer_is_refused()
    {
        var layers = await MakeImage(2);
        await Copy();
        var file = Source.Picture.Paths.ContentFileOf(layers[1]);
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[^1]++;
        await File.WriteAllBytesAsync(file, bytes);
        File.Delete(Source.Picture.Paths.ContentFileOf(layers[0]));

        var map = await Source.Get<ContentMaps>().GetAsync(ServedAgent.Pool, layers[1], CancellationToken.None);

        Assert.Equal(ContentOf(Source, 1), map.Digest);
        Assert.True(File.Exists(Source.Picture.Paths.ContentFileOf(layers[0])));
        // As if its disk had changed a byte.
        File.Delete(file);
        Damage(Source, layers[1]);
        var refused = await Assert.ThrowsAsync<RefusedException>(
            () => Source.Get<ContentMaps>().GetAsync(ServedAgent.Pool, layers[1], CancellationToken.None));
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
        await NothingIsLeft(Target);
    }

    [Fact]
    public async Task A_source_that_has_the_layer_no_more_ends_the_copy_and_leaves_nothing()
    {
        await MakeImage(2);
        Link.BeforeBlocks = async () =>
        {
            if (Source.State.Images.ContainsKey(App))
                await Source.Do(new PoolCommands.UntagImage(NewRequest(), App, DateTimeOffset.UnixEpoch));
        };

        var refused = await Refused("app:1");

        Assert.Contains("no such layer", refused.Status.Detail, StringComparison.Ordinal);
        await NothingIsLeft(Target);
    }

    [Fact]
    public async Task A_cancelled_copy_leaves_nothing()
    {
        await MakeImage(2, ByteSize.MiB(8));
        var reached = new TaskCompletionSource();
        Link.BeforeBlocks = async () =>
        {
            reached.TrySetResult();
            await new TaskCompletionSource().Task;
        };
        var copying = Copy();
        await reached.Task.WaitAsync(Patience);
        var transfers = new Api.Admin.V1.Transfers.TransfersClient(Target.AdminChannel);
        var running = Assert.Single((await transfers.ListAsync(new ListTransfersRequest())).Transfers);

        await transfers.CancelAsync(new CancelTransferRequest { Id = running.Id[..6] });

        var ended = await Assert.ThrowsAsync<RpcException>(() => copying);
        Assert.Contains("cancelled", ended.Status.Detail, StringComparison.Ordinal);
        Assert.Empty((await transfers.ListAsync(new ListTransfersRequest())).Transfers);
        await NothingIsLeft(Target);
    }

    [Fact]
    public async Task A_pool_that_is_removed_leaves_no_map_and_no_plan()
    {
        await MakeImage(1);
        await Copy();
        var content = Target.Picture.Paths.ContentDirectory;
        Assert.NotEmpty(Directory.GetFiles(content));

        await new Pools.PoolsClient(Target.AdminChannel).RemoveAsync(new RemovePoolRequest
        {
            RequestId = NewRequest().ToString(), Pool = ServedAgent.Pool.Value, Force = true,
        });

        Assert.Empty(Directory.GetFiles(content));
    }

    /// <summary>Each step of the receiver that a full pool, or the kernel, may refuse.</summary>
    [Theory]
    [InlineData(nameof(IKernel.CreateThin))]
    [InlineData(nameof(IKernel.CreateSnapshot))]
    [InlineData(nameof(IKernel.ActivateThin))]
    [InlineData(nameof(IKernel.OpenForReceiving))]
    [InlineData(nameof(IKernel.Flush))]
    public async Task A_step_that_is_refused_leaves_nothing_and_the_next_copy_brings_the_image(string step)
    {
        await MakeImage(2);
        Target.Kernel.FailNext(step, KernelFault.NoSpace);

        var refused = await Refused("app:1");

        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        await NothingIsLeft(Target);
        Assert.DoesNotContain(Target.State.Devices.Values, device => device.Kind != DeviceKind.Base);
        await Copy();
        Assert.Equal(ContentOf(Source, 1), ContentOf(Target, 1));
        await NothingIsLeft(Target);
    }

    [Fact]
    public async Task Another_host_is_asked_to_bring_an_image()
    {
        await MakeImage(2);

        var copied = await Push("two");

        Assert.Equal((App.Value, "two"), (copied.Reference, Assert.Single(copied.Hosts)));
        Assert.Equal(ContentOf(Source, 1), ContentOf(Target, 1));
        await NothingIsLeft(Target);
        await NothingIsLeft(Source);
        Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(() => Push("three"))).StatusCode);
        var unknown = await Assert.ThrowsAsync<RpcException>(() => Push("two", "app:9"));
        Assert.Equal(StatusCode.NotFound, unknown.StatusCode);
        Assert.Contains("host two: host one: ", unknown.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_was_asked_undoes_what_is_not_wanted_any_more()
    {
        await MakeImage(1);
        var reached = new TaskCompletionSource();
        Link.BeforeBlocks = async () =>
        {
            reached.TrySetResult();
            await new TaskCompletionSource().Task;
        };
        using var cancellation = new CancellationTokenSource();
        var pushing = Push("two", cancellation: cancellation.Token);
        await reached.Task.WaitAsync(Patience);

        await cancellation.CancelAsync();

        await Assert.ThrowsAsync<RpcException>(() => pushing);
        await Eventually(() => !Target.Get<ImageCopies>().All.Any(), "the copy has ended");
        await NothingIsLeft(Target);
    }

    private async Task<CopiedImage> Push(
        string to, string image = "app:1", CancellationToken cancellation = default)
    {
        using var call = new Api.Admin.V1.Transfers.TransfersClient(Source.AdminChannel).CopyImage(
            new CopyImageRequest { RequestId = NewRequest().ToString(), Image = image, ToHosts = { to } },
            cancellationToken: cancellation);
        CopiedImage? copied = null;
        while (await call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience, CancellationToken.None))
            copied = call.ResponseStream.Current.Copied ?? copied;
        return copied!;
    }
}
