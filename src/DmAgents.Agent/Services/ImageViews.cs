using DmAgents.Agent.Imports;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Images;
using DmAgents.Images.Sources;

namespace DmAgents.Agent.Services;

/// <summary>Images and imports in the API's terms, and requests for them in the importer's.</summary>
internal static class ImageViews
{
    /// <summary>Converts a request. The importer checks its path.</summary>
    public static ImportAsked Asked(ImportImageRequest request) => new(
        PoolGateway.RequestOf(ImageImporter.What, request.RequestId),
        request.Path,
        new ImportChoice(
            ReferenceOf(request),
            request.HasSelect ? request.Select : null,
            !request.HasPlatform ? null : Platform.TryParse(request.Platform)
                ?? throw ImportChoice.NoPlatform(request.Platform),
            FormatOf(request)),
        request.Force);

    public static ImportProgress Progress(ImportReport report) => report switch
    {
        ImportReport.Receiving receiving => new ImportProgress
        {
            Phase = ImportProgress.Types.Phase.Receiving,
            CompressedBytesRead = receiving.Received.Bytes,
            CompressedBytesTotal = receiving.Total?.Bytes ?? 0,
        },
        ImportReport.Layer layer => new ImportProgress
        {
            Phase = layer.Phase switch
            {
                LayerPhase.Unpacking => ImportProgress.Types.Phase.Unpacking,
                LayerPhase.Committing => ImportProgress.Types.Phase.Committing,
                LayerPhase.Present => ImportProgress.Types.Phase.Present,
                _ => throw new ArgumentOutOfRangeException(nameof(report), layer.Phase, "Not a phase"),
            },
            LayerIndex = (uint)layer.Index,
            LayerCount = (uint)layer.Count,
            DiffId = layer.DiffId?.Value ?? "",
            CompressedBytesRead = layer.Read.Bytes,
            CompressedBytesTotal = layer.Total.Bytes,
        },
        _ => throw new InvalidOperationException("a report of no known kind"),
    };

    public static ImageDetails Details(FoundImage found)
    {
        var details = new ImageDetails
        {
            Reference = found.Image.Reference.Value,
            Id = found.Image.ConfigDigest,
            Pool = found.Pool.Value,
            ImportedAt = Views.Time(found.Image.TaggedAt),
            MappedBytes = found.Mapped.Bytes,
            Config = Config(found.Config),
        };
        if (found.Config.Created is { } created)
            details.CreatedAt = Views.Time(created);
        details.References.Add(found.References.Select(reference => reference.Value));
        details.Layers.Add(found.Layers.Select(Layer));
        details.Containers.Add(found.Containers.Select(key => key.Name));
        return details;
    }

    private static ImageLayer Layer(FoundLayer found)
    {
        var layer = new ImageLayer
        {
            ChainId = found.Device.Key.Name,
            DiffId = found.DiffId?.Value ?? "",
            ThinId = found.Device.Id.Value,
            SizeBytes = found.Device.Size.Bytes,
            MappedBytes = found.Mapped.Bytes,
            CreatedBy = found.CreatedBy,
        };
        if (found.Exclusive is { } exclusive)
            layer.ExclusiveBytes = exclusive.Bytes;
        return layer;
    }

    private static Api.Admin.V1.ImageConfig Config(Images.Sources.ImageConfig config)
    {
        var view = new Api.Admin.V1.ImageConfig
        {
            Architecture = config.Platform.Architecture,
            Os = config.Platform.Os,
            User = config.User,
            WorkingDirectory = config.WorkingDirectory,
        };
        view.Entrypoint.Add(config.Entrypoint);
        view.Command.Add(config.Command);
        view.Environment.Add(config.Environment);
        return view;
    }

    private static ImageReference? ReferenceOf(ImportImageRequest request) => !request.HasReference ? null
        : ImageReference.TryParse(request.Reference, out var reference) ? reference
        : throw ImportChoice.NoReference(request.Reference);

    private static ImageFormat? FormatOf(ImportImageRequest request) => request.Format switch
    {
        ArchiveFormat.Unspecified => null,
        ArchiveFormat.Oci => ImageFormat.OciLayout,
        ArchiveFormat.Docker => ImageFormat.DockerArchive,
        ArchiveFormat.RootFileSystem => ImageFormat.RootFileSystem,
        _ => throw ImportChoice.NoFormat($"{request.Format}"),
    };
}
