namespace DmAgents.Domain.Devices;

/// <summary>The absolute path of a block device node, or of a link to it.</summary>
public readonly record struct DevicePath
{
    private readonly string? _value;

    /// <exception cref="ArgumentException">Not absolute.</exception>
    public DevicePath(string value)
    {
        if (!value.StartsWith('/'))
            throw new ArgumentException($"'{value}' is not the absolute path of a device", nameof(value));
        _value = value;
    }

    public string Value => _value ?? throw new InvalidOperationException("a device path was never set");

    public override string ToString() => Value;
}
