namespace DmAgents.Domain.Fleet;

/// <summary>Identifies a fleet: in its authority's certificate, in the certificates of its hosts and in its join
/// tokens. Chosen at random when the fleet is made, and never changed.</summary>
public readonly record struct FleetId(Guid Value)
{
    /// <summary>32 lower-case hex digits without hyphens: as a label of a DNS name.</summary>
    public string Label => Value.ToString("N");

    /// <summary>Parses only <see cref="Label"/>: a Guid has many other spellings.</summary>
    public static bool TryParseLabel(string? text, out FleetId id)
    {
        var valid = Guid.TryParseExact(text, "N", out var value) && value.ToString("N") == text;
        id = valid ? new FleetId(value) : default;
        return valid;
    }

    /// <summary>36 characters, lower case, with hyphens.</summary>
    public override string ToString() => Value.ToString("D");
}
