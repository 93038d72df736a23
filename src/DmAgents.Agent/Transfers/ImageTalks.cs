using DmAgents.Domain.Fleet;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Transfers;

/// <summary>Answers other hosts about images: the layers of an image, and orders to copy one to this host.</summary>
internal sealed class ImageTalks(ImageOffers offers, ImageCopies copies, PoolGateway gateway, TimeProvider time)
{
    private static readonly TimeSpan ReportEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>Answers one question.</summary>
    public async Task ServeAsync(Stream stream, CancellationToken cancellation)
    {
        var asked = await OfferWire.ReadQuestionAsync(stream, time, cancellation).ConfigureAwait(false);
        if (asked is { Image: { } image })
            await offers.ServeAsync(OfferWire.Guarded(stream, time), image, cancellation).ConfigureAwait(false);
        else if (asked is { Bring: { } order })
            await BringAsync(stream, order, cancellation).ConfigureAwait(false);
    }

    /// <summary>The copy belongs to this host: it continues if the connection breaks, and ends if it is no longer
    /// wanted.</summary>
    private async Task BringAsync(Stream stream, BringOrder order, CancellationToken cancellation)
    {
        OfferMessage answer;
        // The other host sends nothing more unless the image is no longer wanted: only writes are guarded.
        var writes = OfferWire.Guarded(stream, time);
        try
        {
            var copy = Start(order);
            var hearing = OfferWire.ReadAsync(stream, cancellation);
            await FollowAsync(writes, copy, hearing, cancellation).ConfigureAwait(false);
            answer = new OfferMessage { Brought = (await copy.Done.ConfigureAwait(false)).Value };
        }
        catch (RefusedException refused)
        {
            answer = new OfferMessage { Refusal = refused.Refusal };
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            var (why, next) = copies.IsStopping
                ? ("the agent is stopping", "the copy continues when it runs again: dmagent transfer list")
                : ("the transfer was cancelled", "copy it again");
            answer = new OfferMessage
            {
                Refusal = new Refusal(RefusalKind.WrongState, ImageCopier.What, order.Image, why, next),
            };
        }
        await OfferWire.WriteAsync(writes, answer, cancellation).ConfigureAwait(false);
    }

    private RunningCopy Start(BringOrder order)
    {
        if (!HostName.TryParse(order.From, out var from))
        {
            throw Refusals.Invalid(
                ImageCopier.What, order.From, $"it is no host's name: {HostName.Rule}", "dmagent fleet status");
        }
        var request = PoolGateway.RequestOf(ImageCopier.What, order.Request);
        return copies.Start(request, gateway.Resolve(ImageCopier.What, order.Pool), from, order.Image);
    }

    private async Task FollowAsync(
        Stream stream, RunningCopy copy, Task<OfferMessage?> hearing, CancellationToken cancellation)
    {
        while (!copy.Done.IsCompleted)
        {
            await OfferWire.WriteAsync(
                stream, new OfferMessage { Bringing = BringState.Of(copy.Progress) }, cancellation)
                .ConfigureAwait(false);
            await Task.WhenAny(copy.Done, hearing, Task.Delay(ReportEvery, time, cancellation)).ConfigureAwait(false);
            cancellation.ThrowIfCancellationRequested();
            if (!hearing.IsCompleted)
                continue;
            if (await hearing.ConfigureAwait(false) is not { IsNotWanted: true })
                throw new IOException("the host that asked for an image has gone; the copy continues");
            copy.Cancel();
            await ((Task)copy.Done).WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

/// <summary>Orders other hosts to copy an image.</summary>
internal sealed class ImageOrders(ILayerPeers peers, TimeProvider time)
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(30);

    /// <summary>Returns when the host has the image. If cancelled, reports to it that the image is no longer
    /// wanted.</summary>
    /// <exception cref="RefusedException">It refuses, or does not answer.</exception>
    public async Task<ImageReference> SendAsync(
        HostName to, BringOrder order, Action<CopyProgress> report, CancellationToken cancellation)
    {
        try
        {
            var stream = await peers.ConnectAsync(to, LayerProtocols.Images, cancellation).ConfigureAwait(false);
            await using var closing = stream.ConfigureAwait(false);
            await OfferWire.WriteAsync(stream, new OfferMessage { Bring = order }, cancellation).ConfigureAwait(false);
            await using var ending = cancellation.Register(() => _ = OfferWire.WriteAsync(
                stream, new OfferMessage { IsNotWanted = true }, CancellationToken.None)).ConfigureAwait(false);
            return await AnswerAsync(to, order, stream, report).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is IOException
            || (fault is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            var why = fault is OperationCanceledException ? "no byte came" : fault.Message;
            throw Refusals.Because(
                RefusalKind.Failed, ImageCopier.What, order.Image, $"host {to} does not answer: {why}",
                "a copy that was begun continues; on that host: dmagent transfer list");
        }
    }

    private async Task<ImageReference> AnswerAsync(
        HostName to, BringOrder order, Stream stream, Action<CopyProgress> report)
    {
        while (true)
        {
            using var patience = new CancellationTokenSource(AnswerWithin, time);
            switch (await OfferWire.ReadAsync(stream, patience.Token).ConfigureAwait(false))
            {
                case { Bringing: { } state } when Enum.IsDefined(state.Phase):
                    report(state.ToProgress());
                    break;
                case { Brought: { } text } when ImageReference.TryParse(text, out var reference):
                    return reference;
                case { Refusal: { } refusal }:
                    throw Refusals.Because(
                        refusal.Kind, ImageCopier.What, order.Image, $"host {to}: {refusal.Why}",
                        $"on that host: {refusal.Next}");
                default:
                    throw new IOException("it closed the connection without an answer");
            }
        }
    }
}
