using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Layers;

namespace DmAgents.Actors.Fleet.Entities.Locations;

/// <summary>A bucket in the snapshot store.</summary>
internal sealed record LocationStateDocument(
    ImmutableArray<LocatedLayerDocument> Layers, ImmutableArray<HeardHostDocument> Hosts,
    ImmutableArray<CopyLease> Copies)
{
    public static LocationStateDocument Of(LocationState state) => new(
        [.. state.Layers.All.Select(entry => new LocatedLayerDocument(entry.Layer, entry.Copies))],
        [.. state.Hosts.Select(host => new HeardHostDocument(host.Key, host.Value))],
        state.Copies);

    public LocationState ToState() => LocationState.Restored(
        LayerTable.Of(Layers.Select(layer => (layer.Layer, layer.Copies))),
        Hosts.Select(host => KeyValuePair.Create(host.Host, host.Hearing)), Copies);
}

internal sealed record LocatedLayerDocument(ChainId Layer, ImmutableArray<LayerCopy> Copies);

internal sealed record HeardHostDocument(HostName Host, HostHearing Hearing);

internal sealed record LayerCopyDocument(HostName Host, ContentDigest? Digest, bool Verified, DateTimeOffset Since);

internal sealed class LayerCopyConverter : JsonConverter<LayerCopy>
{
    public override LayerCopy Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var read = JsonSerializer.Deserialize(ref reader, LocationJson.Default.LayerCopyDocument)
            ?? throw new JsonException("a copy is missing");
        return new LayerCopy(read.Host, read.Digest, read.Verified, read.Since);
    }

    public override void Write(Utf8JsonWriter writer, LayerCopy value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(
            writer, new LayerCopyDocument(value.Host, value.Digest, value.Verified, value.Since),
            LocationJson.Default.LayerCopyDocument);
}
