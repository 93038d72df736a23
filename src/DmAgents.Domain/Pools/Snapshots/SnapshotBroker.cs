using System.Collections.Immutable;

namespace DmAgents.Domain.Pools.Snapshots;

/// <summary>One reader of a pool's metadata snapshot.</summary>
public readonly record struct SnapshotToken(long Value);

/// <summary>
/// Shares a pool's metadata snapshot, of which the kernel allows one, among readers. It is released when the last
/// reader ends or its deadline passes. A reader that needs a later state than the held one waits for the next snapshot.
/// </summary>
/// <remarks>
/// A machine: it decides, and its driver acts. Times come from one monotonic clock. Taken or NotTaken must answer every
/// <see cref="SnapshotOutput.Take"/>, and Released every <see cref="SnapshotOutput.Release"/>, before the next of
/// either. While a reader waits for a later state, others join the held snapshot only as long as an earlier reader
/// still reads. So a stream of short readers cannot starve the waiting one.
/// </remarks>
public sealed class SnapshotBroker
{
    private enum Phase
    {
        None,
        Taking,
        Held,
        Releasing,
    }

    private readonly List<Waiting> _waiting = [];
    private readonly Dictionary<SnapshotToken, TimeSpan> _deadlines = [];

    /// <summary>Readers that were present when the first reader arrived that needs a later snapshot; null: none
    /// does.</summary>
    private HashSet<SnapshotToken>? _elders;
    private Phase _phase;
    private TimeSpan _takenAt;

    private sealed record Waiting(SnapshotToken Token, TimeSpan NotBefore, TimeSpan MayRead, bool MayWait);

    /// <summary>This process holds a snapshot, or is about to.</summary>
    public bool IsInUse => _phase != Phase.None;

    /// <summary>When the next deadline passes; null: there are no readers.</summary>
    public TimeSpan? NextDeadline => _deadlines.Count == 0 ? null : _deadlines.Values.Min();

    public ImmutableArray<SnapshotOutput> Step(SnapshotInput input, TimeSpan now)
    {
        var outputs = ImmutableArray.CreateBuilder<SnapshotOutput>();
        switch (input)
        {
            case SnapshotInput.Enter enter:
                _waiting.Add(new Waiting(
                    enter.Token, enter.MaxAge > now ? TimeSpan.MinValue : now - enter.MaxAge, enter.MayRead,
                    enter.MayWait));
                break;
            case SnapshotInput.GiveUp gone:
                _waiting.RemoveAll(waiting => waiting.Token == gone.Token);
                // It may have been admitted at this very moment.
                _deadlines.Remove(gone.Token);
                break;
            case SnapshotInput.Leave leave:
                _deadlines.Remove(leave.Token);
                break;
            case SnapshotInput.Taken:
                _phase = Phase.Held;
                break;
            case SnapshotInput.NotTaken:
                _phase = Phase.None;
                Refuse(outputs, RefusedReading.NotTaken);
                break;
            case SnapshotInput.Released:
                _phase = Phase.None;
                break;
            case SnapshotInput.Tick:
                break;
            default:
                throw new InvalidOperationException($"an input of no known kind: {input}");
        }
        // After the input: a reader that leaves exactly at its deadline has read in time.
        Expire(now, outputs);
        Settle(now, outputs);
        return outputs.ToImmutable();
    }

    private void Expire(TimeSpan now, ImmutableArray<SnapshotOutput>.Builder outputs)
    {
        foreach (var token in _deadlines.Where(reader => reader.Value <= now).Select(reader => reader.Key).ToList())
        {
            _deadlines.Remove(token);
            outputs.Add(new SnapshotOutput.Expired(token));
        }
    }

    private void Settle(TimeSpan now, ImmutableArray<SnapshotOutput>.Builder outputs)
    {
        if (_phase == Phase.Held)
        {
            Admit(now, outputs);
            Refuse(outputs, RefusedReading.TooOld);
            _elders = _waiting.Any(waiting => waiting.NotBefore > _takenAt) ? _elders ?? [.. _deadlines.Keys] : null;
            if (_deadlines.Count == 0)
            {
                (_phase, _elders) = (Phase.Releasing, null);
                outputs.Add(new SnapshotOutput.Release());
            }
        }
        if (_phase == Phase.None && _waiting.Count > 0)
        {
            (_phase, _takenAt) = (Phase.Taking, now);
            outputs.Add(new SnapshotOutput.Take());
        }
    }

    private void Admit(TimeSpan now, ImmutableArray<SnapshotOutput>.Builder outputs)
    {
        if (_elders is not null && !_elders.Any(_deadlines.ContainsKey))
            return;
        foreach (var admitted in _waiting.Where(waiting => waiting.NotBefore <= _takenAt).ToList())
        {
            _waiting.Remove(admitted);
            _deadlines[admitted.Token] = now + admitted.MayRead;
            outputs.Add(new SnapshotOutput.Admitted(admitted.Token));
        }
    }

    /// <summary>If no snapshot was taken, refuses the readers that were to read it. Otherwise refuses the readers that
    /// need a later state than the held one and do not wait.</summary>
    private void Refuse(ImmutableArray<SnapshotOutput>.Builder outputs, RefusedReading why)
    {
        foreach (var refused in _waiting.Where(waiting => why == RefusedReading.NotTaken
            ? waiting.NotBefore <= _takenAt
            : !waiting.MayWait && waiting.NotBefore > _takenAt).ToList())
        {
            _waiting.Remove(refused);
            outputs.Add(new SnapshotOutput.Refused(refused.Token, why));
        }
    }
}
