using System.Collections.Immutable;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Care;

/// <summary>
/// The blocks of a device in removal that are still to be discarded, and the size of the next piece. Pieces grow and
/// shrink with the duration of the last one: the cost of a block depends on the disks below, and can only be measured.
/// </summary>
public sealed record DiscardPlan
{
    public const ulong FirstPiece = 512;

    /// <summary>16 MiB of the smallest blocks: a millisecond on an idle host. On a loaded host every piece is slow, and
    /// smaller pieces would only make the deletion endless.</summary>
    public const ulong LeastPiece = 256;

    /// <summary>1 GiB of the smallest blocks.</summary>
    public const ulong MostPiece = 16384;

    /// <summary>Each range needs one kernel call, which counts as this number of blocks.</summary>
    public const ulong CallBlocks = 16;

    private readonly ImmutableArray<BlockRange> _ranges;

    /// <summary>The index of the first unfinished range, and the number of its finished blocks.</summary>
    private readonly int _at;
    private readonly ulong _done;

    private DiscardPlan(ImmutableArray<BlockRange> ranges, int at, ulong done, ulong left, ulong pieceBlocks)
    {
        (_ranges, _at, _done) = (ranges, at, done);
        (BlocksLeft, PieceBlocks) = (left, pieceBlocks);
    }

    public ulong BlocksLeft { get; }

    /// <summary>The maximum number of blocks in the next piece, including the blocks that its calls count as.</summary>
    public ulong PieceBlocks { get; }

    public bool IsDone => BlocksLeft == 0;

    /// <param name="ranges">Ascending, none of them empty.</param>
    public static DiscardPlan Of(ImmutableArray<BlockRange> ranges) => new(
        ranges, at: 0, done: 0, ranges.Aggregate(0UL, (sum, range) => checked(sum + range.Count)), FirstPiece);

    /// <summary>The next piece; empty if all is done.</summary>
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

    /// <summary>The plan after <see cref="Next"/>, which took this long.</summary>
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
