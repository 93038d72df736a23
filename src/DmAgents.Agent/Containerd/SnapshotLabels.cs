using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;
using Google.Protobuf.Collections;

namespace DmAgents.Agent.Containerd;

/// <summary>Labels of containerd's snapshots: their limits, and those that the agent interprets.</summary>
internal static class SnapshotLabels
{
    /// <summary>The file system of a snapshot, in the label of containerd's own devmapper snapshotter; on a snapshot
    /// without a parent, the one requested.</summary>
    public const string FileSystem = "containerd.io/snapshot/devmapper/fstype";

    /// <summary>The size of an active snapshot's file system: bytes, or a size such as 20GiB. At least the parent's.
    /// Like containerd's own snapshotters, the agent treats an empty value, 0 and negative numbers as no
    /// label.</summary>
    public const string MaxSize = "containerd.io/snapshot/max-size";

    /// <summary>On a snapshot into which containerd unpacks a layer, and on the layer: the layer's chain id.</summary>
    public const string Reference = "containerd.io/snapshot.ref";

    /// <summary>Bytes of a label's name and value together (containerd's pkg/labels).</summary>
    private const int MaxLabel = 4096;

    public static ImmutableSortedDictionary<string, string> Read(string what, MapField<string, string> labels)
    {
        foreach (var (name, value) in labels)
        {
            if (Encoding.UTF8.GetByteCount(name) + Encoding.UTF8.GetByteCount(value) > MaxLabel)
            {
                throw SnapshotStatus.Invalid(what, name[..Math.Min(name.Length, 64)],
                    $"label name and value have more than {MaxLabel} bytes together");
            }
        }
        return labels.ToImmutableSortedDictionary(StringComparer.Ordinal);
    }

    public static ByteSize? SizeOf(string what, ImmutableSortedDictionary<string, string> labels)
    {
        if (!labels.TryGetValue(MaxSize, out var text) || IsNoLimit(text))
            return null;
        return ByteSize.TryParse(text, out var size)
            ? new ByteSize(
                (size.Bytes + SectorCount.BytesPerSector - 1) / SectorCount.BytesPerSector * SectorCount.BytesPerSector)
            : throw SnapshotStatus.Invalid(what, MaxSize, $"'{text}' is not a size such as 10GiB or plain bytes");
    }

    private static bool IsNoLimit(string size) =>
        size.Length == 0
        || (long.TryParse(size, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var bytes)
            && bytes <= 0)
        || (ByteSize.TryParse(size, out var parsed) && parsed.Bytes == 0);

    public static FileSystemKind? FileSystemOf(string what, ImmutableSortedDictionary<string, string> labels) =>
        labels.GetValueOrDefault(FileSystem) switch
        {
            null => null,
            "ext4" => FileSystemKind.Ext4,
            "xfs" => FileSystemKind.Xfs,
            { } other => throw SnapshotStatus.Invalid(what, FileSystem, $"'{other}' is not ext4 or xfs"),
        };

    public static ImmutableSortedDictionary<string, string> With(
        this ImmutableSortedDictionary<string, string> labels, FileSystemKind kind) =>
        labels.SetItem(FileSystem, NameOf(kind));

    public static string NameOf(FileSystemKind kind) => kind == FileSystemKind.Xfs ? "xfs" : "ext4";
}
