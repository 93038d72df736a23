using System.Buffers.Binary;
using System.Globalization;

namespace DmAgents.Bench;

/// <summary>What the kernel counts for the whole machine, from /proc/stat.</summary>
/// <param name="Switches">Context switches.</param>
/// <param name="Tasks">Processes and threads made, the kernel's own among them.</param>
internal readonly record struct Counters(long Switches, long Tasks)
{
    public static Counters Read()
    {
        long switches = 0, tasks = 0;
        foreach (var line in File.ReadLines("/proc/stat"))
        {
            if (line.StartsWith("ctxt ", StringComparison.Ordinal))
                switches = long.Parse(line.AsSpan(5), CultureInfo.InvariantCulture);
            else if (line.StartsWith("processes ", StringComparison.Ordinal))
                tasks = long.Parse(line.AsSpan(10), CultureInfo.InvariantCulture);
        }
        return new Counters(switches, tasks);
    }

    public static Counters operator -(Counters left, Counters right) =>
        new(left.Switches - right.Switches, left.Tasks - right.Tasks);

    public static Counters operator +(Counters left, Counters right) =>
        new(left.Switches + right.Switches, left.Tasks + right.Tasks);
}

/// <summary>
/// Commits in a SQLite write-ahead log: frames that say how large the database is after them end one (SQLite file
/// format, section 4). Counted in the file, so that nothing in the measured program has to be believed.
/// </summary>
/// <param name="Salt">Changes when the log begins again.</param>
internal readonly record struct WalCommits(ulong Salt, int Count)
{
    private const int HeaderLength = 32;
    private const int FrameHeaderLength = 24;

    public static WalCommits Read(string databaseFile)
    {
        // SQLite holds no lock on this file that closing it again could take away.
        using var file = new FileStream(
            databaseFile + "-wal", FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Span<byte> header = stackalloc byte[HeaderLength];
        if (file.ReadAtLeast(header, HeaderLength, throwOnEndOfStream: false) < HeaderLength)
            return default;
        var pageSize = BinaryPrimitives.ReadUInt32BigEndian(header[8..]);
        var salt = BinaryPrimitives.ReadUInt64BigEndian(header[16..]);
        var count = 0;
        for (long at = HeaderLength; ; at += FrameHeaderLength + pageSize)
        {
            file.Position = at;
            var frame = header[..FrameHeaderLength];
            if (file.ReadAtLeast(frame, FrameHeaderLength, throwOnEndOfStream: false) < FrameHeaderLength
                || BinaryPrimitives.ReadUInt64BigEndian(frame[8..]) != salt)
                return new WalCommits(salt, count);
            if (BinaryPrimitives.ReadUInt32BigEndian(frame[4..]) != 0)
                count++;
        }
    }

    /// <summary>Commits since then; null where the log began again in between.</summary>
    public int? Since(WalCommits before) => Salt == before.Salt ? Count - before.Count : null;
}
