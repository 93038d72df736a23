namespace DmAgents.Transfer.Content;

/// <summary>Consecutive pieces of a device: the first, and their number.</summary>
public readonly record struct PieceRange(ulong Start, ulong Count)
{
    /// <summary>More pieces than any device has: Linux counts a device's bytes with 63 bits, and the smallest piece has
    /// 4 KiB.</summary>
    public const ulong Most = 1UL << 51;

    /// <summary>The piece after the last.</summary>
    public ulong End => checked(Start + Count);

    public override string ToString() => Count == 1 ? $"piece {Start}" : $"pieces {Start} to {End - 1}";
}
