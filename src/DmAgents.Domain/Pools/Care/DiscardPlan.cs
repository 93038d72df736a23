using System.Collections.Immutable;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Care;

/// <summary>
/// What is still to be discarded of a device that is going, and how much of it next. Pieces grow and shrink with the
/// time that the last one took: what a block costs depends on the disks below, and nobody but they knows.
/// </summary>
public sealed record DiscardPlan
{
    public const ulong FirstPiece = 512;

    /// <summary>16 MiB of the smallest blocks: a millisecond where nothing else runs. On a host under load every piece
    /// is slow, and smaller ones would only make the deletion endless.</summary>
    public const ulong LeastPiece = 256;

    /// <summary>1 GiB of the smallest blocks.</summary>
    public const ulong MostPiece = 16384;

    /// <summary>Each range is a call to the kernel, which counts as so many blocks.</summary>
    public const ulong CallBlocks = 16;

    private readonly ImmutableArray<BlockRange> _ranges;

    /// <summary>The first range that is not done, and how many of its blocks are.</summary>
    private readonly int _at;
    private readonly ulong _done;

    private DiscardPlan(ImmutableArray<BlockRange> ranges, int at, ulong done, ulong left, ulong pieceBlocks)
    {
        (_ranges, _at, _done) = (ranges, at, done);
        (BlocksLeft, PieceBlocks) = (left, pieceBlocks);
    }

    public ulong BlocksLeft { get; }

    /// <summary>How many blocks the next piece has at most, its calls among them.</summary>
    public ulong PieceBlocks { get; }

    public bool IsDone => BlocksLeft == 0;

    /// <param name="ranges">Ascending, none of them empty.</param>
    public static DiscardPlan Of(ImmutableArray<BlockRange> ranges) => new(
        ranges, at: 0, done: 0, ranges.Aggregate(0UL, (sum, range) => checked(sum + range.Count)), FirstPiece);

    /// <summary>The piece that is next; empty where all is done.</summary>
    public ImmutableArray<BlockRange> Next
    {
        get
        {
            var piece = ImmutableArray.CreateBuilder<BlockRange>();
            var (room, done) = (PieceBlocks, _done);
            for (var at = _at; at < _ranges.Length && room > CallBlocks; at++, done = 0)
            {
                var range = _ranges[at].Skip(done).Take(room - CallBlocks);
                piece.Add(range);
                room -= range.Count + CallBlocks;
            }
            return piece.ToImmutable();
        }
    }

    /// <summary>The plan when <see cref="Next"/> is done, which took so long.</summary>
    public DiscardPlan After(TimeSpan took)
    {
        var (at, done) = (_at, _done);
        var piece = Next;
        foreach (var range in piece)
        {
            done += range.Count;
            if (done < _ranges[at].Count)
                continue;
            (at, done) = (at + 1, 0);
        }
        var blocks = piece.Aggregate(0UL, (sum, range) => sum + range.Count);
        return new DiscardPlan(_ranges, at, done, BlocksLeft - blocks,
            BackgroundPace.NextPiece(PieceBlocks, took, LeastPiece, MostPiece));
    }
}
