using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace DmAgents.Domain.Pools.Metadata;

/// <summary>The name of a backup of a pool's metadata, with the time it was started: "20260102T030405Z".</summary>
public readonly record struct BackupName
{
    private const string Format = "yyyyMMdd'T'HHmmss'Z'";
    private const string FileEnding = ".xml.gz";

    private readonly DateTimeOffset _at;

    /// <summary>Names have a resolution of one second.</summary>
    public BackupName(DateTimeOffset at)
    {
        var utc = at.ToUniversalTime();
        _at = utc.AddTicks(-(utc.Ticks % TimeSpan.TicksPerSecond));
    }

    public DateTimeOffset At => _at;

    public string FileName => this + FileEnding;

    public static string Rule => "a backup's name is its time, such as 20260102T030405Z";

    public static bool TryParse([NotNullWhen(true)] string? text, out BackupName name)
    {
        var parsed = DateTimeOffset.TryParseExact(
            text, Format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at);
        name = parsed ? new BackupName(at) : default;
        return parsed;
    }

    /// <summary>False for a file that is not a backup, such as an unfinished one after a crash.</summary>
    public static bool TryParseFile(string file, out BackupName name)
    {
        name = default;
        return file.EndsWith(FileEnding, StringComparison.Ordinal) && TryParse(file[..^FileEnding.Length], out name);
    }

    /// <summary>An unfinished backup after a crash: its name, with the suffix that <see cref="Ports.IDurableFiles"/>
    /// adds.</summary>
    public static bool IsUnfinished(string file)
    {
        var end = file.IndexOf(FileEnding + ".", StringComparison.Ordinal);
        return end > 0 && TryParse(file[..end], out _);
    }

    public override string ToString() => _at.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture);
}
