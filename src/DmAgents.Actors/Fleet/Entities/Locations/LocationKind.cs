using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using DmAgents.Domain.Fleet.Locations;

namespace DmAgents.Actors.Fleet.Entities.Locations;

/// <summary>The buckets of layer locations.</summary>
internal static class LocationKind
{
    public static EntityKind<LocationState, LocationCommand, LocationEvent, LocationReply> Kind { get; } = new(
        "location", "locations", Initial, LocationDecider.Decide, (state, e) => state.Apply(e));

    public static EntityManifests Manifests { get; } = new(
        new Dictionary<string, JsonTypeInfo>
        {
            ["location-announce.v1"] = LocationJson.Default.Announce,
            ["location-note-gone.v1"] = LocationJson.Default.NoteGone,
            ["location-begin-copy.v1"] = LocationJson.Default.BeginCopy,
            ["location-renew-copy.v1"] = LocationJson.Default.RenewCopy,
            ["location-end-copy.v1"] = LocationJson.Default.EndCopy,
            ["location-locate.v1"] = LocationJson.Default.Locate,
            ["location-tick.v1"] = LocationJson.Default.Tick,
        },
        new Dictionary<string, JsonTypeInfo>
        {
            ["location-host-heard.v1"] = LocationJson.Default.HostHeard,
            ["location-host-gone.v1"] = LocationJson.Default.HostGone,
            ["location-copy-begun.v1"] = LocationJson.Default.CopyBegun,
            ["location-copy-renewed.v1"] = LocationJson.Default.CopyRenewed,
            ["location-copy-ended.v1"] = LocationJson.Default.CopyEnded,
            ["location-state.v1"] = LocationJson.Default.LocationStateDocument,
            ["location-reply-heard.v1"] = LocationJson.Default.Heard,
            ["location-reply-needs-whole.v1"] = LocationJson.Default.NeedsWhole,
            ["location-reply-ended.v1"] = LocationJson.Default.Ended,
            ["location-reply-gone.v1"] = LocationJson.Default.Gone,
            ["location-reply-copy-from.v1"] = LocationJson.Default.CopyFrom,
            ["location-reply-held.v1"] = LocationJson.Default.Held,
            ["location-reply-no-copy.v1"] = LocationJson.Default.NoCopy,
            ["location-reply-located.v1"] = LocationJson.Default.Located,
            ["location-reply-ticked.v1"] = LocationJson.Default.Ticked,
            ["location-reply-refused.v1"] = LocationJson.Default.Refused,
        });

    public static string Id(LayerBucket bucket) => bucket.ToString();

    private static LocationState Initial(string id)
    {
        _ = new LayerBucket(int.Parse(id, NumberStyles.None, CultureInfo.InvariantCulture));
        return LocationState.Empty;
    }
}
