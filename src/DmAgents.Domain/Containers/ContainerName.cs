using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace DmAgents.Domain.Containers;

/// <summary>The operator's name for a container layer, unique in its pool; also the name of its directory in
/// mnt/.</summary>
public readonly partial record struct ContainerName
{
    private readonly string? _value;

    /// <exception cref="ArgumentException">Not a container's name; check external input with TryParse.</exception>
    public ContainerName(string value)
    {
        if (!Form().IsMatch(value))
            throw new ArgumentException($"'{value}' is not a container's name: {Rule}", nameof(value));
        _value = value;
    }

    /// <summary>The prefixes of layers' and bases' names in mnt/ and metadata/ are reserved for those.</summary>
    public static string Rule =>
        "1 to 128 characters of a-z, A-Z, 0-9, '_', '.' and '-', the first a letter or digit, "
        + "and not beginning with 'sha256-', 'base-', 'import-' or 'commit-'";

    public string Value => _value ?? throw new InvalidOperationException("a container's name was never set");

    public static bool TryParse([NotNullWhen(true)] string? text, out ContainerName name)
    {
        var valid = text is not null && Form().IsMatch(text);
        name = valid ? new ContainerName(text!) : default;
        return valid;
    }

    public override string ToString() => Value;

    [GeneratedRegex(@"\A(?!sha256-|base-|import-|commit-)[A-Za-z0-9][A-Za-z0-9_.-]{0,127}\z")]
    private static partial Regex Form();
}
