using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace DmAgents.Cli.Output;

/// <summary>
/// Messages as JSON for scripts. Protobuf's own form writes 64-bit numbers as strings, omits defaults and writes enums
/// in capitals. Here numbers are numbers, every field is present (null if absent), and enums are lower-case words.
/// </summary>
internal static class ProtoJson
{
    private static readonly JsonWriterOptions _document = new()
    {
        Indented = true,
        // For terminals and files, not for HTML: references and paths are not escaped.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonWriterOptions _line = _document with { Indented = false };

    public static string Document(IMessage message) => Write(_document, json => WriteMessage(json, message));

    public static string Line(IMessage message) => Write(_line, json => WriteMessage(json, message));

    public static string Document(Action<Utf8JsonWriter> content) => Write(_document, content);

    public static string Line(Action<Utf8JsonWriter> content) => Write(_line, content);

    private static string Write(JsonWriterOptions options, Action<Utf8JsonWriter> content)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, options))
            content(json);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void WriteMessage(Utf8JsonWriter json, IMessage message)
    {
        json.WriteStartObject();
        foreach (var field in message.Descriptor.Fields.InFieldNumberOrder())
        {
            var absent = field.HasPresence && !field.Accessor.HasValue(message);
            if (absent && field.RealContainingOneof is not null)
                continue;
            json.WritePropertyName(field.Name);
            if (absent)
                json.WriteNullValue();
            else
                WriteField(json, field, field.Accessor.GetValue(message));
        }

        json.WriteEndObject();
    }

    private static void WriteField(Utf8JsonWriter json, FieldDescriptor field, object? value)
    {
        if (field.IsMap)
        {
            var map = (IDictionary)value!;
            json.WriteStartObject();
            foreach (var key in map.Keys.Cast<string>().Order(StringComparer.Ordinal))
                json.WriteString(key, (string)map[key]!);
            json.WriteEndObject();
        }
        else if (field.IsRepeated)
        {
            json.WriteStartArray();
            foreach (var item in (IList)value!)
                WriteSingle(json, field, item);
            json.WriteEndArray();
        }
        else
        {
            WriteSingle(json, field, value);
        }
    }

    private static void WriteSingle(Utf8JsonWriter json, FieldDescriptor field, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case string text:
                json.WriteStringValue(text);
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case uint number:
                json.WriteNumberValue(number);
                break;
            case ulong number:
                json.WriteNumberValue(number);
                break;
            case ByteString bytes:
                json.WriteBase64StringValue(bytes.Span);
                break;
            case Timestamp time:
                json.WriteStringValue(Iso(time));
                break;
            case IMessage message:
                WriteMessage(json, message);
                break;
            case System.Enum when field.FieldType == FieldType.Enum:
                WriteEnum(json, field.EnumType, Convert.ToInt32(value, CultureInfo.InvariantCulture));
                break;
            default:
                throw new NotSupportedException($"{field.FullName}: the API has no {field.FieldType} so far");
        }
    }

    private static void WriteEnum(Utf8JsonWriter json, EnumDescriptor type, int number)
    {
        if (number == 0)
            json.WriteNullValue();
        else if (type.FindValueByNumber(number) is { } value)
            json.WriteStringValue(Word(type, value.Name));
        else
            json.WriteNumberValue(number);
    }

    /// <summary>POOL_STATE_LOW_DATA of PoolState becomes low_data.</summary>
    private static string Word(EnumDescriptor type, string value)
    {
        var prefix = new StringBuilder();
        foreach (var letter in type.Name)
        {
            if (char.IsUpper(letter) && prefix.Length > 0)
                prefix.Append('_');
            prefix.Append(char.ToUpperInvariant(letter));
        }

        prefix.Append('_');
        var word = value.StartsWith(prefix.ToString(), StringComparison.Ordinal) ? value[prefix.Length..] : value;
        return word.ToLowerInvariant();
    }

    public static string Iso(Timestamp time) =>
        time.ToDateTimeOffset().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
