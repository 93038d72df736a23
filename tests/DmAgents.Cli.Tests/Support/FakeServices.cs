using DmAgents.Api.Admin.V1;
using Google.Protobuf;
using Grpc.Core;

namespace DmAgents.Cli.Tests.Support;

internal static class Answering
{
    public static async Task<T> One<T>(this FakeAgent agent, IMessage request, ServerCallContext context) =>
        (T)await agent.AnswersTo(request, context).FirstAsync(context.CancellationToken);

    public static async Task Many<T>(
        this FakeAgent agent, IMessage request, IServerStreamWriter<T> writer, ServerCallContext context)
    {
        await foreach (var answer in agent.AnswersTo(request, context).WithCancellation(context.CancellationToken))
            await writer.WriteAsync((T)answer);
    }
}

internal sealed class FakeHosts(FakeAgent agent) : Api.Admin.V1.Hosts.HostsBase
{
    public override Task<HostStatus> GetStatus(GetHostStatusRequest request, ServerCallContext context) =>
        agent.One<HostStatus>(request, context);
}

internal sealed class FakePools(FakeAgent agent) : Api.Admin.V1.Pools.PoolsBase
{
    public override Task Create(
        CreatePoolRequest request, IServerStreamWriter<CreatePoolReply> responseStream, ServerCallContext context) =>
        agent.Many(request, responseStream, context);

    public override Task<ListPoolsReply> List(ListPoolsRequest request, ServerCallContext context) =>
        agent.One<ListPoolsReply>(request, context);

    public override Task<PoolDetails> Show(ShowPoolRequest request, ServerCallContext context) =>
        agent.One<PoolDetails>(request, context);

    public override Task<PoolDetails> Grow(GrowPoolRequest request, ServerCallContext context) =>
        agent.One<PoolDetails>(request, context);

    public override Task<CheckPoolReply> Check(CheckPoolRequest request, ServerCallContext context) =>
        agent.One<CheckPoolReply>(request, context);

    public override Task<CheckPoolReply> Repair(RepairPoolRequest request, ServerCallContext context) =>
        agent.One<CheckPoolReply>(request, context);

    public override Task<AdoptPoolReply> Adopt(AdoptPoolRequest request, ServerCallContext context) =>
        agent.One<AdoptPoolReply>(request, context);

    public override Task<PoolDetails> ChangeSpares(ChangeSparesRequest request, ServerCallContext context) =>
        agent.One<PoolDetails>(request, context);

    public override Task<RemovePoolReply> Remove(RemovePoolRequest request, ServerCallContext context) =>
        agent.One<RemovePoolReply>(request, context);

    public override Task<TrimPoolReply> Trim(TrimPoolRequest request, ServerCallContext context) =>
        agent.One<TrimPoolReply>(request, context);

    public override Task<ListQuarantineReply> ListQuarantine(
        ListQuarantineRequest request, ServerCallContext context) =>
        agent.One<ListQuarantineReply>(request, context);

    public override Task<PurgeQuarantineReply> PurgeQuarantine(
        PurgeQuarantineRequest request, ServerCallContext context) =>
        agent.One<PurgeQuarantineReply>(request, context);

    public override Task<AdoptDockerReply> AdoptDocker(AdoptDockerRequest request, ServerCallContext context) =>
        agent.One<AdoptDockerReply>(request, context);

    public override Task<PoolDetails> ConfirmAdoption(ConfirmAdoptionRequest request, ServerCallContext context) =>
        agent.One<PoolDetails>(request, context);

    public override Task<UndoAdoptionReply> UndoAdoption(UndoAdoptionRequest request, ServerCallContext context) =>
        agent.One<UndoAdoptionReply>(request, context);

    public override Task<UndeleteReply> Undelete(UndeleteRequest request, ServerCallContext context) =>
        agent.One<UndeleteReply>(request, context);

    public override Task MendMetadata(
        MendMetadataRequest request, IServerStreamWriter<MendMetadataReply> responseStream,
        ServerCallContext context) =>
        agent.Many(request, responseStream, context);

    public override Task<DiscardMetadataReply> DiscardMetadata(
        DiscardMetadataRequest request, ServerCallContext context) =>
        agent.One<DiscardMetadataReply>(request, context);

    public override Task<ListBackupsReply> ListBackups(ListBackupsRequest request, ServerCallContext context) =>
        agent.One<ListBackupsReply>(request, context);

    public override Task<BackUpReply> BackUp(BackUpRequest request, ServerCallContext context) =>
        agent.One<BackUpReply>(request, context);
}

internal sealed class FakeImages(FakeAgent agent) : Api.Admin.V1.Images.ImagesBase
{
    public override Task Export(
        ExportImageRequest request, IServerStreamWriter<ExportImageReply> responseStream, ServerCallContext context) =>
        agent.Many(request, responseStream, context);

    public override Task Import(
        ImportImageRequest request, IServerStreamWriter<ImportImageReply> responseStream, ServerCallContext context) =>
        agent.Many(request, responseStream, context);

    public override async Task ImportStream(
        IAsyncStreamReader<ImportStreamRequest> requestStream, IServerStreamWriter<ImportImageReply> responseStream,
        ServerCallContext context)
    {
        using var received = new MemoryStream();
        ImportStreamStart? start = null;
        while (await requestStream.MoveNext(context.CancellationToken))
        {
            start ??= requestStream.Current.Start;
            if (agent.RefusesAtOnce)
                break;
            received.Write(requestStream.Current.Data.Span);
            agent.Received = received.ToArray();
            if (requestStream.Current.Data.Length > 0)
                await responseStream.WriteAsync(new ImportImageReply
                {
                    Progress = new ImportProgress
                    {
                        Phase = ImportProgress.Types.Phase.Receiving,
                        CompressedBytesRead = (ulong)received.Length,
                        CompressedBytesTotal = start!.SizeBytes,
                    },
                });
        }

        await agent.Many(start!, responseStream, context);
    }

    public override Task<ListImagesReply> List(ListImagesRequest request, ServerCallContext context) =>
        agent.One<ListImagesReply>(request, context);

    public override Task<ImageDetails> Show(ShowImageRequest request, ServerCallContext context) =>
        agent.One<ImageDetails>(request, context);

    public override Task<ImageDetails> Tag(TagImageRequest request, ServerCallContext context) =>
        agent.One<ImageDetails>(request, context);

    public override Task<RemoveImageReply> Remove(RemoveImageRequest request, ServerCallContext context) =>
        agent.One<RemoveImageReply>(request, context);
}

internal sealed class FakeLayers(FakeAgent agent) : Api.Admin.V1.Layers.LayersBase
{
    public override Task<ListLayersReply> List(ListLayersRequest request, ServerCallContext context) =>
        agent.One<ListLayersReply>(request, context);

    public override Task<LayerTreeReply> Tree(LayerTreeRequest request, ServerCallContext context) =>
        agent.One<LayerTreeReply>(request, context);

    public override Task<Layer> Show(ShowLayerRequest request, ServerCallContext context) =>
        agent.One<Layer>(request, context);

    public override Task<RemoveLayerReply> Remove(RemoveLayerRequest request, ServerCallContext context) =>
        agent.One<RemoveLayerReply>(request, context);
}

internal sealed class FakeContainers(FakeAgent agent) : Api.Admin.V1.Containers.ContainersBase
{
    public override Task Diff(
        DiffContainerRequest request, IServerStreamWriter<DiffContainerReply> responseStream,
        ServerCallContext context) => agent.Many(request, responseStream, context);

    public override Task<Container> Create(CreateContainerRequest request, ServerCallContext context) =>
        agent.One<Container>(request, context);

    public override Task<MountContainerReply> Mount(MountContainerRequest request, ServerCallContext context) =>
        agent.One<MountContainerReply>(request, context);

    public override Task<UnmountContainerReply> Unmount(UnmountContainerRequest request, ServerCallContext context) =>
        agent.One<UnmountContainerReply>(request, context);

    public override Task<ImageDetails> Commit(CommitContainerRequest request, ServerCallContext context) =>
        agent.One<ImageDetails>(request, context);

    public override Task<RemoveContainerReply> Remove(RemoveContainerRequest request, ServerCallContext context) =>
        agent.One<RemoveContainerReply>(request, context);

    public override Task<ListContainersReply> List(ListContainersRequest request, ServerCallContext context) =>
        agent.One<ListContainersReply>(request, context);

    public override Task<Container> Show(ShowContainerRequest request, ServerCallContext context) =>
        agent.One<Container>(request, context);

    public override Task<Container> Resize(ResizeContainerRequest request, ServerCallContext context) =>
        agent.One<Container>(request, context);
}

internal sealed class FakeEvents(FakeAgent agent) : Api.Admin.V1.Events.EventsBase
{
    public override Task<ListEventsReply> List(ListEventsRequest request, ServerCallContext context) =>
        agent.One<ListEventsReply>(request, context);

    public override Task Follow(
        FollowEventsRequest request, IServerStreamWriter<Event> responseStream, ServerCallContext context) =>
        agent.Many(request, responseStream, context);
}

internal sealed class FakeFleets(FakeAgent agent) : Fleets.FleetsBase
{
    public override Task<FleetStatus> Init(InitFleetRequest request, ServerCallContext context) =>
        agent.One<FleetStatus>(request, context);

    public override Task<FleetToken> MakeToken(MakeFleetTokenRequest request, ServerCallContext context) =>
        agent.One<FleetToken>(request, context);

    public override Task Join(
        JoinFleetRequest request, IServerStreamWriter<JoinFleetReply> responseStream, ServerCallContext context) =>
        agent.Many(request, responseStream, context);

    public override Task<LeaveFleetReply> Leave(LeaveFleetRequest request, ServerCallContext context) =>
        agent.One<LeaveFleetReply>(request, context);

    public override Task<RevokeFleetHostReply> Revoke(RevokeFleetHostRequest request, ServerCallContext context) =>
        agent.One<RevokeFleetHostReply>(request, context);

    public override Task<FleetStatus> GetStatus(GetFleetStatusRequest request, ServerCallContext context) =>
        agent.One<FleetStatus>(request, context);
}

internal sealed class FakeTransfers(FakeAgent agent) : Api.Admin.V1.Transfers.TransfersBase
{
    public override Task CopyImage(
        CopyImageRequest request, IServerStreamWriter<CopyImageReply> responseStream, ServerCallContext context) =>
        agent.Many(request, responseStream, context);

    public override Task<ListTransfersReply> List(ListTransfersRequest request, ServerCallContext context) =>
        agent.One<ListTransfersReply>(request, context);

    public override Task<CancelTransferReply> Cancel(CancelTransferRequest request, ServerCallContext context) =>
        agent.One<CancelTransferReply>(request, context);
}

internal sealed class FakeSpread(FakeAgent agent) : Api.Admin.V1.Spread.SpreadBase
{
    public override Task<ImageSpread> SetImageCopies(SetImageCopiesRequest request, ServerCallContext context) =>
        agent.One<ImageSpread>(request, context);

    public override Task<ImageSpread> ExplainImage(ExplainImageRequest request, ServerCallContext context) =>
        agent.One<ImageSpread>(request, context);

    public override Task<PlaceContainerReply> PlaceContainer(
        PlaceContainerRequest request, ServerCallContext context) => agent.Handles(request)
            ? agent.One<PlaceContainerReply>(request, context)
            : Task.FromResult(new PlaceContainerReply { Local = true });

    public override Task<ListFleetContainersReply> ListContainers(
        ListFleetContainersRequest request, ServerCallContext context) =>
        agent.One<ListFleetContainersReply>(request, context);
}

internal sealed class FakeRegistries(FakeAgent agent) : Api.Admin.V1.Registries.RegistriesBase
{
    public override Task Pull(
        PullImageRequest request, IServerStreamWriter<PullImageReply> responseStream, ServerCallContext context) =>
        agent.Many(request, responseStream, context);

    public override Task Push(
        PushImageRequest request, IServerStreamWriter<PushImageReply> responseStream, ServerCallContext context) =>
        agent.Many(request, responseStream, context);
}

internal sealed class FakeInventory(FakeAgent agent) : Api.Admin.V1.Inventory.InventoryBase
{
    public override Task<ListFleetHostsReply> ListHosts(ListFleetHostsRequest request, ServerCallContext context) =>
        agent.One<ListFleetHostsReply>(request, context);

    public override Task<InventoryHost> ShowHost(ShowFleetHostRequest request, ServerCallContext context) =>
        agent.One<InventoryHost>(request, context);

    public override Task<ListFleetImagesReply> ListImages(ListFleetImagesRequest request, ServerCallContext context) =>
        agent.One<ListFleetImagesReply>(request, context);

    public override Task<LocateLayersReply> Locate(LocateLayersRequest request, ServerCallContext context) =>
        agent.One<LocateLayersReply>(request, context);
}
