using System.Buffers.Text;
using DmAgents.Domain.Ports.FileTrees;

namespace DmAgents.Images.Tar;

/// <summary>
/// The records of extended headers (POSIX.1-2001 pax): "length key=value\n". Values are bytes: a file capability or
/// a name need not be UTF-8.
/// </summary>
internal sealed class PaxRecords
{
    private const string Schily = "SCHILY.xattr.";
    private const string LibArchive = "LIBARCHIVE.xattr.";
    private const string AccessAcl = "SCHILY.acl.access";
    private const string DefaultAcl = "SCHILY.acl.default";

    // Records of attributes that no layer can bring: an old GNU tar's SELinux label, ACLs of NFS version 4.
    private static readonly (string Record, LostXattr Lost)[] Unkept =
    [
        ("RHT.security.selinux", new LostXattr(Xattr.SecurityLabel, XattrLoss.HostsOwn)),
        ("SCHILY.acl.ace", new LostXattr("system.nfs4_acl", XattrLoss.NotSupported)),
    ];

    private readonly Dictionary<string, ReadOnlyMemory<byte>> values = new(StringComparer.Ordinal);

    /// <summary>
    /// The runs of the first GNU sparse format (0.0), which repeats two keys and so does not fit a dictionary.
    /// </summary>
    public List<SparseExtent> RepeatedRuns { get; } = [];

    /// <summary>The value; null if it is missing or empty, which means "as without this record".</summary>
    public ReadOnlyMemory<byte>? this[string key] =>
        // A bare null would become an empty memory, by way of a null array.
        values.TryGetValue(key, out var value) && !value.IsEmpty ? value : (ReadOnlyMemory<byte>?)null;

    public bool Has(string key) => values.ContainsKey(key);

    /// <summary>A copy of global records, to be overridden by an entry's own.</summary>
    public PaxRecords Copy()
    {
        var copy = new PaxRecords();
        foreach (var (key, value) in values)
            copy.values[key] = value;
        return copy;
    }

    /// <summary>Adds the records of a header's content; false if it is malformed.</summary>
    public bool TryAdd(ReadOnlyMemory<byte> content)
    {
        var offset = -1L;
        while (!content.IsEmpty)
        {
            var span = content.Span;
            if (!Utf8Parser.TryParse(span, out int length, out var digits) || length <= digits + 1
                || length > span.Length)
                return false;
            var equals = span[..length].IndexOf((byte)'=');
            if (span[digits] != (byte)' ' || equals <= digits + 1 || span[length - 1] != (byte)'\n'
                || equals == length - 1)
                return false;
            var key = TarFields.Utf8(span[(digits + 1)..equals]);
            var value = content[(equals + 1)..(length - 1)];
            if (!TryAddRun(key, value.Span, ref offset))
                return false;
            values[key] = value;
            content = content[length..];
        }
        return true;
    }

    /// <summary>
    /// The extended attributes. Star, GNU tar and Go write them raw under SCHILY. libarchive does so, too, and also
    /// under its own prefix in base64 with the name percent-encoded, which counts only if SCHILY has none. An ACL in
    /// text form is one, too. Null if one is malformed.
    /// </summary>
    /// <param name="lost">Attributes that no file system can hold.</param>
    /// <param name="group">The group's rights from a textual access ACL.</param>
    public IReadOnlyList<Xattr>? Xattrs(out IReadOnlyList<LostXattr> lost, out int? group)
    {
        (lost, group) = ([], null);
        if (values.Count == 0)
            return [];
        var found = new SortedDictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        foreach (var (key, value) in values)
        {
            if (!key.StartsWith(LibArchive, StringComparison.Ordinal))
                continue;
            var decoded = new byte[value.Length];
            if (!TryDecode(value.Span, decoded, out var size))
                return null;
            found[Uri.UnescapeDataString(key[LibArchive.Length..])] = decoded.AsMemory(0, size);
        }
        foreach (var (key, value) in values)
            if (key.StartsWith(Schily, StringComparison.Ordinal))
                found[key[Schily.Length..]] = value;
        lost = ReadAcls(found, out group);
        return found.Keys.Any(name => name.Length == 0 || name.Contains('\0', StringComparison.Ordinal))
            ? null
            : [.. found.Select(pair => new Xattr(pair.Key, pair.Value))];
    }

    private List<LostXattr> ReadAcls(SortedDictionary<string, ReadOnlyMemory<byte>> found, out int? group)
    {
        var lost = Unkept.Where(unkept => this[unkept.Record] is not null).Select(unkept => unkept.Lost).ToList();
        group = ReadAcl(AccessAcl, Xattr.AccessAcl, found, lost);
        ReadAcl(DefaultAcl, Xattr.DefaultAcl, found, lost);
        return lost;
    }

    /// <summary>If the archive also has the ACL in the kernel's form, that form is used.</summary>
    private int? ReadAcl(
        string record, string name, SortedDictionary<string, ReadOnlyMemory<byte>> found, List<LostXattr> lost)
    {
        if (this[record] is not { } text || found.ContainsKey(name))
            return null;
        var acl = PosixAcl.Parse(text.Span);
        if (acl.Value is { } value)
            found[name] = value;
        else
            lost.Add(new LostXattr(name, acl.Fault));
        return acl.GroupBits;
    }

    /// <summary>Base64 without padding, which libarchive omits.</summary>
    private static bool TryDecode(ReadOnlySpan<byte> text, Span<byte> decoded, out int size)
    {
        var padded = new byte[(text.Length + 3) / 4 * 4];
        padded.AsSpan().Fill((byte)'=');
        text.CopyTo(padded);
        size = 0;
        if (padded.Length == 0)
            return true;
        var whole = new byte[Base64.GetMaxDecodedFromUtf8Length(padded.Length)];
        var done = Base64.DecodeFromUtf8(padded, whole, out _, out size) == System.Buffers.OperationStatus.Done;
        if (done)
            whole.AsSpan(0, size).CopyTo(decoded);
        return done;
    }

    private bool TryAddRun(string key, ReadOnlySpan<byte> value, ref long offset)
    {
        if (key == "GNU.sparse.offset")
        {
            offset = TarFields.Decimal(value) ?? -1;
            return offset >= 0;
        }
        if (key != "GNU.sparse.numbytes")
            return true;
        if (offset < 0 || TarFields.Decimal(value) is not { } length)
            return false;
        RepeatedRuns.Add(new SparseExtent(offset, length));
        offset = -1;
        return true;
    }
}
