namespace DmAgents.Domain.Units;

/// <summary>Neighbouring blocks of a device: the first, and how many.</summary>
public readonly record struct BlockRange(ulong Start, ulong Count)
{
    /// <summary>The block after the last.</summary>
    public ulong End => checked(Start + Count);

    /// <summary>The first blocks of it, at most so many.</summary>
    public BlockRange Take(ulong count) => this with { Count = Math.Min(Count, count) };

    /// <summary>What is left without <see cref="Take"/>.</summary>
    public BlockRange Skip(ulong count) =>
        count >= Count ? new BlockRange(End, 0) : new BlockRange(Start + count, Count - count);

    /// <summary>Where they lie on a device, in bytes.</summary>
    public (ByteSize Start, ByteSize Length) InBytes(ByteSize blockSize) =>
        (new ByteSize(checked(Start * blockSize.Bytes)), new ByteSize(checked(Count * blockSize.Bytes)));
}
