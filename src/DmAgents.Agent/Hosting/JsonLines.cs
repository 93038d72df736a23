using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace DmAgents.Agent.Hosting;

/// <summary>Writes an event as one JSON object: <c>time</c>, <c>level</c>, <c>id</c>, <c>event</c>, <c>source</c>,
/// <c>message</c>, <c>fields</c>, and <c>exception</c> if there is one.</summary>
/// <remarks>The console's own JSON does not have the event's name.</remarks>
internal sealed class JsonLines(string name, TimeProvider time) : ConsoleFormatter(name)
{
    public const string ForPrograms = "dmagents-json";

    /// <summary>Begins with the priority by which <c>journalctl -p</c> selects; the journal removes it.</summary>
    public const string ForJournal = "dmagents-json-journal";

    public override void Write<TState>(
        in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("time", time.GetUtcNow());
            json.WriteString("level", TextLines.WordOf(logEntry.LogLevel));
            json.WriteNumber("id", logEntry.EventId.Id);
            if (logEntry.EventId.Name is { } name)
                json.WriteString("event", name);
            json.WriteString("source", logEntry.Category);
            json.WriteString("message", logEntry.Formatter(logEntry.State, logEntry.Exception));
            WriteFields(json, logEntry.State as IEnumerable<KeyValuePair<string, object?>> ?? []);
            if (logEntry.Exception is { } exception)
                json.WriteString("exception", exception.ToString());
            json.WriteEndObject();
        }
        if (Name == ForJournal)
            textWriter.Write(TextLines.PrefixOf(logEntry.LogLevel));
        textWriter.Write(Encoding.UTF8.GetString(buffer.WrittenSpan));
        textWriter.Write('\n');
    }

    /// <summary>Numbers stay numbers, except those that JSON does not have; all else is its text, as in the
    /// sentence.</summary>
    private static void WriteFields(Utf8JsonWriter json, IEnumerable<KeyValuePair<string, object?>> fields)
    {
        json.WriteStartObject("fields");
        foreach (var (name, value) in fields.Where(field => field.Key != "{OriginalFormat}"))
        {
            json.WritePropertyName(name);
            if (value is int or long or ulong || (value is double number && double.IsFinite(number)))
                json.WriteRawValue(Convert.ToString(value, CultureInfo.InvariantCulture)!);
            else
                json.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture));
        }
        json.WriteEndObject();
    }
}
