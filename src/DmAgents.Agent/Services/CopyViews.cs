using DmAgents.Agent.Transfers;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Fleet;

namespace DmAgents.Agent.Services;

/// <summary>Copies in the API's terms.</summary>
internal static class CopyViews
{
    public static HostName HostOf(string text) => HostName.TryParse(text, out var host)
        ? host
        : throw Problems.Usage(ImageCopier.What, text, $"it is no host's name: {HostName.Rule}",
            "list them: dmagent fleet status");

    public static RunningTransfer Of(CopyJob job, CopyProgress progress) => new()
    {
        Id = job.Request.ToString(),
        Image = job.Image,
        FromHost = job.From.Value,
        Pool = job.Pool.Value,
        StartedAt = Views.Time(job.StartedAt),
        Phase = PhaseOf(progress.Phase),
        LayerIndex = (uint)progress.Layer,
        LayerCount = (uint)progress.Layers,
        BytesReceived = progress.Received.Bytes,
        BytesTotal = progress.Total.Bytes,
    };

    /// <summary>A copy that another host makes.</summary>
    public static RunningTransfer Of(HostName to, BringOrder order, CopyProgress progress) => new()
    {
        Id = order.Request,
        Image = order.Image,
        FromHost = order.From,
        ToHost = to.Value,
        Pool = order.Pool,
        Phase = PhaseOf(progress.Phase),
        LayerIndex = (uint)progress.Layer,
        LayerCount = (uint)progress.Layers,
        BytesReceived = progress.Received.Bytes,
        BytesTotal = progress.Total.Bytes,
    };

    public static RunningTransfer.Types.Phase PhaseOf(CopyPhase phase) => phase switch
    {
        CopyPhase.Asking => RunningTransfer.Types.Phase.Asking,
        CopyPhase.Receiving => RunningTransfer.Types.Phase.Receiving,
        CopyPhase.Present => RunningTransfer.Types.Phase.Present,
        _ => RunningTransfer.Types.Phase.Tagging,
    };
}
