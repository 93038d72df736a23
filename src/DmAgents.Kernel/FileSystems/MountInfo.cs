using System.Text;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.FileSystems;

/// <summary>
/// /proc/PID/mountinfo (proc(5)): id, parent, major:minor, root, target, mount options, optional fields, a hyphen,
/// type, source, options of the file system.
/// </summary>
internal static class MountInfo
{
    private const int DeviceField = 2;
    private const int TargetField = 4;
    private const int OptionsField = 5;

    /// <summary>Null for a line of another form, and for kernel-internal mounts outside the tree.</summary>
    public static MountEntry? Parse(string line)
    {
        var fields = line.Split(' ');
        var hyphen = Array.IndexOf(fields, "-", Math.Min(OptionsField + 1, fields.Length));
        if (hyphen < 0 || fields.Length < hyphen + 4 || DeviceNumbers.Parse(fields[DeviceField]) is not { } device)
            return null;
        var target = Unescape(fields[TargetField]);
        if (!target.StartsWith('/'))
            return null;
        // Read-only as a mount, or as a file system under a mount that allows writes.
        var readOnly = HasReadOnly(fields[OptionsField]) || HasReadOnly(fields[hyphen + 3]);
        return new MountEntry(device, new MountPath(target), fields[hyphen + 1], readOnly);
    }

    public static IReadOnlyList<MountEntry> ParseAll(string text)
    {
        var mounts = new List<MountEntry>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (Parse(line) is { } mount)
                mounts.Add(mount);
        }
        return mounts;
    }

    /// <summary>"emergency_ro": recent kernels show it instead of "ro" for ext4 after an error.</summary>
    private static bool HasReadOnly(string options) =>
        options.Split(',').Any(option => option is "ro" or "emergency_ro");

    /// <summary>Blank, tab, newline and backslash appear as a backslash and three octal digits (mangle in
    /// fs/seq_file.c).</summary>
    private static string Unescape(string field)
    {
        if (!field.Contains('\\', StringComparison.Ordinal))
            return field;
        var bytes = Encoding.UTF8.GetBytes(field);
        var plain = new List<byte>(bytes.Length);
        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] == '\\' && i + 3 < bytes.Length && Octal(bytes.AsSpan(i + 1, 3)) is { } value)
            {
                plain.Add(value);
                i += 3;
            }
            else
            {
                plain.Add(bytes[i]);
            }
        }
        return Encoding.UTF8.GetString([.. plain]);
    }

    private static byte? Octal(ReadOnlySpan<byte> digits)
    {
        var value = 0;
        foreach (var digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'7')
                return null;
            value = value * 8 + (digit - '0');
        }
        return value <= byte.MaxValue ? (byte)value : null;
    }
}
