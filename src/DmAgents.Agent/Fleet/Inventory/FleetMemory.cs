using System.Buffers;
using System.Text.Json;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Ports;
using DmAgents.Fleet.Authority;

namespace DmAgents.Agent.Fleet.Inventory;

/// <summary>A host's announcement state, kept over a restart: its incarnation, and what the fleet may believe that the
/// host has.</summary>
internal sealed record FleetMemory(FleetId Fleet, Incarnation Incarnation, FleetTraces Traces);

/// <summary>The file of <see cref="FleetMemory"/>: JSON, written as a whole. A lost or damaged file costs extra
/// requests and nothing else: the ledger knows the incarnation, and the journal lists the entities.</summary>
internal sealed class FleetMemoryFile(IDurableFiles files, FleetPaths paths)
{
    private const int Version = 1;

    private string FilePath => paths.Directory + "/announced.json";

    public KernelResult Write(FleetMemory memory)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteString("fleet", memory.Fleet.Value);
            json.WriteNumber("incarnation", memory.Incarnation.Number);
            json.WriteStartArray("buckets");
            foreach (var bucket in memory.Traces.Buckets)
                json.WriteNumberValue(bucket);
            json.WriteEndArray();
            WriteNames(json, "images", memory.Traces.Images);
            WriteNames(json, "containers", memory.Traces.Containers);
            json.WriteEndObject();
        }
        return files.Replace(FilePath, buffer.WrittenSpan);
    }

    public KernelResult Remove() => files.Delete(FilePath);

    /// <summary>Null: it is missing, damaged, or of another fleet.</summary>
    public FleetMemory? Read(FleetId fleet)
    {
        var read = files.Read(FilePath);
        if (!read.Succeeded)
            return null;
        try
        {
            using var document = JsonDocument.Parse(read.Value);
            var root = document.RootElement;
            if (root.GetProperty("version").GetInt32() != Version || root.GetProperty("fleet").GetGuid() != fleet.Value)
                return null;
            return new FleetMemory(
                fleet, new Incarnation(root.GetProperty("incarnation").GetUInt64()),
                new FleetTraces(
                    [.. root.GetProperty("buckets").EnumerateArray().Select(bucket => bucket.GetInt32())],
                    Names(root, "images"), Names(root, "containers")));
        }
        catch (Exception cause) when (cause is JsonException or InvalidOperationException or KeyNotFoundException
            or FormatException)
        {
            return null;
        }
    }

    private static void WriteNames(Utf8JsonWriter json, string name, IEnumerable<string> names)
    {
        json.WriteStartArray(name);
        foreach (var each in names)
            json.WriteStringValue(each);
        json.WriteEndArray();
    }

    private static System.Collections.Immutable.ImmutableSortedSet<string> Names(JsonElement root, string name) =>
        FleetTraces.None.Images.Union(root.GetProperty(name).EnumerateArray().Select(each => each.GetString()!));
}
