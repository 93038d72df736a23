using System.Buffers.Binary;
using DmAgents.Domain.Ports.FileTrees;

namespace DmAgents.Images.Tar;

/// <summary>
/// A POSIX ACL in the form of tar programs under SCHILY.acl
/// (<c>user::rw-,user:lisa:rw-:502,group::r--,mask::rw-,...</c>), and in the kernel's form (linux/posix_acl_xattr.h).
/// </summary>
/// <param name="Value">The kernel's form; null if the text has none.</param>
/// <param name="Fault">Why there is no value.</param>
/// <param name="GroupBits">
/// The group's own rights, with the mask applied, in the low three bits. In the permissions of an entry with an ACL the
/// mask replaces the group's rights: without the ACL the group would get more than it has.
/// </param>
internal sealed record PosixAcl(byte[]? Value, XattrLoss Fault, int? GroupBits)
{
    private const uint Version = 2;
    private const uint NoId = uint.MaxValue;

    /// <summary>ACL_USER_OBJ and so on; the kernel requires the entries in the order of these numbers.</summary>
    private enum Tag
    {
        Owner = 1,
        User = 2,
        OwningGroup = 4,
        Group = 8,
        Mask = 16,
        Other = 32,
    }

    public static PosixAcl Parse(ReadOnlySpan<byte> text)
    {
        var entries = new List<Entry>();
        var fault = (XattrLoss?)null;
        foreach (var part in TarFields.Utf8(text).Split([',', '\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            // libacl adds a comment on the rights that the mask removes.
            var line = part.Split('#')[0].Trim();
            if (line.Length == 0)
                continue;
            if (ParseEntry(line, out var entry) is { } found)
                fault = found == XattrLoss.Invalid ? found : fault ?? found;
            else
                entries.Add(entry);
        }
        // The mask is optional: without it the group's rights are effective.
        int? group = entries.Exists(entry => entry.Tag == Tag.OwningGroup)
            ? entries.Where(entry => entry.Tag is Tag.OwningGroup or Tag.Mask).Aggregate(7, (all, e) => all & e.Rights)
            : null;
        return fault is { } why ? new PosixAcl(null, why, group) : new PosixAcl(Encode(entries), default, group);
    }

    private static XattrLoss? ParseEntry(string line, out Entry entry)
    {
        entry = default;
        var fields = line.Split(':');
        // Solaris writes mask and other with one colon.
        if (fields is [var single, var rights] && TagOf(single, named: false) is Tag.Mask or Tag.Other)
            fields = [single, "", rights];
        if (fields.Length is < 3 or > 4 || RightsOf(fields[2]) is not { } bits)
            return XattrLoss.Invalid;
        if (TagOf(fields[0], fields[1].Length > 0) is not { } tag)
            return XattrLoss.Invalid;
        if (tag is not (Tag.User or Tag.Group))
        {
            entry = new Entry(tag, bits, NoId);
            return fields[1].Length == 0 ? null : XattrLoss.Invalid;
        }
        if (!uint.TryParse(fields.ElementAtOrDefault(3) ?? fields[1], out var id) || id == NoId)
            return XattrLoss.NamesWithoutNumbers;
        entry = new Entry(tag, bits, id);
        return null;
    }

    private static Tag? TagOf(string word, bool named) => word switch
    {
        "user" or "u" => named ? Tag.User : Tag.Owner,
        "group" or "g" => named ? Tag.Group : Tag.OwningGroup,
        "mask" or "m" => Tag.Mask,
        "other" or "o" => Tag.Other,
        _ => null,
    };

    private static int? RightsOf(string letters)
    {
        var bits = 0;
        foreach (var letter in letters)
        {
            var bit = letter switch { 'r' => 4, 'w' => 2, 'x' => 1, '-' => 0, _ => -1 };
            if (bit < 0)
                return null;
            bits |= bit;
        }
        return letters.Length is > 0 and <= 3 ? bits : null;
    }

    private static byte[] Encode(List<Entry> entries)
    {
        var value = new byte[4 + (8 * entries.Count)];
        BinaryPrimitives.WriteUInt32LittleEndian(value, Version);
        var at = value.AsSpan(4);
        foreach (var entry in entries.OrderBy(entry => entry.Tag).ThenBy(entry => entry.Id))
        {
            BinaryPrimitives.WriteUInt16LittleEndian(at, (ushort)entry.Tag);
            BinaryPrimitives.WriteUInt16LittleEndian(at[2..], (ushort)entry.Rights);
            BinaryPrimitives.WriteUInt32LittleEndian(at[4..], entry.Id);
            at = at[8..];
        }
        return value;
    }

    private readonly record struct Entry(Tag Tag, int Rights, uint Id);
}
