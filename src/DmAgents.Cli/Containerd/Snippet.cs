namespace DmAgents.Cli.Containerd;

/// <summary>The configuration files of deploy/containerd, embedded in the program.</summary>
internal static class Snippet
{
    public const string Name = "dmagents";
    public const string Address = "/run/dmagents/containerd.sock";
    public const string StateDirectory = "/var/lib/dmagents";

    private const string Unpacking = $"""
        [[plugins."io.containerd.transfer.v1.local".unpack_config]]
          platform = "linux"
          snapshotter = "{Name}"

        """;

    /// <summary>The file with this host's names instead of the default ones. All snapshotters are in one file: if two
    /// files each name a snapshotter for unpacking, containerd 2 uses only one.</summary>
    public static string Of(string file, IReadOnlyList<string> names, string address, string stateDirectory)
    {
        using var stream = typeof(Snippet).Assembly.GetManifestResourceStream(file)
            ?? throw new InvalidOperationException($"{file} is not in the assembly");
        using var reader = new StreamReader(stream);
        var text = reader.ReadToEnd()
            .Replace($"\"{Address}\"", Quoted(address), StringComparison.Ordinal)
            .Replace($"\"{StateDirectory}\"", Quoted(stateDirectory), StringComparison.Ordinal);
        return string.Join("\n\n", text.Split("\n\n").SelectMany(
            part => part.Contains($"[proxy_plugins.{Name}]", StringComparison.Ordinal)
                ? names.Select((name, index) => Named(index == 0 ? part : WithoutRemarks(part), name))
                : [OfFirst(part, names)]));
    }

    /// <summary>Uses the first name instead of the default one, and lists all names for unpacking. One of the others
    /// may be the default name itself.</summary>
    private static string OfFirst(string part, IReadOnlyList<string> names)
    {
        const string List = "\0";
        return Named(part.Replace(Unpacking, List, StringComparison.Ordinal), names[0])
            .Replace(List, string.Concat(names.Select(name => Named(Unpacking, name))), StringComparison.Ordinal);
    }

    private static string Named(string text, string name) => text
        .Replace($"snapshotter = \"{Name}\"", $"snapshotter = \"{name}\"", StringComparison.Ordinal)
        .Replace($"--snapshotter {Name}.", $"--snapshotter {name}.", StringComparison.Ordinal)
        .Replace($"proxy_plugins.{Name}", $"proxy_plugins.{name}", StringComparison.Ordinal);

    private static string WithoutRemarks(string text) =>
        string.Join('\n', text.Split('\n').Where(line => !line.TrimStart().StartsWith('#')));

    /// <summary>A basic string of TOML.</summary>
    private static string Quoted(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
