using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace DmAgents.Domain.Pools.Mending;

/// <summary>The name of a backup of a pool's metadata, which tells when it was begun: "20260102T030405Z".</summary>
public readonly record struct BackupName
{
    private const string Format = "yyyyMMdd'T'HHmmss'Z'";
    private const string FileEnding = ".xml.gz";

    private readonly DateTimeOffset _at;

    /// <summary>Seconds are what a name tells.</summary>
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

    /// <summary>False for a file that is no backup, such as what a crash has left of one.</summary>
    public static bool TryParseFile(string file, out BackupName name)
    {
        name = default;
        return file.EndsWith(FileEnding, StringComparison.Ordinal) && TryParse(file[..^FileEnding.Length], out name);
    }

    /// <summary>What a crash has left of a backup that was being made: its name, and whatever
    /// <see cref="Ports.IDurableFiles"/> adds to it.</summary>
    public static bool IsUnfinished(string file)
    {
        var end = file.IndexOf(FileEnding + ".", StringComparison.Ordinal);
        return end > 0 && TryParse(file[..end], out _);
    }

    public override string ToString() => _at.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture);
}
