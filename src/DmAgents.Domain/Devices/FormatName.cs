namespace DmAgents.Domain.Devices;

/// <summary>The name of a set of features that the agent gives to the file systems it makes, such as "ext4-1". What it
/// means is in <see cref="FileSystemFormat"/>, and never changes once a release has used it.</summary>
public readonly record struct FormatName(string Value)
{
    public override string ToString() => Value;
}
