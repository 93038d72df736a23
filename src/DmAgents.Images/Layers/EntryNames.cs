using DmAgents.Domain.Ports.FileTrees;

namespace DmAgents.Images.Layers;

/// <summary>Names as they stand in archives become paths below the root, or the reason why they cannot.</summary>
internal static class EntryNames
{
    /// <summary>
    /// An entry's own name. Absolute names are refused, but for "/" itself, which some builders write.
    /// </summary>
    public static TreePath? ParseName(ReadOnlySpan<byte> name, out string refusal)
    {
        refusal = "its name is absolute";
        return name.StartsWith("/"u8) && name.TrimStart((byte)'/').Length > 0 ? null : Parse(name, out refusal);
    }

    /// <summary>
    /// The target of a hard link: another entry's name. Some builders (kaniko) write it with a slash in front, which
    /// means the image's root, as it would to a program in the container.
    /// </summary>
    public static TreePath? ParseTarget(ReadOnlySpan<byte> name, out string refusal) => Parse(name, out refusal);

    private static TreePath? Parse(ReadOnlySpan<byte> name, out string refusal)
    {
        refusal = name.IsEmpty ? "it has no name" : "its name has a NUL in it";
        if (name.IsEmpty || name.Contains((byte)0))
            return null;
        refusal = $"its name is longer than {TreePath.MaxBytes} bytes, the most that the kernel takes";
        if (name.Length > TreePath.MaxBytes)
            return null;
        refusal = "its name climbs above the root by '..'";
        var path = TreePath.Root;
        foreach (var range in name.Split((byte)'/'))
        {
            var part = name[range];
            if (part.IsEmpty || part.SequenceEqual("."u8))
                continue;
            if (!part.SequenceEqual(".."u8))
                path = path.Child(part);
            else if (path.IsRoot)
                return null;
            else
                path = path.Parent;
        }
        return path;
    }
}
