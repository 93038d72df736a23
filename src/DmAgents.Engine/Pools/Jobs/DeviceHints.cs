using System.Collections.Immutable;
using System.Text.Json;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Engine.Pools.Jobs;

/// <summary>What the files in metadata/ say about thin ids that the journal does not know: a journal restored from a
/// backup is older than the files.</summary>
internal static class DeviceHints
{
    public static ImmutableDictionary<ThinId, DeviceHint> Read(
        IDurableFiles files, PoolPaths paths, IReadOnlySet<ThinId> unknown)
    {
        var hints = ImmutableDictionary<ThinId, DeviceHint>.Empty;
        if (unknown.Count == 0 || files.List(paths.MetadataDirectory) is not { Succeeded: true } names)
            return hints;
        foreach (var name in names.Value)
        {
            if (files.Read($"{paths.MetadataDirectory}/{name}") is { Succeeded: true } content
                && Parse(content.Value) is { } found && unknown.Contains(found.Id))
                hints = hints.SetItem(found.Id, found.Hint);
        }
        return hints;
    }

    /// <summary>Null if it is not a device's file: people may put other files there.</summary>
    private static (ThinId Id, DeviceHint Hint)? Parse(byte[] content)
    {
        try
        {
            return JsonSerializer.Deserialize(content, ProjectionJson.Default.ProjectionDocument) is { } document
                && document.DeviceId <= ThinId.Max
                && DeviceKey.TryParse(document.Key, out var key)
                && Enum.TryParse<FileSystemKind>(document.FileSystem, ignoreCase: true, out var fileSystem)
                ? (new ThinId(document.DeviceId), new DeviceHint(
                    key, DeviceKey.TryParse(document.Parent, out var parent) ? parent : null,
                    new ByteSize(document.Size), fileSystem))
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
