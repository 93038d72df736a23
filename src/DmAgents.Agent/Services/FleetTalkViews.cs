using DmAgents.Actors.Events;
using DmAgents.Agent.Fleet.Talks;
using DmAgents.Agent.Transfers;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Fleet;

namespace DmAgents.Agent.Services;

/// <summary>Answers of the fleet's hosts, in the API's terms.</summary>
internal static class FleetTalkViews
{
    public static Event Event(HostOccurrence occurrence)
    {
        var view = new Event
        {
            Time = Views.Time(occurrence.At), Pool = occurrence.Pool, Object = occurrence.Subject,
            Type = occurrence.Type, Text = occurrence.Text,
        };
        view.Detail.Add(occurrence.Detail);
        return view;
    }

    public static Event Event(FleetEvent one)
    {
        var view = Event(one.Occurrence);
        view.Host = one.Host.Value;
        return view;
    }

    /// <param name="at">The time of this host's own reports about another one.</param>
    public static Event Event(FleetNews news, DateTimeOffset at) => news switch
    {
        { Event: { } one } => Event(one),
        { Silent: var (host, why) } => new Event
        {
            Time = Views.Time(at), Host = host.Value, Object = host.Value, Type = "host-silent",
            Text = $"its events are missing: {why}",
        },
        { Heard: { } host } => new Event
        {
            Time = Views.Time(at), Host = host.Value, Object = host.Value, Type = "host-heard",
            Text = "it answers again; what happened meanwhile follows",
        },
        _ => throw new InvalidOperationException("news of no known kind"),
    };

    public static Api.Admin.V1.SilentHost Silent(Agent.Fleet.Talks.SilentHost host) =>
        new() { Host = host.Host.Value, Why = host.Why };

    /// <summary>An image of this host or of others.</summary>
    /// <param name="here">Null: this host does not have it.</param>
    /// <param name="name">The requested name.</param>
    public static ImageDetails Image(ImageDetails? here, string name, FleetImage image)
    {
        if (here is null && image is { Hosts.IsEmpty: true, Copies.IsEmpty: true })
        {
            var silent = string.Join(", ", image.Silent.Select(host => host.Host.Value));
            throw Problems.NotFound(
                "cannot show image", name, "no host of the fleet has an image of this name or id"
                + (silent.Length == 0 ? "" : $", or it is on {silent}, which does not answer"),
                "list them: dmagent image list, dmagent image list --fleet");
        }
        here ??= new ImageDetails
        {
            Reference = image.Hosts.Select(host => PeerText.Of(host.Image.Reference)).FirstOrDefault(name),
            // Hosts may have different images of one name.
            Id = image.Hosts.Select(host => PeerText.Of(host.Image.Id)).Distinct().Count() == 1
                ? PeerText.Of(image.Hosts[0].Image.Id) : "",
        };
        here.Fleet = InFleet(image);
        return here;
    }

    private static ImageInFleet InFleet(FleetImage image) => new()
    {
        Hosts = { image.Hosts.Select(OnHost) },
        InFlight = { image.Copies.Select(InFlight) },
        Silent = { image.Silent.Select(Silent) },
    };

    private static ImageOnHost OnHost(HeldImage held) => new()
    {
        Host = held.Host.Value,
        Pool = PeerText.Of(held.Image.Pool),
        Reference = PeerText.Of(held.Image.Reference),
        Id = PeerText.Of(held.Image.Id),
        ContentDigest = PeerText.Of(held.Image.Content ?? ""),
        Layers = (uint)Math.Max(held.Image.Layers, 0),
        ImportedAt = Views.Time(held.Image.TaggedAt),
    };

    /// <summary>A transfer to any host of the fleet.</summary>
    public static RunningTransfer Transfer(CopyTo copy) => Transfer(copy.Host, copy.Copy);

    /// <param name="to">Null: this host, which is in no fleet.</param>
    public static RunningTransfer Transfer(HostName? to, SaidCopy copy) => new()
    {
        Id = PeerText.Of(copy.Request),
        Image = PeerText.Of(copy.Image),
        FromHost = PeerText.Of(copy.From),
        ToHost = to?.Value ?? "",
        Pool = PeerText.Of(copy.Pool),
        StartedAt = Views.Time(copy.StartedAt),
        Phase = CopyViews.PhaseOf(copy.Progress.Phase),
        LayerIndex = (uint)Math.Max(copy.Progress.Layer, 0),
        LayerCount = (uint)Math.Max(copy.Progress.Layers, 0),
        BytesReceived = copy.Progress.Received,
        BytesTotal = copy.Progress.Total,
    };

    private static ImageInFlight InFlight(CopyTo copy) => new()
    {
        ToHost = copy.Host.Value,
        FromHost = PeerText.Of(copy.Copy.From),
        Pool = PeerText.Of(copy.Copy.Pool),
        Id = PeerText.Of(copy.Copy.Request),
        StartedAt = Views.Time(copy.Copy.StartedAt),
        LayerIndex = (uint)Math.Max(copy.Copy.Progress.Layer, 0),
        LayerCount = (uint)Math.Max(copy.Copy.Progress.Layers, 0),
        BytesReceived = copy.Copy.Progress.Received,
        BytesTotal = copy.Copy.Progress.Total,
    };
}
