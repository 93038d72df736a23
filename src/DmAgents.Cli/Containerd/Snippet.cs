namespace DmAgents.Cli.Containerd;

/// <summary>The configuration files of deploy/containerd, which are part of the program.</summary>
internal static class Snippet
{
    public const string Name = "dmagents";
    public const string Address = "/run/dmagents/containerd.sock";
    public const string StateDirectory = "/var/lib/dmagents";

    /// <summary>The file with this host's names in place of the usual ones.</summary>
    public static string Of(string file, string name, string address, string stateDirectory)
    {
        using var stream = typeof(Snippet).Assembly.GetManifestResourceStream(file)
            ?? throw new InvalidOperationException($"{file} is not in the assembly");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd()
            .Replace($"\"{Address}\"", Quoted(address), StringComparison.Ordinal)
            .Replace($"\"{StateDirectory}\"", Quoted(stateDirectory), StringComparison.Ordinal)
            .Replace($"snapshotter = \"{Name}\"", $"snapshotter = \"{name}\"", StringComparison.Ordinal)
            .Replace($"--snapshotter {Name}.", $"--snapshotter {name}.", StringComparison.Ordinal)
            .Replace($"proxy_plugins.{Name}", $"proxy_plugins.{name}", StringComparison.Ordinal);
    }

    /// <summary>A basic string of TOML.</summary>
    private static string Quoted(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
