using System.Globalization;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Fleet.Locations;

namespace DmAgents.Actors.Fleet.Entities.Locations;

/// <summary>The buckets of layer locations.</summary>
internal static class LocationKind
{
    public static EntityKind<LocationState, LocationCommand, LocationEvent, LocationReply> Kind { get; } = new(
        "location", "locations", Initial, LocationDecider.Decide, (state, e) => state.Apply(e));

    public static EntityManifests Manifests { get; } = new(
        new Dictionary<string, Format>
        {
            ["location-announce.v1"] = Format.Of(() => LocationJson.Default.Announce),
            ["location-note-gone.v1"] = Format.Of(() => LocationJson.Default.NoteGone),
            ["location-begin-copy.v1"] = Format.Of(() => LocationJson.Default.BeginCopy),
            ["location-renew-copy.v1"] = Format.Of(() => LocationJson.Default.RenewCopy),
            ["location-end-copy.v1"] = Format.Of(() => LocationJson.Default.EndCopy),
            ["location-locate.v1"] = Format.Of(() => LocationJson.Default.Locate),
            ["location-tick.v1"] = Format.Of(() => LocationJson.Default.Tick),
        },
        new Dictionary<string, Format>
        {
            ["location-host-heard.v1"] = Format.Of(() => LocationJson.Default.HostHeard),
            ["location-host-gone.v1"] = Format.Of(() => LocationJson.Default.HostGone),
            ["location-copy-begun.v1"] = Format.Of(() => LocationJson.Default.CopyBegun),
            ["location-copy-renewed.v1"] = Format.Of(() => LocationJson.Default.CopyRenewed),
            ["location-copy-ended.v1"] = Format.Of(() => LocationJson.Default.CopyEnded),
            ["location-state.v1"] = Format.Of(() => LocationJson.Default.LocationStateDocument),
            ["location-reply-heard.v1"] = Format.Of(() => LocationJson.Default.Heard),
            ["location-reply-needs-whole.v1"] = Format.Of(() => LocationJson.Default.NeedsWhole),
            ["location-reply-ended.v1"] = Format.Of(() => LocationJson.Default.Ended),
            ["location-reply-gone.v1"] = Format.Of(() => LocationJson.Default.Gone),
            ["location-reply-copy-from.v1"] = Format.Of(() => LocationJson.Default.CopyFrom),
            ["location-reply-held.v1"] = Format.Of(() => LocationJson.Default.Held),
            ["location-reply-no-copy.v1"] = Format.Of(() => LocationJson.Default.NoCopy),
            ["location-reply-located.v1"] = Format.Of(() => LocationJson.Default.Located),
            ["location-reply-ticked.v1"] = Format.Of(() => LocationJson.Default.Ticked),
            ["location-reply-refused.v1"] = Format.Of(() => LocationJson.Default.Refused),
        });

    public static string Id(LayerBucket bucket) => bucket.ToString();

    private static LocationState Initial(string id)
    {
        _ = new LayerBucket(int.Parse(id, NumberStyles.None, CultureInfo.InvariantCulture));
        return LocationState.Empty;
    }
}
