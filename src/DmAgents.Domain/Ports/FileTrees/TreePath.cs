using System.Text;

namespace DmAgents.Domain.Ports.FileTrees;

/// <summary>
/// The path of an entry below the root of a file tree, as bytes: Linux file names are bytes, and images contain names
/// that are not UTF-8. Components are joined by '/', and are never empty, <c>.</c>, <c>..</c> or with a NUL: a path of
/// this type cannot leave the tree by itself. The root is the empty path.
/// </summary>
public sealed class TreePath : IEquatable<TreePath>, IComparable<TreePath>
{
    /// <summary>The longest path that the kernel accepts in one call (PATH_MAX, with its NUL), in bytes.</summary>
    public const int MaxBytes = 4095;

    public static readonly TreePath Root = new([]);

    private readonly byte[] bytes;

    private TreePath(byte[] bytes) => this.bytes = bytes;

    public ReadOnlySpan<byte> Bytes => bytes;

    public bool IsRoot => bytes.Length == 0;

    /// <summary>The directory that holds this entry; the root is its own parent.</summary>
    public TreePath Parent
    {
        get
        {
            var slash = Bytes.LastIndexOf((byte)'/');
            return slash <= 0 ? Root : new TreePath(bytes[..slash]);
        }
    }

    /// <summary>The last component; empty for the root.</summary>
    public ReadOnlySpan<byte> Name => Bytes[(Bytes.LastIndexOf((byte)'/') + 1)..];

    /// <summary>The entry <paramref name="name"/> in this directory. Throws if it is not a valid entry name.</summary>
    public TreePath Child(ReadOnlySpan<byte> name)
    {
        if (!IsName(name))
            throw new ArgumentException($"'{Display(name)}' is no name of a directory entry", nameof(name));
        if (IsRoot)
            return new TreePath(name.ToArray());
        var child = new byte[bytes.Length + 1 + name.Length];
        bytes.CopyTo(child, 0);
        child[bytes.Length] = (byte)'/';
        name.CopyTo(child.AsSpan(bytes.Length + 1));
        return new TreePath(child);
    }

    /// <summary>A path from a literal in this program, like <c>usr/lib</c>; not for external input.</summary>
    public static TreePath Of(string path) =>
        path.Split('/', StringSplitOptions.RemoveEmptyEntries)
            .Aggregate(Root, (here, name) => here.Child(Encoding.UTF8.GetBytes(name)));

    /// <summary>
    /// Interprets an external name as a process would whose root is the tree: a leading slash is the root, and
    /// <c>..</c> at the root stays there, as in the kernel. Symlinks are not resolved. The name must not contain a NUL.
    /// </summary>
    public static TreePath BelowRoot(ReadOnlySpan<byte> name)
    {
        var below = new byte[name.Length];
        var length = 0;
        foreach (var range in name.Split((byte)'/'))
        {
            var part = name[range];
            if (part.IsEmpty || part.SequenceEqual("."u8))
                continue;
            if (part.SequenceEqual(".."u8))
            {
                length = Math.Max(0, below.AsSpan(0, length).LastIndexOf((byte)'/'));
                continue;
            }
            if (part.Contains((byte)0))
                throw new ArgumentException($"'{Display(part)}' is no name of a directory entry", nameof(name));
            if (length > 0)
                below[length++] = (byte)'/';
            part.CopyTo(below.AsSpan(length));
            length += part.Length;
        }
        return length == 0 ? Root : new TreePath(below[..length]);
    }

    /// <summary>Whether this is a valid name of a directory entry.</summary>
    public static bool IsName(ReadOnlySpan<byte> name) =>
        !name.IsEmpty && !name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8)
        && name.IndexOfAny((byte)'/', (byte)0) < 0;

    /// <summary>
    /// Bytes for people: valid UTF-8 as text, other bytes as <c>\xNN</c>, and so are control characters and the
    /// backslash. The text is one line and can be converted back.
    /// </summary>
    public static string Display(ReadOnlySpan<byte> name)
    {
        var text = new StringBuilder(name.Length);
        while (!name.IsEmpty)
        {
            var valid = Rune.DecodeFromUtf8(name, out var rune, out var used) == System.Buffers.OperationStatus.Done;
            if (valid && !Rune.IsControl(rune) && rune.Value != '\\')
                text.Append(rune.ToString());
            else
                foreach (var one in name[..used])
                    text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\x{one:x2}");
            name = name[used..];
        }
        return text.ToString();
    }

    public bool Equals(TreePath? other) => other is not null && Bytes.SequenceEqual(other.Bytes);

    public override bool Equals(object? obj) => Equals(obj as TreePath);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(bytes);
        return hash.ToHashCode();
    }

    /// <summary>Bytewise order, the same on every host and in every locale.</summary>
    public int CompareTo(TreePath? other) => other is null ? 1 : Bytes.SequenceCompareTo(other.Bytes);

    public override string ToString() => "/" + Display(bytes);

    public static bool operator ==(TreePath? left, TreePath? right) =>
        left is null ? right is null : left.Equals(right);

    public static bool operator !=(TreePath? left, TreePath? right) => !(left == right);

    public static bool operator <(TreePath left, TreePath right) => left.CompareTo(right) < 0;

    public static bool operator >(TreePath left, TreePath right) => left.CompareTo(right) > 0;

    public static bool operator <=(TreePath left, TreePath right) => left.CompareTo(right) <= 0;

    public static bool operator >=(TreePath left, TreePath right) => left.CompareTo(right) >= 0;
}
