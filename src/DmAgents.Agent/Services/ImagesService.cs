using System.Runtime.CompilerServices;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Exports;
using DmAgents.Agent.Fleet.Talks;
using DmAgents.Agent.Imports;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using Grpc.Core;

namespace DmAgents.Agent.Services;

/// <summary>Images of the admin API.</summary>
internal sealed class ImagesService(
    PoolGateway gateway, UsageReader usages, ImageFinder images, ImageImporter importer, ImageExporter exporter,
    Agent.Spread.ImageSpread spread, Agent.Spread.ImageRemoval removal, Agent.Spread.ImageNaming naming,
    FleetImages fleet, IHostApplicationLifetime lifetime, AgentSettings settings, TimeProvider time) : Api.Admin.V1.Images.ImagesBase
{
    public override Task Import(
        ImportImageRequest request, IServerStreamWriter<ImportImageReply> responseStream, ServerCallContext context)
    {
        var pool = gateway.Resolve(ImageImporter.What, request.Pool);
        var asked = ImageViews.Asked(request);
        if (request.HasCopies)
            spread.Demand(request.Path);
        return Answer(
            pool, request, report => importer.Import(pool, asked, report, context.CancellationToken), responseStream,
            context);
    }

    public override async Task ImportStream(
        IAsyncStreamReader<ImportStreamRequest> requestStream, IServerStreamWriter<ImportImageReply> responseStream,
        ServerCallContext context)
    {
        // A stopping agent does not wait for a slow sender.
        using var end = CancellationTokenSource.CreateLinkedTokenSource(
            context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            var messages = new PatientReader(requestStream, settings.SenderTimeout, time);
            var start = await Begin(messages, end.Token).ConfigureAwait(false);
            var request = start.Request;
            var pool = gateway.Resolve(ImageImporter.What, request.Pool);
            var upload = new ArchiveUpload(
                ImageViews.Asked(request), start.SizeBytes == 0 ? null : new ByteSize(start.SizeBytes),
                PartsOf(messages, end.Token));
            if (request.HasCopies)
                spread.Demand(request.Path);
            await Answer(
                pool, request, report => importer.Import(pool, upload, report, end.Token), responseStream, context)
                .ConfigureAwait(false);
        }
        catch (Exception ended) when (ended is OperationCanceledException or IOException
            && lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw Problems.Of(Problem.Types.Kind.Unavailable, ImageImporter.What, "dmagentd",
                "the agent is stopping", "send the archive again when it runs");
        }
    }

    /// <summary>Reads the start message, which comes first; the parts are read as they are consumed.</summary>
    private static async Task<ImportStreamStart> Begin(PatientReader messages, CancellationToken cancellation)
    {
        if (!await messages.MoveNext(cancellation).ConfigureAwait(false)
            || messages.Current.Start is not { Request: { } request } start)
            throw Problems.Usage(
                ImageImporter.What, messages.Origin, "the first message is no start",
                "send the start, then the bytes");
        if (request.Path.Length == 0)
            request.Path = messages.Origin;
        messages.Origin = request.Path;
        return start;
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> PartsOf(
        PatientReader messages, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        while (await messages.MoveNext(cancellation).ConfigureAwait(false))
        {
            yield return messages.Current.PartCase == ImportStreamRequest.PartOneofCase.Data
                ? messages.Current.Data.Memory
                : throw Problems.Usage(
                    ImageImporter.What, messages.Origin, "only bytes follow the start", "send one start");
        }
    }

    /// <summary>Writes progress while the import runs, then its result.</summary>
    private async Task Answer(
        PoolPicture pool, ImportImageRequest request, Func<Action<ImportReport>, Task<ImportOutcome>> begin,
        IServerStreamWriter<ImportImageReply> responseStream, ServerCallContext context)
    {
        var outcome = await Followed.Each(
            begin,
            step => context.CancellationToken.IsCancellationRequested
                ? Task.CompletedTask
                : responseStream.WriteAsync(new ImportImageReply { Progress = ImageViews.Progress(step) }))
            .ConfigureAwait(false);
        if (request.HasCopies)
        {
            await spread.SetCopiesWhenKnown(
                SubRequests.Of(PoolGateway.RequestOf(ImageImporter.What, request.RequestId), "copies"),
                outcome.Reference, (int)Math.Min(request.Copies, int.MaxValue), context.CancellationToken)
                .ConfigureAwait(false);
        }
        var found = await images.Details(pool.Name, outcome.Reference).ConfigureAwait(false);
        if (!outcome.Lost.IsEmpty)
            await responseStream.WriteAsync(new ImportImageReply { LeftOut = LostAttributes.Of(outcome.Lost) })
                .ConfigureAwait(false);
        if (!outcome.Findings.IsEmpty)
        {
            var notes = new ImportNotes { Findings = { outcome.Findings.Select(CheckViews.Finding) } };
            await responseStream.WriteAsync(new ImportImageReply { Notes = notes }).ConfigureAwait(false);
        }
        await responseStream.WriteAsync(new ImportImageReply { Image = ImageViews.Details(found) })
            .ConfigureAwait(false);
    }

    public override async Task Export(
        ExportImageRequest request, IServerStreamWriter<ExportImageReply> responseStream, ServerCallContext context)
    {
        var pool = gateway.Resolve(ImageExporter.What, request.Pool);
        var asked = ExportViews.Asked(request, pool, ImageFinder.Find(ImageExporter.What, pool, request.Image));
        // A stopping agent does not wait for an archive.
        using var end = CancellationTokenSource.CreateLinkedTokenSource(
            context.CancellationToken, lifetime.ApplicationStopping);
        var outcome = await Followed.Run<Exports.ExportProgress, ExportOutcome>(
            report => exporter.Run(asked, report, end.Token),
            progress => context.CancellationToken.IsCancellationRequested
                ? Task.CompletedTask
                : responseStream.WriteAsync(ExportViews.Progress(progress)),
            time).ConfigureAwait(false);
        await responseStream.WriteAsync(ExportViews.Done(asked, outcome)).ConfigureAwait(false);
    }

    public override async Task<ListImagesReply> List(ListImagesRequest request, ServerCallContext context)
    {
        var reply = new ListImagesReply();
        foreach (var pool in gateway.Several("cannot list images", request.Pool))
        {
            var used = pool.State.Images.IsEmpty
                ? null
                : await usages.Read(pool, exclusive: false).ConfigureAwait(false);
            foreach (var image in pool.State.Images.Values.OrderBy(i => i.Reference.Value, StringComparer.Ordinal))
            {
                var summary = new ImageSummary
                {
                    Reference = image.Reference.Value,
                    Id = image.ConfigDigest,
                    Pool = pool.Name.Value,
                    Layers = (uint)pool.State.LineageOf(pool.State.Devices[image.TopLayer])
                        .Count(d => d.Kind == Domain.Devices.DeviceKind.Layer),
                    MappedBytes = used!.MappedBytes(image.TopLayer, pool.State.Identity!.BlockSize),
                    ImportedAt = Views.Time(image.TaggedAt),
                    Containers = (uint)ImageFinder.ContainersOf(pool.State, image).Count(),
                };
                if (ImageFinder.ConfigOf(image).Created is { } created)
                    summary.CreatedAt = Views.Time(created);
                reply.Images.Add(summary);
            }
        }
        return reply;
    }

    public override async Task<ImageDetails> Show(ShowImageRequest request, ServerCallContext context)
    {
        const string What = "cannot show image";
        ImageDetails? here = null;
        Refusal? refused = null;
        try
        {
            var pool = gateway.Resolve(What, request.Pool);
            here = ImageViews.Details(await images.Details(pool, ImageFinder.Find(What, pool, request.Image))
                .ConfigureAwait(false));
        }
        catch (RefusedException other) when (request.Fleet && other.Refusal.Kind == RefusalKind.NotFound)
        {
            refused = other.Refusal;
        }
        if (request.Fleet && await fleet.FindAsync(here?.Reference ?? request.Image, context.CancellationToken)
            .ConfigureAwait(false) is { } found)
            return FleetTalkViews.Image(here, request.Image, found);
        return here ?? throw Problems.Of(refused!);
    }

    public override async Task<ImageDetails> Tag(TagImageRequest request, ServerCallContext context)
    {
        const string What = "cannot tag image";
        var pool = gateway.Resolve(What, request.Pool);
        var image = ImageFinder.Find(What, pool, request.Image);
        if (!ImageReference.TryParse(request.Reference, out var reference))
        {
            throw Problems.Usage(What, request.Reference, $"it is not an image reference: {ImageReference.Rule}",
                "give one such as app:1.2");
        }
        var tag = new PoolCommands.TagImage(
            PoolGateway.RequestOf(What, request.RequestId), reference, pool.State.Devices[image.TopLayer].Key,
            image.ConfigDigest, image.Config, gateway.Now);
        await naming.Tag(What, pool.Name, tag, request.Force, context.CancellationToken).ConfigureAwait(false);
        return ImageViews.Details(await images.Details(pool.Name, reference).ConfigureAwait(false));
    }

    public override async Task<RemoveImageReply> Remove(RemoveImageRequest request, ServerCallContext context)
    {
        const string What = Agent.Spread.ImageRemoval.What;
        var pool = gateway.Resolve(What, request.Pool);
        var requestId = PoolGateway.RequestOf(What, request.RequestId);
        if (PoolGateway.WasDone(pool, requestId))
            return new RemoveImageReply { Pool = pool.Name.Value, UntaggedReferences = { request.Image } };
        var image = ImageFinder.Find(What, pool, request.Image);
        var done = await removal.Remove(requestId, pool, image, request.Force, context.CancellationToken)
            .ConfigureAwait(false);
        var removed = done.Removed.Select(d => d.Id).ToHashSet();
        var reply = new RemoveImageReply { Pool = pool.Name.Value };
        reply.UntaggedReferences.Add(image.Reference.Value);
        reply.RemovedLayers.Add(done.Removed.Select(d => d.Key.Name));
        reply.KeptLayers.Add(pool.State.LineageOf(pool.State.Devices[image.TopLayer])
            .Where(d => d.Kind == Domain.Devices.DeviceKind.Layer && !removed.Contains(d.Id)).Select(d => d.Key.Name));
        return reply;
    }
}
