using System.Collections.Immutable;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Pacing;

/// <summary>One wait for a transfer's next bytes.</summary>
public readonly record struct GateTicket(long Value);

/// <summary>The inputs of the gate.</summary>
public abstract record GateInput
{
    /// <summary>A transfer wants to send so many bytes.</summary>
    public sealed record Request(GateTicket Ticket, TransferPriority Priority, int Bytes) : GateInput;

    /// <summary>It no longer wants to.</summary>
    public sealed record Withdraw(GateTicket Ticket) : GateInput;

    /// <summary>The host's limit, in bytes a second; null: none.</summary>
    public sealed record Limit(long? BytesPerSecond) : GateInput;

    /// <summary>Time has passed.</summary>
    public sealed record Tick : GateInput;
}

/// <summary>
/// The host's limit of bytes that transfers send, and in whose turn they are: the more urgent first, within a priority
/// one after the other. One grant in eight is for the one that was passed over longest, so a transfer that others
/// overtake still moves, and its receiver does not take it for stalled.
/// </summary>
/// <remarks>A machine: it decides, and its driver waits. Without a limit everything is granted at once.</remarks>
public sealed class BandwidthGate
{
    /// <summary>Grants in a row by urgency alone.</summary>
    private const int InARow = 7;

    /// <summary>What a pause saves up, as a part of a second.</summary>
    private const int BurstPart = 10;

    private readonly List<Waiting> _waiting = [];
    private TokenBucket? _bucket;
    private int _inARow;

    private sealed record Waiting(GateTicket Ticket, TransferPriority Priority, int Bytes);

    /// <summary>Steps once.</summary>
    /// <returns>Those that may send, in this order, and when to step again; null: when something is asked.</returns>
    public (ImmutableArray<GateTicket> Granted, TimeSpan? WakeAt) Step(GateInput input, TimeSpan now)
    {
        switch (input)
        {
            case GateInput.Request request:
                _waiting.Add(new Waiting(request.Ticket, request.Priority, request.Bytes));
                break;
            case GateInput.Withdraw gone:
                _waiting.RemoveAll(waiting => waiting.Ticket == gone.Ticket);
                break;
            case GateInput.Limit limit:
                _bucket = limit.BytesPerSecond is { } rate ? new TokenBucket(rate, rate / BurstPart, now) : null;
                break;
            case GateInput.Tick:
                break;
            default:
                throw new InvalidOperationException($"an input of no known kind: {input}");
        }
        var granted = ImmutableArray.CreateBuilder<GateTicket>();
        while (_waiting.Count > 0 && (_bucket is null || _bucket.Wait(now) == TimeSpan.Zero))
        {
            var next = Next();
            _waiting.Remove(next);
            _bucket?.Take(next.Bytes, now);
            granted.Add(next.Ticket);
        }
        return (granted.ToImmutable(), _waiting.Count == 0 ? null : now + _bucket!.Wait(now));
    }

    private Waiting Next()
    {
        var urgent = _waiting.MinBy(waiting => waiting.Priority)!;
        // The list is in the order of asking: its first was passed over longest.
        var other = _waiting.FirstOrDefault(waiting => waiting.Priority != urgent.Priority);
        _inARow = other is null || _inARow == InARow ? 0 : _inARow + 1;
        return other is not null && _inARow == 0 ? other : urgent;
    }
}
