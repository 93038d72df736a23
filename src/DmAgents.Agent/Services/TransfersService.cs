using DmAgents.Agent.Fleet.Talks;
using DmAgents.Agent.Imports;
using DmAgents.Agent.Transfers;
using DmAgents.Api.Admin.V1;
using Grpc.Core;

namespace DmAgents.Agent.Services;

/// <summary>Transfers of the admin API.</summary>
internal sealed class TransfersService(
    PoolGateway gateway, ImageCopies copies, ImagePushes pushes, ImageFinder images, FleetImages fleet,
    TransferCancelling cancelling, TimeProvider time, IHostApplicationLifetime lifetime) : Api.Admin.V1.Transfers.TransfersBase
{
    /// <summary>Often enough for a moving progress bar.</summary>
    private static readonly TimeSpan ReportEvery = TimeSpan.FromMilliseconds(300);

    public override async Task CopyImage(
        CopyImageRequest request, IServerStreamWriter<CopyImageReply> responseStream, ServerCallContext context)
    {
        var id = PoolGateway.RequestOf(ImageCopier.What, request.RequestId);
        if (request.Image.Length == 0)
            throw Problems.Usage(ImageCopier.What, request.Image, "no image is named", "give a reference or an id");
        if (request.ToHosts.Count > 0)
        {
            await pushes.Run(id, request, responseStream, context.CancellationToken).ConfigureAwait(false);
            return;
        }
        var from = CopyViews.HostOf(request.FromHost);
        var pool = gateway.Resolve(ImageCopier.What, request.Pool);
        var copy = copies.Start(id, pool, from, request.Image);
        // Another caller's copy continues without this one.
        using var cancelling = copy.Job.Request == id
            ? context.CancellationToken.Register(copy.Cancel)
            : default(CancellationTokenRegistration);
        await Follow(copy, responseStream, context.CancellationToken).ConfigureAwait(false);
        try
        {
            var reference = await copy.Done.ConfigureAwait(false);
            var found = await images.Details(copy.Job.Pool, reference).ConfigureAwait(false);
            await responseStream.WriteAsync(new CopyImageReply { Image = ImageViews.Details(found) })
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw Problems.Of(Problem.Types.Kind.Unavailable, ImageCopier.What, request.Image,
                "the agent is stopping", "the copy continues when it runs again: dmagent transfer list");
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            throw Problems.Of(Problem.Types.Kind.Refused, ImageCopier.What, request.Image,
                "the transfer was cancelled", "copy it again");
        }
    }

    public override async Task<ListTransfersReply> List(ListTransfersRequest request, ServerCallContext context)
    {
        if (!request.Fleet)
            return new ListTransfersReply { Transfers = { copies.All.Select(View) } };
        var found = await fleet.CopiesAsync(context.CancellationToken).ConfigureAwait(false);
        return new ListTransfersReply
        {
            Transfers = { found.Copies.Select(FleetTalkViews.Transfer) },
            Silent = { found.Silent.Select(FleetTalkViews.Silent) },
        };
    }

    public override async Task<CancelTransferReply> Cancel(CancelTransferRequest request, ServerCallContext context)
    {
        var ended = await cancelling.CancelAsync(request.Id, context.CancellationToken).ConfigureAwait(false);
        return new CancelTransferReply { Transfer = FleetTalkViews.Transfer(ended.Host, ended.Copy) };
    }

    /// <summary>Reports until the copy has ended.</summary>
    private async Task Follow(
        RunningCopy copy, IServerStreamWriter<CopyImageReply> responseStream, CancellationToken cancellation)
    {
        CopyProgress? told = null;
        while (true)
        {
            if (copy.Progress != told && !cancellation.IsCancellationRequested)
            {
                told = copy.Progress;
                await responseStream.WriteAsync(new CopyImageReply { Progress = View(copy) }, CancellationToken.None)
                    .ConfigureAwait(false);
            }
            if (copy.Done.IsCompleted)
                return;
            await Task.WhenAny(copy.Done, Task.Delay(ReportEvery, time, CancellationToken.None)).ConfigureAwait(false);
        }
    }

    private static RunningTransfer View(RunningCopy copy) => CopyViews.Of(copy.Job, copy.Progress);
}
