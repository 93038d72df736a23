namespace DmAgents.Domain.Units;

/// <summary>A budget of equal blocks: used and total blocks, and the size of one.</summary>
public readonly record struct BlockUsage(ulong Used, ulong Total, ByteSize BlockSize)
{
    public ulong Free => Total > Used ? Total - Used : 0;

    public ByteSize UsedBytes => new(checked(Used * BlockSize.Bytes));

    public ByteSize FreeBytes => new(checked(Free * BlockSize.Bytes));

    public ByteSize TotalBytes => new(checked(Total * BlockSize.Bytes));

    /// <summary>From 0 to 100; an empty budget counts as full.</summary>
    public double FreePercent => Total == 0 ? 0 : 100.0 * Free / Total;
}
