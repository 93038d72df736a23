using System.Text.Json;
using System.Text.Json.Nodes;
using DmAgents.Domain.Layers;
using DmAgents.Images.Sources;

namespace DmAgents.Images.Exports;

/// <summary>
/// The config of exported layers. If the layers are the image's own, it is the image's config byte for byte. Otherwise
/// it has the diff ids of the written layers, and a history with the same number of layers.
/// </summary>
internal static class ExportedConfig
{
    private const string CreatedBy = "dmagent image export";

    public static byte[] Of(ReadOnlyMemory<byte> config, IReadOnlyList<Digest> diffIds, string origin)
    {
        var known = ImageConfig.Parse(config.ToArray(), origin);
        if (known.DiffIds.SequenceEqual(diffIds))
            return config.ToArray();
        try
        {
            var document = JsonNode.Parse(config.Span) as JsonObject
                ?? throw new FormatException("an object is expected");
            Set(document, "rootfs", new JsonObject
            {
                ["type"] = "layers",
                ["diff_ids"] = new JsonArray([.. diffIds.Select(diffId => (JsonNode)diffId.Value)]),
            });
            if (HistoryOf(document, known, diffIds.Count) is { } history)
                Set(document, "history", history);
            return System.Text.Encoding.UTF8.GetBytes(document.ToJsonString(new JsonSerializerOptions
            {
                Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }));
        }
        catch (Exception cause) when (cause is JsonException or FormatException or ArgumentException)
        {
            throw new ImageException(
                ImageReason.Corrupt, $"{origin} is malformed: {cause.Message.TrimEnd('.')}", "Import the image again",
                cause);
        }
    }

    /// <summary>Null if the history needs no change. Readers refuse a history with another number of layers than the
    /// image has.</summary>
    private static JsonArray? HistoryOf(JsonObject document, ImageConfig known, int layers)
    {
        var steps = known.History.Count(step => !step.EmptyLayer);
        if (known.History.Count == 0 || steps == layers)
            return null;
        var history = steps < layers && document.FirstOrDefault(IsHistory).Value is JsonArray given
            ? (JsonArray)given.DeepClone()
            : [];
        for (var i = steps < layers ? steps : 0; i < layers; i++)
            history.Add(new JsonObject { ["created_by"] = CreatedBy });
        return history;

        static bool IsHistory(KeyValuePair<string, JsonNode?> property) =>
            property.Key.Equals("history", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Replaces any property of that name in upper or lower case, because Go's tools ignore case.</summary>
    private static void Set(JsonObject document, string name, JsonNode value)
    {
        foreach (var other in document.Select(property => property.Key)
            .Where(key => key.Equals(name, StringComparison.OrdinalIgnoreCase)).ToList())
            document.Remove(other);
        document[name] = value;
    }
}
