using DmAgents.Agent.Imports;
using DmAgents.Agent.Registries;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Images;
using DmAgents.Images.Sources;
using Grpc.Core;

namespace DmAgents.Agent.Services;

/// <summary>Images from registries and to them, of the admin API.</summary>
internal sealed class RegistriesService(
    PoolGateway gateway, ImagePuller puller, ImagePusher pusher, ImageFinder images,
    IHostApplicationLifetime lifetime, TimeProvider time) : Api.Admin.V1.Registries.RegistriesBase
{
    public override async Task Pull(
        PullImageRequest request, IServerStreamWriter<PullImageReply> responseStream, ServerCallContext context)
    {
        const string What = ImagePuller.What;
        var id = PoolGateway.RequestOf(What, request.RequestId);
        var asked = new PullAsked(
            id, gateway.Resolve(What, request.Pool), ReferenceOf(What, request.Image),
            request.Reference.Length == 0 ? null : ReferenceOf(What, request.Reference),
            request.Platform.Length == 0 ? null : Platform.TryParse(request.Platform)
                ?? throw ImportChoice.NoPlatform(request.Platform),
            AccessOf(request.Access), request.FromRegistry);
        using var end = EndOf(context);
        var outcome = await Followed.Run<PullReport, PullOutcome>(
            report => puller.Run(asked, report, end.Token), report => Write(responseStream, View(report), context),
            time).ConfigureAwait(false);
        if (!outcome.Import.Lost.IsEmpty)
        {
            await Write(
                responseStream, new PullImageReply { LeftOut = LostAttributes.Of(outcome.Import.Lost) }, context)
                .ConfigureAwait(false);
        }
        if (!outcome.Import.Findings.IsEmpty)
        {
            var notes = new ImportNotes { Findings = { outcome.Import.Findings.Select(CheckViews.Finding) } };
            await Write(responseStream, new PullImageReply { Notes = notes }, context).ConfigureAwait(false);
        }
        var found = await images.Details(asked.Pool.Name, outcome.Import.Reference).ConfigureAwait(false);
        await responseStream.WriteAsync(new PullImageReply
        {
            Pulled = new PulledImage { Image = ImageViews.Details(found), FromHost = outcome.From?.Value ?? "" },
        }).ConfigureAwait(false);
    }

    public override async Task Push(
        PushImageRequest request, IServerStreamWriter<PushImageReply> responseStream, ServerCallContext context)
    {
        const string What = ImagePusher.What;
        var pool = gateway.Resolve(What, request.Pool);
        var image = ImageFinder.Find(What, pool, request.Image);
        var asked = new PushAsked(
            pool, image, request.Destination.Length == 0 ? image.Reference : ReferenceOf(What, request.Destination),
            AccessOf(request.Access));
        using var end = EndOf(context);
        var outcome = await Followed.Run<PushReport, Exports.ExportOutcome>(
            report => pusher.Run(asked, report, end.Token), report => Write(responseStream, View(report), context),
            time).ConfigureAwait(false);
        await responseStream.WriteAsync(new PushImageReply
        {
            Pushed = new PushedImage
            {
                Reference = outcome.Reference.Value,
                Destination = asked.Destination.Value,
                Id = outcome.Id.Value,
                SameId = outcome.IsSame,
            },
        }).ConfigureAwait(false);
    }

    /// <summary>A stopping agent does not wait for a registry.</summary>
    private CancellationTokenSource EndOf(ServerCallContext context) =>
        CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);

    private static Task Write<T>(IServerStreamWriter<T> replies, T reply, ServerCallContext context) =>
        context.CancellationToken.IsCancellationRequested ? Task.CompletedTask : replies.WriteAsync(reply);

    private static PullImageReply View(PullReport report) => report switch
    {
        PullReport.Copying copying => new PullImageReply { Copying = CopyViews.Of(copying.Job, copying.Progress) },
        PullReport.Fetching fetching => new PullImageReply
        {
            Fetching = new RegistryProgress { Bytes = fetching.Bytes.Bytes },
        },
        PullReport.Importing importing => new PullImageReply { Importing = ImageViews.Progress(importing.Report) },
        _ => throw new InvalidOperationException("a report of no known kind"),
    };

    private static PushImageReply View(PushReport report) => report.Exporting is { } exporting
        ? new PushImageReply { Exporting = ExportViews.Progress(exporting).Progress }
        : new PushImageReply { Sending = new RegistryProgress() };

    private static Registries.RegistryAccess AccessOf(Api.Admin.V1.RegistryAccess? access) => new(
        access is { AuthFile.Length: > 0 } ? access.AuthFile : null, access?.Insecure ?? false);

    private static ImageReference ReferenceOf(string what, string text) =>
        ImageReference.TryParse(text, out var reference) ? reference : throw Problems.Usage(
            what, text, $"it is not an image reference: {ImageReference.Rule}",
            "give one such as debian:12 or registry.example:5000/team/app:1.2");
}
