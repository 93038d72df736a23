using System.Text;

namespace DmAgents.Images.Docker;

/// <summary>Reads a store's small files. A missing file is null; an unreadable one is a finding.</summary>
internal sealed class StoreFiles(string root)
{
    /// <summary>Docker's largest files are image configurations, which registries limit to 4 MiB.</summary>
    private const long Largest = 16 * 1024 * 1024;

    private readonly List<StoreFinding> _findings = [];

    public IReadOnlyList<StoreFinding> Findings => _findings;

    public void Find(FindingGravity gravity, string what, string why, string subject, string next = "") =>
        _findings.Add(new StoreFinding(gravity, subject, what, why, next));

    public string PathOf(string file) => $"{root}/{file}";

    public bool HasDirectory(string directory) => Directory.Exists(PathOf(directory));

    public bool Has(string file) => File.Exists(PathOf(file));

    /// <summary>The names in a directory, sorted, without Docker's own temporary files, which begin with a
    /// dot.</summary>
    public IReadOnlyList<string> Names(string directory)
    {
        if (!HasDirectory(directory))
            return [];
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(PathOf(directory)).Select(entry => Path.GetFileName(entry)!)
                .Where(name => !name.StartsWith('.')).Order(StringComparer.Ordinal)];
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            Unreadable(directory, cause.Message);
            return [];
        }
    }

    public byte[]? Bytes(string file)
    {
        try
        {
            var info = new FileInfo(PathOf(file));
            if (!info.Exists)
                return null;
            if (info.Length <= Largest)
                return File.ReadAllBytes(info.FullName);
            Unreadable(file, $"it has {info.Length} bytes, which no file of Docker's has there");
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            Unreadable(file, cause.Message);
        }
        return null;
    }

    /// <summary>The content of a one-line file, trimmed.</summary>
    public string? Line(string file) => Bytes(file) is { } bytes ? Encoding.UTF8.GetString(bytes).Trim() : null;

    /// <summary>The result of <paramref name="read"/> on a JSON document; default if it is missing or
    /// damaged.</summary>
    public T? Json<T>(string file, Func<System.Text.Json.JsonElement, T> read)
    {
        if (Bytes(file) is not { } bytes)
            return default;
        try
        {
            return Sources.JsonReading.Parse(bytes, file, read);
        }
        catch (ImageException damaged)
        {
            Unreadable(file, damaged.What);
            return default;
        }
    }

    private void Unreadable(string file, string why) =>
        Find(FindingGravity.Loss, "it cannot be read, and what it describes is left out", why, file);
}
