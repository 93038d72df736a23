using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;

namespace DmAgents.Fleet.Authority;

/// <summary>
/// The authority's state as a file: JSON, field by field, sorted, so that equal states are equal bytes. A document of a
/// later version is refused: the next change would lose what only that version knows.
/// </summary>
public static class AuthorityDocument
{
    private const int Version = 1;

    /// <summary>A fleet of a thousand hosts needs some 400 kB.</summary>
    public const int MaxBytes = 16 << 20;

    private static readonly JsonWriterOptions _indented = new() { Indented = true, NewLine = "\n" };

    /// <exception cref="InvalidOperationException">The document would exceed <see cref="MaxBytes"/> and be unreadable.
    /// <see cref="AuthorityDecider.MaxRecords"/> prevents that.</exception>
    public static byte[] Write(AuthorityState state)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, _indented))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteString("fleet", state.Name.Value);
            json.WriteString("id", state.Id.Label);
            if (state.Own is { } own)
                json.WriteString("own_host", own.Value);
            json.WriteStartArray("tokens");
            foreach (var (hash, token) in state.Tokens.OrderBy(each => each.Key.Value.Value, StringComparer.Ordinal))
                WriteToken(json, hash, token);
            json.WriteEndArray();
            json.WriteStartArray("hosts");
            foreach (var (name, host) in state.Hosts.OrderBy(each => each.Key.Value, StringComparer.Ordinal))
                WriteHost(json, name, host);
            json.WriteEndArray();
            json.WriteNumber("revocation_number", state.RevocationNumber);
            json.WriteStartArray("revocations");
            foreach (var revocation in state.Revocations)
                WriteRevocation(json, revocation);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        if (buffer.WrittenCount >= MaxBytes)
        {
            throw new InvalidOperationException(
                $"The authority's document would have {buffer.WrittenCount + 1} bytes, more than {MaxBytes}");
        }
        return [.. buffer.WrittenSpan, (byte)'\n'];
    }

    /// <summary>Null, and why, if the bytes are not a document of this version.</summary>
    public static AuthorityState? Read(ReadOnlyMemory<byte> bytes, out string why)
    {
        why = "";
        if (bytes.Length > MaxBytes)
        {
            why = $"it has {bytes.Length} bytes, more than {MaxBytes}";
            return null;
        }
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var root = document.RootElement;
            var version = root.GetProperty("version").GetInt32();
            if (version == Version)
                return ReadState(root);
            why = string.Create(CultureInfo.InvariantCulture, $"it is of version {version}, and {Version} is known");
        }
        catch (Exception cause) when (cause is JsonException or FormatException or KeyNotFoundException
            or InvalidOperationException or ArgumentException)
        {
            why = cause.Message;
        }
        return null;
    }

    private static AuthorityState ReadState(JsonElement root) => new(
        new FleetName(Text(root, "fleet")),
        FleetId.TryParseLabel(Text(root, "id"), out var id) ? id : throw new FormatException("'id' is no fleet's id"),
        root.TryGetProperty("own_host", out _) ? new HostName(Text(root, "own_host")) : null,
        root.GetProperty("tokens").EnumerateArray().ToImmutableDictionary(
            each => new TokenHash(Digest.Parse(Text(each, "hash"))), ReadToken),
        root.GetProperty("hosts").EnumerateArray().ToImmutableDictionary(
            each => new HostName(Text(each, "name")), ReadHost),
        root.GetProperty("revocation_number").GetUInt64(),
        [.. root.GetProperty("revocations").EnumerateArray().Select(each => new RevocationRecord(
            Serial(each), new HostName(Text(each, "host")), Key(each), Time(each, "at"), Time(each, "not_after")))]);

    private static void WriteToken(Utf8JsonWriter json, TokenHash hash, TokenRecord token)
    {
        json.WriteStartObject();
        json.WriteString("hash", hash.Value.Value);
        json.WriteString("issued", token.Issued);
        json.WriteString("expires", token.Expires);
        if (token.Use is { } use)
        {
            json.WriteStartObject("use");
            json.WriteString("host", use.Host.Value);
            json.WriteString("key", use.Key.Value.Value);
            json.WriteString("at", use.At);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static TokenRecord ReadToken(JsonElement token) => new(
        Time(token, "issued"), Time(token, "expires"),
        token.TryGetProperty("use", out var use)
            ? new TokenUse(new HostName(Text(use, "host")), Key(use), Time(use, "at"))
            : null);

    private static void WriteHost(Utf8JsonWriter json, HostName name, HostRecord host)
    {
        json.WriteStartObject();
        json.WriteString("name", name.Value);
        json.WriteString("key", host.Key.Value.Value);
        json.WriteString("since", host.Since);
        json.WriteStartArray("certificates");
        foreach (var certificate in host.Certificates)
        {
            json.WriteStartObject();
            json.WriteString("serial", certificate.Serial.Value);
            json.WriteString("key", certificate.Key.Value.Value);
            json.WriteString("not_after", certificate.NotAfter);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static HostRecord ReadHost(JsonElement host) => new(
        Key(host), Time(host, "since"),
        [.. host.GetProperty("certificates").EnumerateArray()
            .Select(each => new IssuedCertificate(Serial(each), Key(each), Time(each, "not_after")))]);

    private static void WriteRevocation(Utf8JsonWriter json, RevocationRecord revocation)
    {
        json.WriteStartObject();
        json.WriteString("serial", revocation.Serial.Value);
        json.WriteString("host", revocation.Host.Value);
        json.WriteString("key", revocation.Key.Value.Value);
        json.WriteString("at", revocation.At);
        json.WriteString("not_after", revocation.NotAfter);
        json.WriteEndObject();
    }

    private static string Text(JsonElement parent, string name) =>
        parent.GetProperty(name).GetString() ?? throw new FormatException($"'{name}' is null");

    private static DateTimeOffset Time(JsonElement parent, string name) => parent.GetProperty(name).GetDateTimeOffset();

    private static KeyFingerprint Key(JsonElement parent) => new(Digest.Parse(Text(parent, "key")));

    private static CertificateSerial Serial(JsonElement parent) =>
        CertificateSerial.TryParse(Text(parent, "serial"), out var serial)
            ? serial
            : throw new FormatException("'serial' is no serial number");
}
