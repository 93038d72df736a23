using System.Collections.Immutable;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Receiving;

/// <summary>The inputs of a receiver.</summary>
public abstract record ReceiverInput
{
    /// <summary>The first input: a receiver that was resumed looks for its target.</summary>
    public sealed record Start : ReceiverInput;

    /// <summary>A source is there. Each connection has another number.</summary>
    public sealed record Connected(int Connection) : ReceiverInput;

    /// <summary>A record of the source's came. Its bytes are no longer needed after the step.</summary>
    public sealed record Received(int Connection, TransferRecord Record) : ReceiverInput;

    /// <summary>The connection ended, stalled, or brought what is no record.</summary>
    public sealed record Broken(int Connection, string Reason) : ReceiverInput;

    /// <summary>The layer is no longer wanted.</summary>
    public sealed record Cancel(string Reason) : ReceiverInput;

    /// <summary>The agent stops: what is kept stays, and a receiver continues with it after the next start.</summary>
    public sealed record Stop : ReceiverInput;

    /// <summary>Time has passed.</summary>
    public sealed record Tick : ReceiverInput;

    /// <summary>A job is done, or was refused.</summary>
    public abstract record JobDone(KernelError? Error) : ReceiverInput;

    public sealed record PlanKept(KernelError? Error) : JobDone(Error);

    /// <param name="IsThere">False: it was looked for, and is missing.</param>
    public sealed record TargetReady(bool IsThere, KernelError? Error) : JobDone(Error);

    public sealed record PieceLoaded(ulong Piece, KernelError? Error) : JobDone(Error);

    public sealed record PieceWritten(ulong Piece, KernelError? Error) : JobDone(Error);

    public sealed record PiecesZeroed(PieceRange Pieces, KernelError? Error) : JobDone(Error);

    public sealed record Synced(KernelError? Error) : JobDone(Error);

    public sealed record ProgressKept(KernelError? Error) : JobDone(Error);

    public sealed record PieceReadBack(ulong Piece, KernelError? Error) : JobDone(Error);

    public sealed record Committed(KernelError? Error) : JobDone(Error);
}

/// <summary>A part of a piece that was received.</summary>
/// <param name="Range">On the device.</param>
public readonly record struct ReceivedPart(ByteRange Range, bool IsZeros)
{
    /// <summary>Neighbouring parts as one: each is a call of the disk, and a chunk of the wire is a fraction of a
    /// piece.</summary>
    public static IEnumerable<ReceivedPart> Joined(ImmutableArray<ReceivedPart> parts)
    {
        for (var i = 0; i < parts.Length;)
        {
            var (range, zeros) = parts[i++];
            for (; i < parts.Length && parts[i].IsZeros == zeros && parts[i].Range.Start == range.End; i++)
                range = range with { Length = parts[i].Range.End - range.Start };
            yield return new ReceivedPart(range, zeros);
        }
    }
}

/// <summary>What a receiver orders. Each job is answered once by its own <see cref="ReceiverInput.JobDone"/>; jobs of
/// different pieces may run at the same time.</summary>
public abstract record ReceiverOutput
{
    public sealed record Send(int Connection, TransferRecord Record) : ReceiverOutput;

    /// <summary>Close a connection.</summary>
    /// <param name="Fault">What is wrong with the source; null: it is not needed any more.</param>
    public sealed record Disconnect(int Connection, string? Fault) : ReceiverOutput;

    /// <summary>Make plan and map durable, in place of whatever was kept for this layer. PlanKept.</summary>
    public sealed record KeepPlan(ReceivingProgress Progress, ContentMap Map) : ReceiverOutput;

    /// <summary>Look for the target. TargetReady.</summary>
    public sealed record FindTarget(ReceivingProgress Progress) : ReceiverOutput;

    /// <summary>Make the target, or find it: a snapshot of the base or a blank device, of the shape's size.
    /// TargetReady.</summary>
    public sealed record MakeTarget(ReceivingProgress Progress) : ReceiverOutput;

    /// <summary>Read a piece of the target as it is, of which parts were received. PieceLoaded.</summary>
    public sealed record LoadPiece(ulong Piece, ByteRange Range, Memory<byte> Into) : ReceiverOutput;

    /// <summary>Write a piece's parts. PieceWritten.</summary>
    /// <param name="Range">Of the piece: the first of the bytes is the range's.</param>
    public sealed record WritePiece(
        ulong Piece, ByteRange Range, ImmutableArray<ReceivedPart> Parts, ReadOnlyMemory<byte> Bytes) : ReceiverOutput;

    /// <summary>Make whole pieces zeros. PiecesZeroed.</summary>
    public sealed record ZeroPieces(PieceRange Pieces, ByteRange Range) : ReceiverOutput;

    /// <summary>Sync the target. Synced.</summary>
    public sealed record Sync : ReceiverOutput;

    /// <summary>Make the progress durable; what it names is synced. ProgressKept.</summary>
    public sealed record KeepProgress(ReceivingProgress Progress) : ReceiverOutput;

    /// <summary>Read a piece of the target from the disk. PieceReadBack.</summary>
    public sealed record ReadBack(ulong Piece, ByteRange Range, Memory<byte> Into) : ReceiverOutput;

    /// <summary>Make the target a layer, keep its map, and forget plan and progress: all at once. Committed.</summary>
    public sealed record Commit(ReceivingProgress Progress, ContentMap Map) : ReceiverOutput;

    /// <summary>Forget plan and progress, then remove the target: in this order, for a target without a plan is removed
    /// by recovery, and a plan must not be believed without its target. The last output.</summary>
    public sealed record Abandon(string Reason) : ReceiverOutput;

    /// <summary>Step again at this time at the latest.</summary>
    public sealed record WakeAt(TimeSpan Time) : ReceiverOutput;
}
