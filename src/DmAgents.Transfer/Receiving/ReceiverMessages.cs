using System.Collections.Immutable;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Receiving;

/// <summary>The inputs of a receiver.</summary>
public abstract record ReceiverInput
{
    /// <summary>The first input: a resumed receiver looks for its target.</summary>
    public sealed record Start : ReceiverInput;

    /// <summary>A source is connected. Each connection has its own number.</summary>
    public sealed record Connected(int Connection) : ReceiverInput;

    /// <summary>A record of the source arrived. Its bytes are not needed after the step.</summary>
    public sealed record Received(int Connection, TransferRecord Record) : ReceiverInput;

    /// <summary>The connection ended, stalled, or sent something that is not a record.</summary>
    public sealed record Broken(int Connection, string Reason) : ReceiverInput;

    /// <summary>The layer is no longer wanted.</summary>
    public sealed record Cancel(string Reason) : ReceiverInput;

    /// <summary>The agent stops: the stored state stays, and a receiver continues with it after the next
    /// start.</summary>
    public sealed record Stop : ReceiverInput;

    /// <summary>Time has passed.</summary>
    public sealed record Tick : ReceiverInput;

    /// <summary>A job succeeded or failed.</summary>
    public abstract record JobDone(KernelError? Error) : ReceiverInput;

    public sealed record PlanKept(KernelError? Error) : JobDone(Error);

    /// <param name="IsThere">False if the target is missing.</param>
    public sealed record TargetReady(bool IsThere, KernelError? Error) : JobDone(Error);

    public sealed record PieceLoaded(ulong Piece, KernelError? Error) : JobDone(Error);

    public sealed record PieceWritten(ulong Piece, KernelError? Error) : JobDone(Error);

    public sealed record PiecesZeroed(PieceRange Pieces, KernelError? Error) : JobDone(Error);

    public sealed record Synced(KernelError? Error) : JobDone(Error);

    public sealed record ProgressKept(KernelError? Error) : JobDone(Error);

    public sealed record PieceReadBack(ulong Piece, KernelError? Error) : JobDone(Error);

    public sealed record Committed(KernelError? Error) : JobDone(Error);
}

/// <summary>A received part of a piece.</summary>
/// <param name="Range">Its range on the device.</param>
public readonly record struct ReceivedPart(ByteRange Range, bool IsZeros)
{
    /// <summary>Joins neighbouring parts: each part costs a disk call, and a chunk on the wire is only a fraction of a
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

/// <summary>The orders of a receiver. Each job is answered once by its own <see cref="ReceiverInput.JobDone"/>; jobs of
/// different pieces may run concurrently.</summary>
public abstract record ReceiverOutput
{
    public sealed record Send(int Connection, TransferRecord Record) : ReceiverOutput;

    /// <summary>Close a connection.</summary>
    /// <param name="Fault">What is wrong with the source; null: it is no longer needed.</param>
    public sealed record Disconnect(int Connection, string? Fault) : ReceiverOutput;

    /// <summary>Replace the layer's stored plan and map, durably. Answer: PlanKept.</summary>
    public sealed record KeepPlan(ReceivingProgress Progress, ContentMap Map) : ReceiverOutput;

    /// <summary>Look for the target. Answer: TargetReady.</summary>
    public sealed record FindTarget(ReceivingProgress Progress) : ReceiverOutput;

    /// <summary>Create the target, or find it: a snapshot of the base or a blank device, of the shape's size. Answer:
    /// TargetReady.</summary>
    public sealed record MakeTarget(ReceivingProgress Progress) : ReceiverOutput;

    /// <summary>Read a piece of the target in its present state, because only parts of it were received. Answer:
    /// PieceLoaded.</summary>
    public sealed record LoadPiece(ulong Piece, ByteRange Range, Memory<byte> Into) : ReceiverOutput;

    /// <summary>Write a piece's parts. Answer: PieceWritten.</summary>
    /// <param name="Range">The piece's range; Bytes starts at its start.</param>
    public sealed record WritePiece(
        ulong Piece, ByteRange Range, ImmutableArray<ReceivedPart> Parts, ReadOnlyMemory<byte> Bytes) : ReceiverOutput;

    /// <summary>Zero whole pieces. Answer: PiecesZeroed.</summary>
    public sealed record ZeroPieces(PieceRange Pieces, ByteRange Range) : ReceiverOutput;

    /// <summary>Sync the target. Answer: Synced.</summary>
    public sealed record Sync : ReceiverOutput;

    /// <summary>Make the progress durable; the pieces in it are synced. Answer: ProgressKept.</summary>
    public sealed record KeepProgress(ReceivingProgress Progress) : ReceiverOutput;

    /// <summary>Read a piece of the target from the disk. Answer: PieceReadBack.</summary>
    public sealed record ReadBack(ulong Piece, ByteRange Range, Memory<byte> Into) : ReceiverOutput;

    /// <summary>Make the target a layer, store its map, and delete plan and progress, atomically. Answer:
    /// Committed.</summary>
    public sealed record Commit(ReceivingProgress Progress, ContentMap Map) : ReceiverOutput;

    /// <summary>Delete plan and progress, then remove the target. In this order, because recovery removes a target
    /// without a plan, and a plan without its target must not be believed. The last output.</summary>
    public sealed record Abandon(string Reason) : ReceiverOutput;

    /// <summary>Step again at this time at the latest.</summary>
    public sealed record WakeAt(TimeSpan Time) : ReceiverOutput;
}
