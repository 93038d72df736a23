using System.Collections.Immutable;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Pacing;

/// <summary>One wait for a transfer's next bytes.</summary>
public readonly record struct GateTicket(long Value);

/// <summary>The inputs of the gate.</summary>
public abstract record GateInput
{
    /// <summary>A transfer wants to send this many bytes.</summary>
    public sealed record Request(GateTicket Ticket, TransferPriority Priority, int Bytes) : GateInput;

    /// <summary>The transfer withdraws its request.</summary>
    public sealed record Withdraw(GateTicket Ticket) : GateInput;

    /// <summary>The host's limit in bytes per second; null: none.</summary>
    public sealed record Limit(long? BytesPerSecond) : GateInput;

    /// <summary>Time has passed.</summary>
    public sealed record Tick : GateInput;
}

/// <summary>
/// The host's limit of bytes that transfers send, and the order in which they may send: the more urgent first, in turn
/// within a priority. One grant in eight is for the transfer that was passed over longest. So a transfer that others
/// overtake still makes progress, and its receiver does not consider it stalled.
/// </summary>
/// <remarks>A pure machine: it decides, and its driver waits. Without a limit it grants everything at once.</remarks>
public sealed class BandwidthGate
{
    /// <summary>Consecutive grants by urgency alone.</summary>
    private const int InARow = 7;

    /// <summary>A pause saves up this fraction of a second's bytes.</summary>
    private const int BurstPart = 10;

    private readonly List<Waiting> _waiting = [];
    private TokenBucket? _bucket;
    private int _inARow;

    private sealed record Waiting(GateTicket Ticket, TransferPriority Priority, int Bytes);

    /// <summary>Steps once.</summary>
    /// <returns>The tickets that may send, in this order, and when to step again; null: at the next input.</returns>
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
        // The list is in the order of the requests: its first was passed over longest.
        var other = _waiting.FirstOrDefault(waiting => waiting.Priority != urgent.Priority);
        _inARow = other is null || _inARow == InARow ? 0 : _inARow + 1;
        return other is not null && _inARow == 0 ? other : urgent;
    }
}
