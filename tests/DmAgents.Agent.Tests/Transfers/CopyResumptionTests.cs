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
using DmAgents.Transfer.Receiving;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using DeviceKind = DmAgents.Domain.Devices.DeviceKind;

namespace DmAgents.Agent.Tests.Transfers;

/// <summary>A copy that a stop or a death interrupted.</summary>
public sealed class CopyResumptionTests : TwoAgents
{
    [Fact]
    public async Task A_copy_goes_on_after_a_stop_with_what_was_received()
    {
        await MakeImage(2, ByteSize.MiB(24));
        var broken = new TaskCompletionSource();
        var connections = 0;
        Link.BeforeBlocks = async () =>
        {
            if (++connections < 3)
                return;
            broken.TrySetResult();
            await new TaskCompletionSource().Task;
        };
        Link.BreaksAfter = (long)ByteSize.MiB(12).Bytes;
        var copying = Copy();
        await broken.Task.WaitAsync(Patience);
        await Eventually(() => Directory.GetFiles(Target.Picture.Paths.TransferDirectory, "*.progress")
            .Any(file => ReceivingProgressFile.TryRead(File.ReadAllBytes(file), out var progress, out _)
                && progress.Verified.Count >= 16), "pieces were noted");
        await Target.Stop();
        await Assert.ThrowsAsync<RpcException>(() => copying);
        var before = Link.BlockBytes;
        (Link.BreaksAfter, Link.BeforeBlocks) = (null, () => Task.CompletedTask);

        await NextOfTwo();

        await Eventually(() => Target.State.Images.ContainsKey(App), "the copy has gone on");
        Assert.Equal(ContentOf(Source, 1), ContentOf(Target, 1));
        Assert.InRange(Link.BlockBytes - before, 1, (long)ByteSize.MiB(40).Bytes);
        await NothingIsLeft(Target);
    }

    /// <summary>What a death leaves after each of a copy's durable steps; the next agent continues from
    /// there.</summary>
    [Theory]
    [InlineData("a plan and no device")]
    [InlineData("a device and no plan")]
    [InlineData("a layer and its plan")]
    [InlineData("an image and the copy's file")]
    public async Task A_copy_goes_on_from_whatever_a_death_left(string left)
    {
        var layers = await MakeImage(2);
        var transfer = NewRequest();
        var offer = await Source.Get<ImageOffers>().MakeAsync(App.Value, _ => { }, CancellationToken.None);
        if (left == "an image and the copy's file")
            await Copy(request: transfer);
        var paths = Target.Picture.Paths;
        Target.Get<CopyFiles>().Keep(
            paths, new CopyJob(transfer, ServedAgent.Pool, HostOne, App.Value, DateTimeOffset.UnixEpoch), offer).Must();
        if (left == "a layer and its plan")
            await AddLayer(Target, null, 0, ByteSize.MiB(2), ChainOf(0), import: transfer);
        if (left is "a plan and no device" or "a layer and its plan")
        {
            var map = await Source.Get<ContentMaps>().GetAsync(ServedAgent.Pool, layers[0], CancellationToken.None);
            using var store = StoreOf(transfer, offer.Layers[0]);
            store.KeepPlan(new ReceivingProgress(
                map.Digest, null, offer.Layers[0].Shape, PieceSet.Of([0ul])), map).Must();
        }
        if (left == "a device and no plan")
            await Target.Do(Receive(transfer));
        await Target.Stop();

        await NextOfTwo();

        await Eventually(() => Target.State.Images.ContainsKey(App), "the copy has gone on");
        Assert.Equal(ContentOf(Source, 1), ContentOf(Target, 1));
        await NothingIsLeft(Target);
    }

    [Fact]
    public async Task What_a_dead_copy_left_without_its_file_is_undone()
    {
        var transfer = NewRequest();
        await Target.Do(Receive(transfer));
        await AddLayer(Target, null, 0, ByteSize.MiB(2), ChainOf(0), import: transfer);
        Directory.CreateDirectory(Target.Picture.Paths.TransferDirectory);
        await File.WriteAllTextAsync($"{Target.Picture.Paths.TransferDirectory}/{transfer.Value:N}-0.map", "x");
        await File.WriteAllTextAsync($"{Target.Picture.Paths.TransferDirectory}/{transfer.Value:N}.json", "{");
        await Target.Stop();

        await NextOfTwo();

        await NothingIsLeft(Target);
        Assert.DoesNotContain(Target.State.Devices.Values, device => device.Kind != DeviceKind.Base);
    }
}
