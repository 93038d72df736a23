using DmAgents.Domain.Ports.FileTrees;

namespace DmAgents.Images.Layers;

/// <summary>
/// Turns names in archives into paths below the root. A leading slash and a climbing <c>..</c> mean what they mean to a
/// process in the container: builders write both, and containerd and umoci read them so.
/// </summary>
internal static class EntryNames
{
    /// <summary>The path of an entry or of a hard link's target, or the reason why the name is invalid.</summary>
    public static TreePath? Parse(ReadOnlySpan<byte> name, out EntryNameFault fault)
    {
        fault = name.IsEmpty ? EntryNameFault.Empty : EntryNameFault.Nul;
        if (name.IsEmpty || name.Contains((byte)0))
            return null;
        fault = EntryNameFault.TooLong;
        var path = TreePath.BelowRoot(name);
        return path.Bytes.Length > TreePath.MaxBytes ? null : path;
    }
}

internal enum EntryNameFault
{
    Empty,
    Nul,
    TooLong,
}
