using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace DmAgents.Domain.Images;

/// <summary>
/// An image's name for people: "debian:12", "registry.example:5000/team/app:1.2". The default tag is "latest".
/// </summary>
public readonly partial record struct ImageReference
{
    private readonly string? _value;

    /// <exception cref="ArgumentException">Not a reference; check external input with TryParse.</exception>
    public ImageReference(string value)
    {
        if (!Form().IsMatch(value))
            throw new ArgumentException($"'{value}' is not an image reference: {Rule}", nameof(value));
        _value = HasTag(value) ? value : value + ":latest";
    }

    public static string Rule =>
        "[HOST[:PORT]/]NAME[/NAME...][:TAG], at most 255 characters, names of a-z, 0-9, '.', '_' and '-'";

    public string Value => _value ?? throw new InvalidOperationException("an image reference was never set");

    /// <summary>
    /// The reference with the parts that Docker's clients leave out: "debian:12" is "docker.io/library/debian:12".
    /// Tools save one image under either name (docker save since 25 under both).
    /// </summary>
    public string Whole
    {
        get
        {
            var slash = Value.IndexOf('/', StringComparison.Ordinal);
            var host = slash < 0 ? "" : Value[..slash];
            if (slash < 0)
                return $"docker.io/library/{Value}";
            // Docker's clients recognize a host in the first part of a name in the same way.
            if (!host.Contains('.', StringComparison.Ordinal) && !host.Contains(':', StringComparison.Ordinal)
                && host != "localhost")
                return $"docker.io/{Value}";
            var path = Value[(slash + 1)..];
            return host is not ("docker.io" or "index.docker.io") ? Value
                : path.Contains('/', StringComparison.Ordinal) ? $"docker.io/{path}" : $"docker.io/library/{path}";
        }
    }

    public static bool TryParse([NotNullWhen(true)] string? text, out ImageReference reference)
    {
        var valid = text is not null && Form().IsMatch(text);
        reference = valid ? new ImageReference(text!) : default;
        return valid;
    }

    public override string ToString() => Value;

    private static bool HasTag(string value) =>
        value.LastIndexOf(':') > value.LastIndexOf('/');

    [GeneratedRegex(
        @"\A(?=.{1,255}\z)([A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?/)?[a-z0-9]+([._-]+[a-z0-9]+)*"
        + @"(/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?\z")]
    private static partial Regex Form();
}
