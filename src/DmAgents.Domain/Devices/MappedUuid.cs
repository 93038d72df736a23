namespace DmAgents.Domain.Devices;

/// <summary>
/// A mapped device's dm uuid: at most 128 bytes (DM_UUID_LEN without the NUL), empty if its creator set none. Its
/// prefix identifies the owner: <c>LVM-</c>, <c>DMAGENTS-</c>.
/// </summary>
public readonly record struct MappedUuid
{
    public const int MaxLength = 128;

    private readonly string? _value;

    /// <exception cref="ArgumentException">Too long.</exception>
    public MappedUuid(string value)
    {
        if (value.Length > MaxLength)
            throw new ArgumentException($"'{value}' is too long for a mapped device's uuid", nameof(value));
        _value = value;
    }

    public string Value => _value ?? "";

    public bool IsOfLvm => Value.StartsWith("LVM-", StringComparison.Ordinal);

    public override string ToString() => Value;
}
