namespace DmAgents.Domain.Devices;

/// <summary>The absolute path of a directory on which a file system is, or may be, mounted.</summary>
public readonly record struct MountPath
{
    private readonly string? _value;

    /// <exception cref="ArgumentException">Not absolute.</exception>
    public MountPath(string value)
    {
        if (!value.StartsWith('/'))
            throw new ArgumentException($"'{value}' is not an absolute path", nameof(value));
        _value = value;
    }

    public string Value => _value ?? throw new InvalidOperationException("a mount path was never set");

    public override string ToString() => Value;
}
