namespace DmAgents.Domain.Devices;

/// <summary>
/// A mapped device's name in the kernel: at most 127 bytes (DM_NAME_LEN without the NUL), no slash. Only <see
/// cref="DeviceNames"/> builds the agent's own names.
/// </summary>
public readonly record struct MappedName
{
    public const int MaxLength = 127;

    private readonly string? _value;

    /// <exception cref="ArgumentException">Empty, too long, or with a character that no node name can have.</exception>
    public MappedName(string value)
    {
        if (!IsValid(value))
            throw new ArgumentException($"'{value}' is not a mapped device's name", nameof(value));
        _value = value;
    }

    public string Value => _value ?? throw new InvalidOperationException("a mapped device's name was never set");

    /// <summary>The node that the kernel boundary maintains for the device, with or without udev.</summary>
    public DevicePath Path => new("/dev/mapper/" + Value);

    public static bool IsValid(string? value) =>
        value is { Length: > 0 and <= MaxLength } and not ("." or "..")
        && value.All(c => c is > ' ' and < (char)127 and not '/');

    public override string ToString() => Value;
}
