using System.Numerics;

namespace DmAgents.Kernel.ThinPools.Metadata;

/// <summary>A set of block numbers below a limit, one bit each.</summary>
internal sealed class BlockSet(ulong limit)
{
    private const int Width = 64;

    private readonly ulong[] _words = new ulong[(limit + Width - 1) / Width];

    /// <summary>False if the block was already in the set.</summary>
    public bool Add(ulong block)
    {
        ref var word = ref _words[block / Width];
        var bit = 1UL << (int)(block % Width);
        var isNew = (word & bit) == 0;
        word |= bit;
        return isNew;
    }

    public bool Has(ulong block) => (_words[block / Width] & (1UL << (int)(block % Width))) != 0;

    /// <summary>The first block at or after <paramref name="from"/>, or null.</summary>
    public ulong? Next(ulong from)
    {
        if (from >= limit)
            return null;
        var index = from / Width;
        var word = _words[index] & (ulong.MaxValue << (int)(from % Width));
        while (word == 0)
        {
            if (++index >= (ulong)_words.Length)
                return null;
            word = _words[index];
        }
        return index * Width + (ulong)BitOperations.TrailingZeroCount(word);
    }
}
