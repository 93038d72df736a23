using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Exports;
using DmAgents.Domain.Images;
using DmAgents.Images.Exports;

namespace DmAgents.Agent.Registries;

/// <summary>Which image to push to a registry.</summary>
internal sealed record PushAsked(
    PoolPicture Pool, ImageRecord Image, ImageReference Destination, RegistryAccess Access);

/// <summary>The progress of a push.</summary>
/// <param name="Exporting">Null: it is being sent.</param>
internal sealed record PushReport(ExportProgress? Exporting);

/// <summary>Pushes an image: exports it into a layout in the spool directory, from which skopeo sends it.</summary>
internal sealed class ImagePusher(ImageExporter exporter, RegistryTransport registries, AgentSettings settings)
{
    public const string What = "cannot push image";

    public async Task<ExportOutcome> Run(
        PushAsked asked, Action<PushReport> report, CancellationToken cancellation)
    {
        using var layout = new RegistryLayout(settings.SpoolDirectory);
        var exported = await exporter.Run(
            new ExportAsked(asked.Pool, asked.Image, layout.Directory, ExportFormat.OciFolder, Compress: true),
            progress => report(new PushReport(progress)), cancellation).ConfigureAwait(false);
        report(new PushReport(Exporting: null));
        await registries.Send(What, asked.Destination.Value, layout, asked.Access, cancellation).ConfigureAwait(false);
        return exported;
    }
}
