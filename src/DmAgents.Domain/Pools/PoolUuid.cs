namespace DmAgents.Domain.Pools;

/// <summary>Identifies a pool permanently: in its journal, on its disks' labels and in its devices' dm uuids.</summary>
public readonly record struct PoolUuid(Guid Value)
{
    /// <summary>36 characters, lower case, with hyphens.</summary>
    public override string ToString() => Value.ToString("D");
}
