using System.Collections.Immutable;
using DmAgents.Api.Containerd.Snapshots.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Containerd;

/// <summary>Parses an Update: only labels of a snapshot can be changed.</summary>
internal static class SnapshotUpdate
{
    private const string All = "labels";
    private const string One = "labels.";

    /// <remarks>Without a mask all labels are replaced and other differences are ignored, as in containerd. A masked
    /// label without a value is removed.</remarks>
    public static PoolCommands.SetLabels Of(
        string what, UpdateSnapshotRequest request, DeviceKey key, RequestId id, DateTimeOffset at)
    {
        var labels = SnapshotLabels.Read(what, request.Info.Labels);
        var paths = request.UpdateMask?.Paths ?? [];
        if (paths.FirstOrDefault(
            p => p != All && !(p.StartsWith(One, StringComparison.Ordinal) && p.Length > One.Length)) is { } other)
            throw SnapshotStatus.Invalid(what, key.Name, $"only its labels can be changed, not '{other}'");
        if (paths.Count == 0 || paths.Contains(All))
            return new PoolCommands.SetLabels(id, key, Replace: true, labels, [], at);
        var names = paths.Select(p => p[One.Length..]).ToHashSet();
        var unset = names.Where(name => labels.GetValueOrDefault(name, "").Length == 0).ToImmutableArray();
        var set = labels.Where(l => names.Contains(l.Key) && l.Value.Length > 0).ToImmutableSortedDictionary();
        return new PoolCommands.SetLabels(id, key, Replace: false, set, unset, at);
    }
}
