using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Transfers;
using DmAgents.Agent.UseCases;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Testing.Contracts;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Receiving;

namespace DmAgents.Agent.Tests.Transfers;

/// <summary>What the receiving pool has already, and what of it is not used.</summary>
public sealed class CopyDoubtTests : TwoAgents
{
    private const string Undeleted = "undeleted:layer";

    [Fact]
    public async Task A_layer_of_the_same_name_is_the_image_s_only_with_the_same_content()
    {
        await Tag(Source, App, await AddLayer(Source, null, 1, ByteSize.MiB(2), called: Undeleted));
        await Tag(
            Target, new ImageReference("other:1"), await AddLayer(Target, null, 2, ByteSize.MiB(2), called: Undeleted));

        var refused = await Refused(App.Value);

        Assert.Contains("with other content", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Contains(Undeleted, refused.Status.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(App, Target.State.Images.Keys);
        await NothingIsLeft(Target);
    }

    [Fact]
    public async Task A_file_system_with_a_feature_that_this_host_s_kernel_does_not_know_is_refused()
    {
        var layers = await MakeImage(1);
        var device = Source.State.Find(layers[0])!;
        var table = new ThinTable(
            new MappedName("test-tune"), new MappedUuid("test-tune"), DeviceNames.Pool(ServedAgent.Pool), device.Id,
            device.Size.Sectors, ReadOnly: false);
        Source.Simulated.ActivateThin(table).Must();
        Source.Simulated.GiveFeature(table.Name.Path, "casefold").Must();
        Source.Simulated.Remove(table.Name, deferred: false).Must();
        Target.Simulated.Understand(Source.Simulated);
        Target.Simulated.Running = new KernelVersion(5, 1);

        var refused = await Refused(App.Value);

        Assert.Contains("casefold (from Linux 5.2 on)", refused.Status.Detail, StringComparison.Ordinal);
        var problem = Problem.Parser.ParseFrom(refused.Trailers.GetValueBytes("dmagents-problem-bin"));
        Assert.Contains("run Linux 5.2 or a later one", problem.Next, StringComparison.Ordinal);
        Assert.DoesNotContain(App, Target.State.Images.Keys);
        await NothingIsLeft(Target);
        Target.Simulated.Running = new KernelVersion(5, 2);
        await Copy();
        await NothingIsLeft(Target);
    }

    [Fact]
    public async Task A_layer_of_a_pool_s_own_name_and_the_same_content_is_not_sent_again()
    {
        await Tag(Source, App, await AddLayer(Source, null, 1, ByteSize.MiB(2), called: Undeleted));
        await Copy();
        var before = Link.BlockBytes;

        await Copy();

        Assert.Equal(before, Link.BlockBytes);
        await NothingIsLeft(Target);
    }

    [Fact]
    public async Task A_lost_layer_refuses_the_copy_and_its_commit_and_the_command_that_removes_it_is_named()
    {
        var layers = await MakeImage(1);
        await AddLayer(Target, null, 0, ByteSize.MiB(2), ChainOf(0));
        var id = Target.State.Find(layers[0])!.Id;
        await Target.Stop();
        Target.Simulated.DeleteThin(DeviceNames.Pool(ServedAgent.Pool), id).Must();
        await NextOfTwo();
        await Eventually(
            () => Target.State.Find(layers[0]) is { Phase: DevicePhase.Lost }, "the layer is known to be lost");

        var refused = await Assert.ThrowsAsync<RefusedException>(() => Target.Get<ImageCopies>().Start(
            NewRequest(), Target.Picture, HostOne, App.Value).Done);

        Assert.Equal(RefusalKind.Exists, refused.Refusal.Kind);
        Assert.Contains($"dmagent layer remove {layers[0].Name}", refused.Refusal.Next, StringComparison.Ordinal);
        Assert.Equal(0, Link.BlockBytes);
        var offer = await Source.Get<ImageOffers>().MakeAsync(App.Value, _ => { }, CancellationToken.None);
        var map = await Source.Get<ContentMaps>().GetAsync(ServedAgent.Pool, layers[0], CancellationToken.None);
        using var store = StoreOf(NewRequest(), offer.Layers[0]);
        var committed = await Task.Run(() => store.Commit(PlanOf(offer.Layers[0], null), map));
        Assert.True(committed.FailedWith(KernelFault.Exists));
    }

    [Fact]
    public async Task A_device_that_began_with_something_else_than_the_plan_s_base_is_made_anew()
    {
        var layers = await MakeImage(2);
        var below = await Source.Get<ContentMaps>().GetAsync(ServedAgent.Pool, layers[0], CancellationToken.None);
        var offer = await Source.Get<ImageOffers>().MakeAsync(App.Value, _ => { }, CancellationToken.None);
        await Copy();
        var transfer = NewRequest();
        using var work = Target.Gateway.Board.Work.Begin(ServedAgent.Pool, transfer);
        await Target.Do(Receive(transfer));
        var reception = WorkUnderWay.ReceptionOf(transfer, 0);
        Assert.Null(Target.State.Find(reception)!.Source);

        using (var store = StoreOf(transfer, offer.Layers[1]))
        {
            (await Task.Run(() => store.MakeTarget(PlanOf(offer.Layers[1], below.Digest)))).Must();

            Assert.Equal(Target.State.Find(layers[0])!.Id, Target.State.Find(reception)!.Source);
            (await Task.Run(store.Forget)).Must();
        }
        await NothingIsLeft(Target);
    }

    internal static ReceivingProgress PlanOf(OfferedLayer layer, ContentDigest? origin) =>
        new(layer.Digest, origin, layer.Shape, PieceSet.Empty);
}

/// <summary>A pool whose blocks several writes fill.</summary>
public sealed class LargeBlockCopyTests : TwoAgents
{
    internal override PoolBlockSize TargetBlocks => new(ByteSize.MiB(4));

    [Fact]
    public async Task Bytes_of_another_layer_that_a_crash_left_beside_what_was_received_are_found()
    {
        var layers = await MakeImage(1);
        var transfer = NewRequest();
        var offer = await Source.Get<ImageOffers>().MakeAsync(App.Value, _ => { }, CancellationToken.None);
        var map = await Source.Get<ContentMaps>().GetAsync(ServedAgent.Pool, layers[0], CancellationToken.None);
        Target.Get<CopyFiles>().Keep(Target.Picture.Paths, new CopyJob(
            transfer, ServedAgent.Pool, HostOne, App.Value, DateTimeOffset.UnixEpoch), offer).Must();
        using (var store = StoreOf(transfer, offer.Layers[0]))
            store.KeepPlan(CopyDoubtTests.PlanOf(offer.Layers[0], null), map).Must();
        await Target.Do(Receive(transfer));
        // The image has nothing at this place, so that no piece of it is received.
        Damage(Target, WorkUnderWay.ReceptionOf(transfer, 0), atMiB: 7, with: 7);
        await Target.Stop();

        await NextOfTwo();

        await Eventually(() => !Target.Get<ImageCopies>().All.Any(), "the copy has ended");
        Assert.DoesNotContain(App, Target.State.Images.Keys);
        Assert.Null(Target.State.Find(layers[0]));
        await NothingIsLeft(Target);
    }
}
