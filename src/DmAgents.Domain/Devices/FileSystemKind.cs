namespace DmAgents.Domain.Devices;

/// <summary>The file systems that the agent makes, mounts and grows.</summary>
public enum FileSystemKind
{
    Ext4,
    Xfs,
}
