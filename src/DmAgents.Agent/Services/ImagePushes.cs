using System.Threading.Channels;
using DmAgents.Agent.Transfers;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using Grpc.Core;

namespace DmAgents.Agent.Services;

/// <summary>Makes several hosts copy an image at the same time, and reports on all of them.</summary>
internal sealed class ImagePushes(ImageOrders orders, ILayerPeers peers)
{
    public async Task Run(
        RequestId id, CopyImageRequest request, IServerStreamWriter<CopyImageReply> replies,
        CancellationToken cancellation)
    {
        var self = peers.Self ?? throw Refusals.Because(
            RefusalKind.WrongState, ImageCopier.What, request.Image, "this host is in no fleet",
            "join one: dmagent fleet join --help");
        var from = request.FromHost.Length == 0 ? self.Host : CopyViews.HostOf(request.FromHost);
        var hosts = request.ToHosts.Select(CopyViews.HostOf).Distinct().ToList();
        foreach (var host in hosts)
        {
            if (host == from)
                throw Refusals.Invalid(ImageCopier.What, request.Image, $"{host} has it", "name other hosts");
            if (host != self.Host && !peers.Knows(host))
            {
                throw Refusals.NotFound(
                    ImageCopier.What, host.Value, "the fleet has no host of this name, as this host sees it",
                    "list them: dmagent fleet status");
            }
        }
        var progress = Channel.CreateUnbounded<CopyImageReply>(new UnboundedChannelOptions { SingleReader = true });
        var pushing = hosts.Select(host => Push(id, request, from, host, progress.Writer, cancellation)).ToList();
        _ = Task.WhenAll(pushing).ContinueWith(
            _ => progress.Writer.Complete(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        await foreach (var step in progress.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            if (!cancellation.IsCancellationRequested)
                await replies.WriteAsync(step, CancellationToken.None).ConfigureAwait(false);
        }
        cancellation.ThrowIfCancellationRequested();
        await replies.WriteAsync(
            new CopyImageReply { Copied = await Result(request, hosts, pushing).ConfigureAwait(false) },
            CancellationToken.None).ConfigureAwait(false);
    }

    private async Task<ImageReference> Push(
        RequestId id, CopyImageRequest request, HostName from, HostName to, ChannelWriter<CopyImageReply> progress,
        CancellationToken cancellation)
    {
        var order = new BringOrder(
            SubRequests.Of(id, $"to {to}").ToString(), request.Image, from.Value, request.Pool);
        return await orders.SendAsync(
            to, order, step => progress.TryWrite(new CopyImageReply { Progress = CopyViews.Of(to, order, step) }),
            cancellation).ConfigureAwait(false);
    }

    /// <summary>A refusal names each host without the image, and those that have it.</summary>
    private static async Task<CopiedImage> Result(
        CopyImageRequest request, List<HostName> hosts, List<Task<ImageReference>> pushing)
    {
        var done = hosts.Where((_, i) => pushing[i].IsCompletedSuccessfully).Select(host => host.Value).ToList();
        if (done.Count == hosts.Count)
        {
            var reference = await pushing[0].ConfigureAwait(false);
            return new CopiedImage { Reference = reference.Value, Hosts = { done } };
        }
        var refusals = new List<Refusal>();
        foreach (var push in pushing.Where(push => !push.IsCompletedSuccessfully))
        {
            try
            {
                await push.ConfigureAwait(false);
            }
            catch (RefusedException refused)
            {
                refusals.Add(refused.Refusal);
            }
        }
        var why = string.Join("; ", refusals.Select(refusal => refusal.Why))
            + (done.Count == 0 ? "" : $"; {string.Join(", ", done)} {(done.Count == 1 ? "has" : "have")} it");
        throw Refusals.Because(refusals[0].Kind, ImageCopier.What, request.Image, why, refusals[0].Next);
    }
}
