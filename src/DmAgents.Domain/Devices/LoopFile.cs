namespace DmAgents.Domain.Devices;

/// <summary>The absolute path of a regular file that serves as a disk through a loop device.</summary>
public readonly record struct LoopFile
{
    private readonly string? _value;

    /// <exception cref="ArgumentException">Not absolute.</exception>
    public LoopFile(string value)
    {
        if (!value.StartsWith('/'))
            throw new ArgumentException($"'{value}' is not an absolute path", nameof(value));
        _value = value;
    }

    public string Value => _value ?? throw new InvalidOperationException("a loop file was never set");

    /// <summary>The directory that the file is in.</summary>
    public MountPath Directory => new(Value[..Math.Max(1, Value.LastIndexOf('/'))]);

    public override string ToString() => Value;
}
