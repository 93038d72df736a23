using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace DmAgents.Domain.Fleet;

/// <summary>
/// A host's name, unique within its fleet, and fixed by the host's certificate. It is one DNS label (RFC 1123), so that
/// it fits a certificate's DNS names; DNS need not know it.
/// </summary>
public readonly partial record struct HostName
{
    /// <summary>A DNS label has at most 63 characters (RFC 1035).</summary>
    public const int MaxLength = 63;

    private readonly string? _value;

    /// <exception cref="ArgumentException">The text is not a host's name; check external input with
    /// TryParse.</exception>
    public HostName(string value)
    {
        if (!Form().IsMatch(value))
            throw new ArgumentException($"'{value}' is not a host's name: {Rule}", nameof(value));
        _value = value;
    }

    public static string Rule =>
        "1 to 63 characters of a-z, 0-9 and '-', the first and the last a letter or digit, without dots";

    public string Value => _value ?? throw new InvalidOperationException("a host's name was never set");

    public static bool TryParse([NotNullWhen(true)] string? text, out HostName name)
    {
        var valid = text is not null && Form().IsMatch(text);
        name = valid ? new HostName(text!) : default;
        return valid;
    }

    public override string ToString() => Value;

    [GeneratedRegex(@"\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\z")]
    private static partial Regex Form();
}
