using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace DmAgents.Domain.Images;

/// <summary>
/// What people call an image: "debian:12", "registry.example:5000/team/app:1.2". Where no tag is given it is "latest".
/// </summary>
public readonly partial record struct ImageReference
{
    private readonly string? _value;

    /// <exception cref="ArgumentException">Not a reference; check outside input with TryParse.</exception>
    public ImageReference(string value)
    {
        if (!Form().IsMatch(value))
            throw new ArgumentException($"'{value}' is not an image reference: {Rule}", nameof(value));
        _value = HasTag(value) ? value : value + ":latest";
    }

    public static string Rule =>
        "[HOST[:PORT]/]NAME[/NAME...][:TAG], at most 255 characters, names of a-z, 0-9, '.', '_' and '-'";

    public string Value => _value ?? throw new InvalidOperationException("an image reference was never set");

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
