namespace DmAgents.Transfer.Content;

/// <summary>Neighbouring pieces of a device: the first, and how many.</summary>
public readonly record struct PieceRange(ulong Start, ulong Count)
{
    /// <summary>More pieces than any device has: Linux counts a device's bytes by 63 bits, and the least piece has
    /// 4 KiB.</summary>
    public const ulong Most = 1UL << 51;

    /// <summary>The piece after the last.</summary>
    public ulong End => checked(Start + Count);

    public override string ToString() => Count == 1 ? $"piece {Start}" : $"pieces {Start} to {End - 1}";
}
