namespace DmAgents.Domain.Devices;

/// <summary>The name of a volume in an LVM volume group.</summary>
public sealed record LogicalVolume
{
    private const int LongestGroup = 127;

    /// <exception cref="ArgumentException">Not valid LVM names (lvm(8), VALID NAMES).</exception>
    public LogicalVolume(string group, string name)
    {
        if (!IsName(group) || !IsName(name))
            throw new ArgumentException($"'{group}/{name}' is not the name of a volume");
        (Group, Name) = (group, name);
    }

    public string Group { get; }

    public string Name { get; }

    /// <summary>Its node while it is active.</summary>
    public DevicePath Path => new($"/dev/{Group}/{Name}");

    /// <summary>Letters, digits and "+_.-", not starting with "-", and neither "." nor "..".</summary>
    public static bool IsName(string text) =>
        text.Length is > 0 and <= LongestGroup && text is not ("." or "..") && text[0] != '-'
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '_' or '.' or '-');

    public override string ToString() => $"{Group}/{Name}";
}
