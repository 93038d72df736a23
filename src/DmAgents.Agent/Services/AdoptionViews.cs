using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Images.Docker;
using DeviceKind = DmAgents.Domain.Devices.DeviceKind;

namespace DmAgents.Agent.Services;

/// <summary>Results of adoptions, in the API's terms.</summary>
internal static class AdoptionViews
{
    public static AdoptPoolReply Reply(AdoptionReport report)
    {
        var reply = new AdoptPoolReply
        {
            Pool = report.Pool.Value,
            Uuid = report.Uuid.ToString(),
            DryRun = report.DryRun,
            TransactionId = report.TransactionId.Value,
        };
        reply.Devices.Add(report.Devices.Select(device => new AdoptedDevice
        {
            ThinId = device.Id.Value,
            Key = KeyText.Of(device.Key),
            Kind = Views.Kind(device.Kind),
            SizeBytes = device.Size.Bytes,
            MappedBytes = device.Mapped?.Bytes ?? 0,
            Removing = device.Removing,
        }));
        reply.Images.Add(report.Images.Select(image => image.Value).Order(StringComparer.Ordinal));
        reply.Views.Add(report.Views.Select(KeyText.Of).Order(StringComparer.Ordinal));
        reply.QuarantinedThinIds.Add(report.Quarantined.Select(id => id.Value));
        reply.Findings.Add(report.Findings.Select(CheckViews.Finding));
        return reply;
    }

    public static AdoptDockerReply Reply(AdoptDockerRequest request, DockerAdoption adoption) => adoption switch
    {
        DockerAdoption.Present found => Found(request, found),
        DockerAdoption.Earlier earlier => Earlier(request, earlier),
        _ => throw new InvalidOperationException("an adoption of no known kind"),
    };

    private static AdoptDockerReply Found(AdoptDockerRequest request, DockerAdoption.Present found)
    {
        var (pool, claimed) = (found.Pool, found.Claimed);
        var layers = claimed.Claims.Where(claim => claim.Kind == DeviceKind.Layer).ToList();
        var reply = Reply(request, pool.Backing, layers);
        reply.DryRun = request.DryRun;
        reply.DataSizeBytes = pool.DataSize.Bytes;
        reply.TransactionId = pool.Content.TransactionId.Value;
        reply.ThinDevices = (uint)pool.Content.Thins.Length;
        reply.AdoptedDevices = (uint)claimed.Claims.Length;
        reply.Images.Add(claimed.Images.Select(image => image.Reference.Value).Order(StringComparer.Ordinal));
        reply.Containers.Add(Containers(claimed.Claims));
        reply.LeftOver.Add(pool.LeftOver.Select(device => device.Value));
        reply.Findings.Add(claimed.Findings.Select(Finding));
        reply.Findings.Add(found.Formats.Select(CheckViews.Finding));
        return reply;
    }

    /// <summary>Problems were reported by the earlier reply, or are in the journal and in quarantine.</summary>
    private static AdoptDockerReply Earlier(AdoptDockerRequest request, DockerAdoption.Earlier earlier)
    {
        var state = earlier.Now.State;
        var layers = state.Devices.Values.Where(device => device.Kind == DeviceKind.Layer).ToList();
        var reply = Reply(request, state.Identity?.Backing, layers);
        reply.TransactionId = state.Takeover?.TransactionId.Value ?? 0;
        reply.ThinDevices = (uint)(state.Takeover?.Thins.Count ?? 0);
        reply.AdoptedDevices = (uint)state.Devices.Keys.Count(id => state.Takeover?.Thins.Contains(id) == true);
        reply.Images.Add(state.Images.Keys.Select(reference => reference.Value).Order(StringComparer.Ordinal));
        reply.Containers.Add(Containers(state.Devices.Values));
        reply.Findings.Add(PoolProblems.Formats(earlier.Now).Select(CheckViews.Finding));
        return reply;
    }

    private static AdoptDockerReply Reply(
        AdoptDockerRequest request, PoolBacking? backing, List<DeviceRecord> layers)
    {
        var init = layers.Count(layer => layer.Labels.ContainsKey(DeviceLabels.DockerInit));
        return new AdoptDockerReply
        {
            Pool = request.Name,
            DataRoot = request.DataRoot,
            Kind = backing is PoolBacking.LoopFiles ? PoolKind.Loop : PoolKind.Existing,
            Layers = (uint)(layers.Count - init),
            InitLayers = (uint)init,
        };
    }

    private static IEnumerable<string> Containers(IEnumerable<DeviceRecord> devices) => devices
        .Where(device => device.Kind == DeviceKind.Container).Select(device => device.Key.Name)
        .Order(StringComparer.Ordinal);

    private static Api.Admin.V1.Finding Finding(StoreFinding finding) => new()
    {
        Severity = finding.Gravity switch
        {
            FindingGravity.Loss => Severity.Error,
            FindingGravity.Warning => Severity.Warning,
            _ => Severity.Info,
        },
        Object = finding.Object,
        What = finding.What,
        Why = finding.Why,
        Next = finding.Next,
    };
}
