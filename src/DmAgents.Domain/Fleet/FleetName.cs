using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace DmAgents.Domain.Fleet;

/// <summary>The operator's name for a fleet: <c>[a-z0-9][a-z0-9-]{0,31}</c>. Two fleets may have the same name: the
/// <see cref="FleetId"/> identifies a fleet.</summary>
public readonly partial record struct FleetName
{
    public const int MaxLength = 32;

    private readonly string? _value;

    /// <exception cref="ArgumentException">The text is not a fleet's name; check external input with
    /// TryParse.</exception>
    public FleetName(string value)
    {
        if (!Form().IsMatch(value))
            throw new ArgumentException($"'{value}' is not a fleet's name: {Rule}", nameof(value));
        _value = value;
    }

    public static string Rule => "1 to 32 characters of a-z, 0-9 and '-', the first a letter or digit";

    public string Value => _value ?? throw new InvalidOperationException("a fleet's name was never set");

    public static bool TryParse([NotNullWhen(true)] string? text, out FleetName name)
    {
        var valid = text is not null && Form().IsMatch(text);
        name = valid ? new FleetName(text!) : default;
        return valid;
    }

    public override string ToString() => Value;

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{0,31}\z")]
    private static partial Regex Form();
}
