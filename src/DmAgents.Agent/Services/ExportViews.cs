using DmAgents.Actors.Pools;
using DmAgents.Agent.Exports;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Images;
using DmAgents.Images.Exports;
using Format = DmAgents.Api.Admin.V1.ExportImageRequest.Types.Format;

namespace DmAgents.Agent.Services;

/// <summary>Exports in the API's terms, and requests for them in the exporter's.</summary>
internal static class ExportViews
{
    public static ExportAsked Asked(ExportImageRequest request, PoolPicture pool, ImageRecord image) => new(
        pool, image, request.Path, request.Format switch
        {
            Format.Unspecified => ExportFormat.OciFolder,
            Format.OciArchive => ExportFormat.OciArchive,
            Format.DockerArchive => ExportFormat.DockerArchive,
            _ => throw Problems.Usage(
                ImageExporter.What, $"{request.Format}", "it is no format of an archive",
                "give one of oci, oci-archive and docker-archive"),
        },
        !request.Uncompressed);

    public static ExportImageReply Progress(Exports.ExportProgress progress) => new()
    {
        Progress = new Api.Admin.V1.ExportProgress
        {
            LayerIndex = (uint)progress.Layer,
            LayerCount = (uint)progress.Layers,
            BytesWritten = progress.Written.Bytes,
        },
    };

    public static ExportImageReply Done(ExportAsked asked, ExportOutcome outcome) => new()
    {
        Exported = new Api.Admin.V1.ExportedImage
        {
            Reference = outcome.Reference.Value,
            Pool = asked.Pool.Name.Value,
            Path = asked.Path,
            Id = outcome.Id.Value,
            SameId = outcome.IsSame,
            DiffIds = { outcome.DiffIds.Select(diffId => diffId.Value) },
            Bytes = outcome.Written.Bytes,
            SocketsLeftOut = (ulong)outcome.LeftOut.Sockets,
            OverlayAttributesLeftOut = (ulong)outcome.LeftOut.Overlays,
        },
    };
}
