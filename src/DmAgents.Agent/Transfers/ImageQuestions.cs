using System.Security.Authentication;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Transfers;

/// <summary>Asks another host which layers an image has; <see cref="ImageOffers"/> answers there.</summary>
internal sealed class ImageQuestions(ILayerPeers peers, TimeProvider time)
{
    /// <summary>Six of the progress messages of a host that still reads its layers.</summary>
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(30);

    /// <summary>Asks for the layers of the image. The other host may have to read them first.</summary>
    /// <param name="show">Receives its progress.</param>
    /// <exception cref="RefusedException">It refuses, does not answer, or makes an unusable offer.</exception>
    public async Task<ImageOffer> AskAsync(
        CopyJob job, Action<CopyProgress> show, CancellationToken cancellation)
    {
        try
        {
            var stream = await peers.ConnectAsync(job.From, LayerProtocols.Images, cancellation).ConfigureAwait(false);
            await using var closing = stream.ConfigureAwait(false);
            await OfferWire.WriteAsync(stream, new OfferMessage { Image = job.Image }, cancellation)
                .ConfigureAwait(false);
            while (true)
            {
                using var patience = new CancellationTokenSource(AnswerWithin, time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
                var answer = await OfferWire.ReadAsync(stream, either.Token).ConfigureAwait(false);
                if (answer is { Work: { } work })
                    show(CopyProgress.Begin with { Layer = work.Layers, Layers = work.Of });
                else if (answer is { Offer: { } offer })
                    return offer.Fault() is not { } fault ? offer : throw Refusals.Because(
                        RefusalKind.Failed, ImageCopier.What, job.Image, $"what host {job.From} offers cannot be used: {fault}",
                        "run the same version of the agent on both hosts, or import the image again there");
                else if (answer is { Refusal: { } refusal })
                    throw Refusals.Because(
                        refusal.Kind, ImageCopier.What, job.Image, $"host {job.From}: {refusal.Why}",
                        $"on that host: {refusal.Next}");
                else
                    throw new IOException("it closed the connection without an answer");
            }
        }
        catch (Exception fault) when (fault is IOException or AuthenticationException
            || (fault is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            var why = fault is OperationCanceledException ? "no byte came" : fault.Message;
            throw Refusals.Because(
                RefusalKind.Failed, ImageCopier.What, job.Image, $"host {job.From} does not answer: {why}",
                "see whether it runs and can be reached: dmagent fleet status");
        }
    }
}
