namespace DmAgents.Domain.Devices;

/// <summary>The name of a set of features of the file systems that the agent makes, such as "ext4-1". <see
/// cref="FileSystemFormat"/> defines its meaning, which never changes once a release has used it.</summary>
public readonly record struct FormatName(string Value)
{
    public override string ToString() => Value;
}
