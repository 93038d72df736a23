using System.Collections.Immutable;
using System.Text;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Transfers;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Images;
using DmAgents.Images.Changes;
using DmAgents.Images.Exports;

namespace DmAgents.Agent.Exports;

/// <summary>Which image to export, and its target.</summary>
/// <param name="Path">Absolute, on the agent's host; must not exist yet.</param>
/// <param name="Compress">With gzip; a docker archive is not compressed.</param>
internal sealed record ExportAsked(
    PoolPicture Pool, ImageRecord Image, string Path, ExportFormat Format, bool Compress);

/// <summary>The progress of an export.</summary>
/// <param name="Layer">From 1.</param>
/// <param name="Written">Bytes of all layers' tars so far, before compression.</param>
internal sealed record ExportProgress(int Layer, int Layers, ByteSize Written);

/// <summary>The result of an export.</summary>
/// <param name="IsSame">Each layer has the same digest as when it was imported, and the image has its id.</param>
internal sealed record ExportOutcome(
    ImageReference Reference, Digest Id, bool IsSame, ImmutableArray<Digest> DiffIds, ByteSize Written,
    LeftOutOfTar LeftOut);

/// <summary>Writes an image of a pool as an archive: for each layer, the differences from the one below. If the agent
/// dies meanwhile, nothing of it remains in the pool. Its files have a name that ends in <c>.partial</c>, and the next
/// export to the same path deletes them.</summary>
internal sealed class ImageExporter(
    PoolGateway gateway, LayerTrees trees, IKernel kernel, IDurableFiles files, ILogger<ImageExporter> log)
{
    public const string What = "cannot export image";

    /// <param name="report">Called on the thread that writes.</param>
    /// <exception cref="RefusedException">A layer cannot be read, or the archive cannot be written.</exception>
    public async Task<ExportOutcome> Run(
        ExportAsked asked, Action<ExportProgress> report, CancellationToken cancellation)
    {
        if (!asked.Path.StartsWith('/'))
        {
            throw Refusals.Invalid(
                What, asked.Path, "the path is not absolute", "give it as the agent's host sees it");
        }
        try
        {
            using var export = new ImageExport(asked.Path, asked.Format, asked.Compress, files);
            var request = new RequestId(Guid.NewGuid());
            using var work = gateway.Board.Work.Begin(asked.Pool.Name, request);
            await AddLayers(asked, export, request, report, cancellation).ConfigureAwait(false);
            cancellation.ThrowIfCancellationRequested();
            var done = await Task.Run(
                () => export.Complete(Encoding.UTF8.GetBytes(asked.Image.Config), asked.Image.Reference),
                CancellationToken.None).ConfigureAwait(false);
            return new ExportOutcome(
                asked.Image.Reference, done.Id, done.Id.Value == asked.Image.ConfigDigest, [.. done.DiffIds],
                new ByteSize((ulong)done.Bytes), done.LeftOut);
        }
        catch (ImageException refused)
        {
            throw Of(asked, refused);
        }
    }

    private async Task AddLayers(
        ExportAsked asked, ImageExport export, RequestId request, Action<ExportProgress> report,
        CancellationToken cancellation)
    {
        var pool = asked.Pool;
        var lineage = pool.State.LineageOf(pool.State.Devices[asked.Image.TopLayer])
            .Where(device => device.Kind == DeviceKind.Layer).Reverse().ToList();
        LayerTree? lower = null;
        var before = 0L;
        try
        {
            for (var i = 0; i < lineage.Count; i++)
            {
                var upper = await trees.OpenAsync(What, pool, lineage[i].Key, request, cancellation)
                    .ConfigureAwait(false);
                var below = lower;
                try
                {
                    var (number, start, written) = (i + 1, before, 0L);
                    void Tell(long bytes) => report(new ExportProgress(
                        number, lineage.Count, new ByteSize((ulong)(start + (written = bytes)))));
                    Tell(0);
                    // A thread of its own: reading and compressing takes time.
                    await Task.Factory.StartNew(
                        () => export.AddLayer(
                            below?.Tree, upper.Tree, BlocksOf(pool, upper, below), Tell, cancellation),
                        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
                        .ConfigureAwait(false);
                    before += written;
                }
                finally
                {
                    lower = upper;
                    if (below is not null)
                        await below.DisposeAsync().ConfigureAwait(false);
                }
            }
        }
        finally
        {
            if (lower is not null)
                await lower.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Null if the metadata cannot be read now, or no layer is below: then all content is read.</summary>
    private KnownBlocks? BlocksOf(PoolPicture pool, LayerTree upper, LayerTree? lower)
    {
        if (lower is null)
            return null;
        var changed = kernel.ChangedRanges(
            LayerReading.ContextOf(What, pool).Device, upper.Device.Id, lower.Device.Id);
        if (changed.Succeeded)
            return new KnownBlocks(changed.Value);
        log.BlocksNotCompared(pool.Name, changed.Error);
        return null;
    }

    private static RefusedException Of(ExportAsked asked, ImageException refused) => Refusals.Because(
        refused.Reason switch
        {
            ImageReason.NotFound => RefusalKind.NotFound,
            ImageReason.NoSpace => RefusalKind.NoSpace,
            ImageReason.NotPermitted or ImageReason.Unsupported => RefusalKind.WrongState,
            _ => RefusalKind.Failed,
        },
        What, asked.Image.Reference.Value, refused.What, refused.Next);
}
