using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace DmAgents.Domain.Pools;

/// <summary>The operator's name for a pool, unique on its host: <c>[a-z0-9][a-z0-9-]{0,31}</c>.</summary>
public readonly partial record struct PoolName
{
    /// <summary>Leaves room for prefix and thin id within device-mapper's 127 characters; see DeviceNames.</summary>
    public const int MaxLength = 32;

    private readonly string? _value;

    /// <exception cref="ArgumentException">The text is not a pool name; check external input with TryParse.</exception>
    public PoolName(string value)
    {
        if (!Form().IsMatch(value))
            throw new ArgumentException($"'{value}' is not a pool name: {Rule}", nameof(value));
        _value = value;
    }

    public static string Rule =>
        "1 to 32 characters of a-z, 0-9 and '-', the first a letter or digit";

    public string Value => _value ?? throw new InvalidOperationException("a pool name was never set");

    public static bool TryParse([NotNullWhen(true)] string? text, out PoolName name)
    {
        var valid = text is not null && Form().IsMatch(text);
        name = valid ? new PoolName(text!) : default;
        return valid;
    }

    public override string ToString() => Value;

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{0,31}\z")]
    private static partial Regex Form();
}
