using System.Globalization;
using System.Text.Json;

namespace DmAgents.Images.Sources;

/// <summary>
/// Reads external documents. A property that is absent or null is absent; one of the wrong kind makes the document
/// corrupt. Names match in any case, and the last of several counts. Go's JSON package reads this way; nearly all image
/// tools use it, and some write documents that only it can read.
/// </summary>
internal static class JsonReading
{
    private const string MadeSo =
        "Build the image again: these are the bytes that it names, so fetching them again changes nothing";

    /// <summary>Parses a document and returns the result of <paramref name="read"/>.</summary>
    /// <param name="document">The bytes.</param>
    /// <param name="origin">The document's name in messages.</param>
    /// <param name="read">Throws <see cref="FormatException"/> if the content is wrong.</param>
    /// <param name="verified">The bytes match the digest in the image, so they are not damaged.</param>
    public static T Parse<T>(
        ReadOnlyMemory<byte> document, string origin, Func<JsonElement, T> read, bool verified = false)
    {
        try
        {
            using var parsed = JsonDocument.Parse(document);
            return read(parsed.RootElement);
        }
        catch (Exception cause) when (cause is JsonException or FormatException or InvalidOperationException)
        {
            throw new ImageException(
                ImageReason.Corrupt, $"{origin} is malformed: {cause.Message.TrimEnd('.')}",
                verified ? MadeSo : "Fetch or write the archive again", cause);
        }
    }

    public static JsonElement? Property(JsonElement? parent, string name)
    {
        if (parent is not { } element)
            return null;
        if (element.ValueKind != JsonValueKind.Object)
            throw new FormatException($"an object with '{name}' is expected, not {element.ValueKind}");
        JsonElement? last = null;
        foreach (var property in element.EnumerateObject())
        {
            if (property.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                last = property.Value;
        }
        return last is { ValueKind: not JsonValueKind.Null } ? last : null;
    }

    /// <summary>A text in a map such as the annotations. The keys are data, so they must match exactly.</summary>
    public static string? Entry(JsonElement? map, string key) =>
        map is { } element && element.TryGetProperty(key, out var found) && found.ValueKind == JsonValueKind.String
            ? found.GetString()
            : null;

    public static JsonElement? Object(JsonElement? parent, string name) =>
        Property(parent, name) is not { } found ? null
        : found.ValueKind == JsonValueKind.Object ? found
        : throw new FormatException($"'{name}' is not an object");

    public static string? Text(JsonElement? parent, string name) =>
        Property(parent, name) is not { } found ? null
        : found.ValueKind == JsonValueKind.String ? found.GetString()
        : throw new FormatException($"'{name}' is not a string");

    public static string RequiredText(JsonElement? parent, string name) =>
        Text(parent, name) ?? throw new FormatException($"'{name}' is missing");

    public static long RequiredNumber(JsonElement? parent, string name) =>
        Property(parent, name) is { ValueKind: JsonValueKind.Number } found && found.TryGetInt64(out var number)
            ? number
            : throw new FormatException($"'{name}' is missing or no whole number");

    public static bool Flag(JsonElement? parent, string name) => Property(parent, name)?.GetBoolean() ?? false;

    public static IReadOnlyList<JsonElement> Items(JsonElement? parent, string name) =>
        Property(parent, name) is not { } found ? []
        : found.ValueKind == JsonValueKind.Array ? [.. found.EnumerateArray()]
        : throw new FormatException($"'{name}' is not an array");

    public static IReadOnlyList<string> Texts(JsonElement? parent, string name) =>
        [.. Items(parent, name).Select(item => item.ValueKind == JsonValueKind.String
            ? item.GetString()!
            : throw new FormatException($"'{name}' holds something that is not a string"))];

    /// <summary>An unreadable time is treated as absent, because it is only displayed.</summary>
    public static DateTimeOffset? Time(JsonElement? parent, string name) =>
        DateTimeOffset.TryParse(
            Text(parent, name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
                ? time : null;
}
