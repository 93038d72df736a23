using System.Collections.Immutable;
using System.Text;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Spread;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Images;
using DmAgents.Images.Layers;
using DmAgents.Images.Sources;
using ImageConfig = DmAgents.Images.Sources.ImageConfig;

namespace DmAgents.Agent.Imports;

/// <summary>Imports an image into a pool: each layer is a writable snapshot of the one below, filled while it is
/// mounted, and committed under its chain id. Layers that the pool already has are not read again. A failed or
/// cancelled import removes what it created; after a crash the next opening of the pool does so.</summary>
internal sealed class ImageImporter(
    PoolGateway gateway, ImageNaming naming, IFileTrees trees, AgentSettings settings, ILogger<ImageImporter> log)
{
    public const string What = "cannot import image";

    public Task<ImportOutcome> Import(
        PoolPicture pool, ImportAsked asked, Action<ImportReport> report, CancellationToken cancellation)
    {
        if (!asked.Origin.StartsWith('/'))
            throw Refusals.Invalid(
                What, asked.Origin, "the path is not absolute", "give it as the agent's host sees it");
        return Import(
            pool, asked, () => ImageSource.Open(
                asked.Origin, settings.SpoolDirectory, asked.Choice.Format, cancellation), report, cancellation);
    }

    /// <summary>The same for an archive that the caller sends.</summary>
    public async Task<ImportOutcome> Import(
        PoolPicture pool, ArchiveUpload upload, Action<ImportReport> report, CancellationToken cancellation)
    {
        var asked = upload.Asked;
        try
        {
            using var archive = await upload.Receive(settings.SpoolDirectory, report, cancellation)
                .ConfigureAwait(false);
            return await Import(
                pool, asked, () => archive.Open(asked.Choice.Format, cancellation), report, cancellation)
                .ConfigureAwait(false);
        }
        catch (ImageException refused)
        {
            throw Of(asked.Origin, refused);
        }
    }

    private async Task<ImportOutcome> Import(
        PoolPicture pool, ImportAsked asked, Func<IImageSource> open, Action<ImportReport> report,
        CancellationToken cancellation)
    {
        var choice = asked.Choice;
        try
        {
            using var source = await Task.Run(open, cancellation).ConfigureAwait(false);
            var image = source.Describe(choice.Select, choice.Platform);
            var references = choice.ReferencesOf(asked.Origin, image);
            using var work = gateway.Board.Work.Begin(pool.Name, asked.Request);
            var import = new LayerImport(pool, asked.Request, source, image, report);
            await ImportLayers(import, references, asked.Force, cancellation).ConfigureAwait(false);
            return new ImportOutcome(
                references[0], [.. choice.Findings(references[0], image)], [.. import.Lost.Counts]);
        }
        catch (ImageException refused)
        {
            throw Of(asked.Origin, refused);
        }
    }

    private async Task ImportLayers(
        LayerImport import, IReadOnlyList<ImageReference> references, bool force, CancellationToken cancellation)
    {
        if (!force && import.Image.Config is { Digest: var known })
        {
            foreach (var reference in references)
            {
                await naming.Look(What, import.Pool.Name, reference, known.Value, cancellation).ConfigureAwait(false);
            }
        }
        var made = new List<DeviceKey>();
        try
        {
            DeviceKey? top = null;
            ChainId? chain = null;
            ImageConfig? config = import.Image.Config;
            for (var i = 0; i < import.Image.Layers.Count; i++)
            {
                var layer = await ImportLayer(import, i, top, chain, made, cancellation).ConfigureAwait(false);
                (top, chain) = (DeviceKey.Layer(layer.Chain.Value), layer.Chain);
                config ??= ImageConfig.OfRootFileSystem(layer.DiffId, import.Image.Platform);
            }
            foreach (var reference in references)
            {
                var tag = new PoolCommands.TagImage(
                    SubRequests.Of(import.Request, $"tag {reference}"), reference, top!.Value, config!.Digest.Value,
                    Encoding.UTF8.GetString(config.Raw.Span), gateway.Now);
                await naming.Tag(What, import.Pool.Name, tag, force, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (Exception cause) when (cause is RefusedException or ImageException or OperationCanceledException)
        {
            await TakeBack(import, made).ConfigureAwait(false);
            throw;
        }
    }

    private async Task<(ChainId Chain, Digest DiffId)> ImportLayer(
        LayerImport import, int index, DeviceKey? parent, ChainId? parentChain, List<DeviceKey> made,
        CancellationToken cancellation)
    {
        var layer = import.Image.Layers[index];
        if (layer is { ChainId: { } known, DiffId: { } diffId } && Has(import.Pool.Name, known))
        {
            import.Tell(index, LayerPhase.Present, layer.Size);
            import.Done += layer.Size;
            return (known, diffId);
        }
        var key = WorkUnderWay.KeyOf(import.Request, index);
        await gateway.Make(import.Pool.Name, new PoolCommands.CreateSnapshot(
            Fresh(), key, parent, Size: null, FileSystem: null, DeviceUse.Mounted,
            ImmutableSortedDictionary<string, string>.Empty, gateway.Now), key, import.Request, cancellation)
            .ConfigureAwait(false);
        try
        {
            var applied = await Apply(import, index, key, parent is null, cancellation).ConfigureAwait(false);
            var chain = ChainId.Of(parentChain, applied);
            import.Tell(index, LayerPhase.Committing, layer.Size);
            cancellation.ThrowIfCancellationRequested();
            if (await Commit(import, key, DeviceKey.Layer(chain.Value), applied).ConfigureAwait(false))
                made.Add(DeviceKey.Layer(chain.Value));
            import.Done += layer.Size;
            return (chain, applied);
        }
        catch (Exception cause) when (cause is RefusedException or ImageException or OperationCanceledException)
        {
            await Remove(import.Pool.Name, key).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Fills the mounted snapshot. Runs on a thread of its own: decompressing and writing takes
    /// time.</summary>
    private Task<Digest> Apply(
        LayerImport import, int index, DeviceKey key, bool onEmptyBase, CancellationToken cancellation) =>
        Task.Factory.StartNew(() =>
        {
            var mount = import.Pool.Paths.MountOf(key);
            var opened = trees.Open(mount, out var tree);
            if (!opened.IsDone || tree is null)
                throw Refusals.Because(
                    RefusalKind.Failed, What, mount.Value, $"it cannot be opened: {opened}", "see dmesg");
            using (tree)
            using (var stream = import.Source.OpenLayer(import.Image.Layers[index], import.ProgressOf(index)))
            {
                var applied = LayerApplier.Apply(stream, tree, onEmptyBase, cancellation);
                LayerApplier.MakeDurable(tree, stream.Origin);
                import.Lost.Add(applied.Lost);
                return applied.DiffId;
            }
        }, cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <remarks>Must not be cancelled: the key of a half-committed layer would be unknown.</remarks>
    /// <returns>False if another import was faster: its layer is used, and this one's snapshot is removed.</returns>
    private async Task<bool> Commit(LayerImport import, DeviceKey key, DeviceKey layer, Digest diffId)
    {
        var pool = import.Pool.Name;
        await gateway.Ask(pool, new PoolCommands.SetUse(
            Fresh(), key, DeviceUse.Idle, ReadOnly: false, gateway.Now), CancellationToken.None)
            .ConfigureAwait(false);
        if (gateway.Board.Find(pool)?.State.Find(layer) is { Phase: DevicePhase.Ready })
        {
            await Remove(pool, key).ConfigureAwait(false);
            return false;
        }
        var labels = ImmutableSortedDictionary<string, string>.Empty
            .Add(DeviceLabels.Import, import.Request.ToString()).Add(DeviceLabels.DiffId, diffId.Value);
        await gateway.Make(
            pool, new PoolCommands.Commit(Fresh(), key, layer, labels, gateway.Now), layer, import.Request,
            CancellationToken.None).ConfigureAwait(false);
        return true;
    }

    /// <summary>Removes from the top down: a layer with another one above it stays, and so does one that an image
    /// needs.</summary>
    private async Task TakeBack(LayerImport import, List<DeviceKey> made)
    {
        foreach (var key in Enumerable.Reverse(made))
            await Remove(import.Pool.Name, key).ConfigureAwait(false);
    }

    private async Task Remove(PoolName pool, DeviceKey key)
    {
        if (await gateway.Remove(pool, key).ConfigureAwait(false) is { } refusal)
            log.ImportedLayerStays(pool, key, refusal);
    }

    private bool Has(PoolName pool, ChainId chain) =>
        gateway.Board.Find(pool)?.State.Find(DeviceKey.Layer(chain.Value)) is { Phase: DevicePhase.Ready };

    private static RequestId Fresh() => new(Guid.NewGuid());

    private static RefusedException Of(string path, ImageException refused) => Refusals.Because(
        refused.Reason switch
        {
            ImageReason.NotFound => RefusalKind.NotFound,
            ImageReason.Ambiguous => RefusalKind.Invalid,
            ImageReason.NoSpace => RefusalKind.NoSpace,
            ImageReason.Unsupported or ImageReason.NotAnImage => RefusalKind.WrongState,
            _ => RefusalKind.Failed,
        },
        What, path, refused.What, refused.Next);
}
