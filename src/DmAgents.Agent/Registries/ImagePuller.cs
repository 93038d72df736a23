using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Imports;
using DmAgents.Agent.Spread;
using DmAgents.Agent.Transfers;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using DmAgents.Images.Sources;

namespace DmAgents.Agent.Registries;

/// <summary>Which image to pull from a registry, or from another host of the fleet.</summary>
/// <param name="As">Its name in the pool; null: the requested one.</param>
/// <param name="Platform">Null: the host's.</param>
/// <param name="FromRegistry">Other hosts are not asked: they may have an older image of this name.</param>
internal sealed record PullAsked(
    RequestId Request, PoolPicture Pool, ImageReference Image, ImageReference? As, Platform? Platform,
    RegistryAccess Access, bool FromRegistry);

/// <summary>The progress of a pull. Each report is complete.</summary>
internal abstract record PullReport
{
    private PullReport()
    {
    }

    public sealed record Copying(CopyJob Job, CopyProgress Progress) : PullReport;

    public sealed record Fetching(ByteSize Bytes) : PullReport;

    public sealed record Importing(ImportReport Report) : PullReport;
}

/// <summary>The result of a pull.</summary>
/// <param name="From">The host of the fleet that sent it; null: the registry.</param>
internal sealed record PullOutcome(ImportOutcome Import, HostName? From);

/// <summary>Pulls an image. In a fleet it copies the blocks from the first host that has an image of this name.
/// Otherwise skopeo fetches it from the registry into a layout in the spool directory, and the importer reads
/// that.</summary>
internal sealed class ImagePuller(
    PoolGateway gateway, RegistryTransport registries, ImageImporter importer, ImageNaming naming, ImageCopies copies,
    ILayerPeers peers, AgentSettings settings, TimeProvider time, ILogger<ImagePuller> log)
{
    public const string What = "cannot pull image";

    private static readonly TimeSpan ReportEvery = TimeSpan.FromMilliseconds(300);

    public async Task<PullOutcome> Run(
        PullAsked asked, Action<PullReport> report, CancellationToken cancellation)
    {
        if (await FromPeers(asked, report, cancellation).ConfigureAwait(false) is { } brought)
            return brought;
        using var layout = new RegistryLayout(settings.SpoolDirectory);
        report(new PullReport.Fetching(ByteSize.Zero));
        await registries.Fetch(
            What, asked.Image.Value, layout, asked.Platform, asked.Access,
            bytes => report(new PullReport.Fetching(bytes)), cancellation).ConfigureAwait(false);
        var choice = new ImportChoice(asked.As ?? asked.Image, null, asked.Platform, ImageFormat.OciLayout);
        var imported = await importer.Import(
            asked.Pool, new ImportAsked(asked.Request, layout.Directory, choice),
            step => report(new PullReport.Importing(step)), cancellation).ConfigureAwait(false);
        return new PullOutcome(imported, From: null);
    }

    /// <summary>Null if no other host sends it. A peer has this host's platform, so peers are not asked for another
    /// one.</summary>
    private async Task<PullOutcome?> FromPeers(
        PullAsked asked, Action<PullReport> report, CancellationToken cancellation)
    {
        if (asked.FromRegistry || asked.Platform is not null || peers.Self is null)
            return null;
        foreach (var host in peers.Reached.ToList())
        {
            try
            {
                var reference = await Copy(asked, host, report, cancellation).ConfigureAwait(false);
                if (asked.As is { } name && name != reference)
                    reference = await Tag(asked, reference, name).ConfigureAwait(false);
                return new PullOutcome(new ImportOutcome(reference, [], []), host);
            }
            catch (RefusedException refused)
            {
                // The registry may have an image that no host has or can send.
                log.NotFromHost(host, asked.Image, refused.Refusal.Why);
            }
        }
        return null;
    }

    private async Task<ImageReference> Copy(
        PullAsked asked, HostName host, Action<PullReport> report, CancellationToken cancellation)
    {
        var request = SubRequests.Of(asked.Request, $"from {host}");
        var copy = copies.Start(request, asked.Pool, host, asked.Image.Value);
        // Another caller's copy continues without this one.
        using var cancelling = copy.Job.Request == request
            ? cancellation.Register(copy.Cancel)
            : default(CancellationTokenRegistration);
        while (!copy.Done.IsCompleted)
        {
            report(new PullReport.Copying(copy.Job, copy.Progress));
            await Task.WhenAny(copy.Done, Task.Delay(ReportEvery, time, cancellation)).ConfigureAwait(false);
            if (copy.Job.Request != request)
                cancellation.ThrowIfCancellationRequested();
        }
        return await copy.Done.ConfigureAwait(false);
    }

    private async Task<ImageReference> Tag(PullAsked asked, ImageReference reference, ImageReference name)
    {
        var pool = gateway.Board.Find(asked.Pool.Name) ?? asked.Pool;
        var image = ImageFinder.Find(What, pool, reference.Value);
        var tag = new PoolCommands.TagImage(
            SubRequests.Of(asked.Request, $"tag {name}"), name, pool.State.Devices[image.TopLayer].Key,
            image.ConfigDigest, image.Config, gateway.Now);
        await naming.Tag(What, pool.Name, tag, force: false, CancellationToken.None).ConfigureAwait(false);
        return name;
    }
}
