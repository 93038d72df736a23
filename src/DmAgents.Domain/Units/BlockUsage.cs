namespace DmAgents.Domain.Units;

/// <summary>A budget of equal blocks: how many are used, of how many, and how large one is.</summary>
public readonly record struct BlockUsage(ulong Used, ulong Total, ByteSize BlockSize)
{
    public ulong Free => Total > Used ? Total - Used : 0;

    public ByteSize UsedBytes => new(checked(Used * BlockSize.Bytes));

    public ByteSize FreeBytes => new(checked(Free * BlockSize.Bytes));

    public ByteSize TotalBytes => new(checked(Total * BlockSize.Bytes));

    /// <summary>From 0 to 100; an empty budget counts as full.</summary>
    public double FreePercent => Total == 0 ? 0 : 100.0 * Free / Total;
}
