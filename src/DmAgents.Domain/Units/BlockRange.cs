namespace DmAgents.Domain.Units;

/// <summary>Contiguous blocks of a device: the first, and how many.</summary>
public readonly record struct BlockRange(ulong Start, ulong Count)
{
    /// <summary>The block after the last.</summary>
    public ulong End => checked(Start + Count);

    /// <summary>The first blocks of the range, at most this number.</summary>
    public BlockRange Take(ulong count) => this with { Count = Math.Min(Count, count) };

    /// <summary>The rest of the range after <see cref="Take"/>.</summary>
    public BlockRange Skip(ulong count) =>
        count >= Count ? new BlockRange(End, 0) : new BlockRange(Start + count, Count - count);

    /// <summary>Its place on a device, in bytes.</summary>
    public (ByteSize Start, ByteSize Length) InBytes(ByteSize blockSize) =>
        (new ByteSize(checked(Start * blockSize.Bytes)), new ByteSize(checked(Count * blockSize.Bytes)));
}
