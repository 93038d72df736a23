using System.Collections.Concurrent;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Snapshots;
using DmAgents.Domain.Ports;

namespace DmAgents.Kernel.ThinPools;

/// <summary>A metadata snapshot that the pool holds, and the device to read it from.</summary>
internal sealed record HeldSnapshot(ulong Root, ThinPoolStatus Status, DevicePath Metadata);

/// <summary>Executes the decisions of each pool's snapshot broker. Kernel calls run on the thread of the reader whose
/// arrival or end requires them; a timer serves the deadlines.</summary>
/// <param name="take">Makes a pool take its metadata snapshot.</param>
/// <param name="release">Makes a pool release it.</param>
internal sealed class SharedSnapshots(
    TimeProvider time, Func<MappedName, KernelResult<HeldSnapshot>> take, Func<MappedName, KernelResult> release)
{
    /// <summary>Earlier readers have their own deadlines, all shorter than this.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(4);

    private readonly ConcurrentDictionary<MappedName, Shared> _pools = new();
    private long _tokens;

    /// <summary>Reads the snapshot, alone or shared with other readers.</summary>
    /// <param name="mayRead">After this time the snapshot is released even if this reader has not finished.</param>
    /// <returns>The result of <paramref name="read"/>; TimedOut if it took too long, because its data may be of several
    /// times; Busy if another program holds the snapshot, or the reader would have to wait and does not.</returns>
    public KernelResult<T> Read<T>(
        MappedName pool, MetadataReading reading, TimeSpan mayRead, Func<HeldSnapshot, KernelResult<T>> read)
    {
        var shared = _pools.GetOrAdd(pool, name => new Shared(this, name));
        using var turn = new Turn(new SnapshotToken(Interlocked.Increment(ref _tokens)));
        shared.Enter(turn, reading, mayRead);
        if (!turn.Admitted.Wait(reading.Patience ?? LongestWait) && shared.GiveUp(turn))
        {
            return Refused(
                reading.Patience is null ? KernelFault.TimedOut : KernelFault.Busy, pool, "others read an older state");
        }
        if (turn.Refusal is { } refusal)
            return refusal;
        KernelResult<T> result;
        KernelResult left;
        try
        {
            result = read(turn.Held!);
        }
        finally
        {
            left = shared.Leave(turn);
        }
        return turn.IsExpired
            ? Refused(KernelFault.TimedOut, pool, $"not read within {mayRead.TotalSeconds:0} s: it was released")
            : result.Succeeded && left.Error is { } error ? error
            : result;
    }

    /// <summary>Releases a snapshot that no reader of this process holds. Invalid if there is none.</summary>
    public KernelResult ReleaseLeft(MappedName pool) =>
        _pools.TryGetValue(pool, out var shared) ? shared.ReleaseLeft() : release(pool);

    private static KernelError Refused(KernelFault fault, MappedName pool, string why) =>
        new(fault, 0, "read by metadata snapshot", pool.Value, why);

    private sealed class Turn(SnapshotToken token) : IDisposable
    {
        public SnapshotToken Token => token;

        public ManualResetEventSlim Admitted { get; } = new();

        public HeldSnapshot? Held { get; set; }

        public KernelError? Refusal { get; set; }

        public volatile bool IsExpired;

        public void Dispose() => Admitted.Dispose();
    }

    private sealed class Shared
    {
        private readonly Lock _gate = new();
        private readonly SnapshotBroker _broker = new();
        private readonly Dictionary<SnapshotToken, Turn> _turns = [];
        private readonly SharedSnapshots _owner;
        private readonly MappedName _pool;
        private readonly ITimer _timer;
        private readonly long _start;
        private HeldSnapshot? _held;
        private KernelError? _notTaken;

        public Shared(SharedSnapshots owner, MappedName pool)
        {
            _owner = owner;
            _pool = pool;
            _start = owner.Time.GetTimestamp();
            _timer = owner.Time.CreateTimer(
                _ => Step(new SnapshotInput.Tick()), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        public void Enter(Turn turn, MetadataReading reading, TimeSpan mayRead)
        {
            lock (_gate)
                _turns[turn.Token] = turn;
            Step(new SnapshotInput.Enter(
                turn.Token, reading.MaxAge, mayRead, MayWait: reading.Patience != TimeSpan.Zero));
        }

        /// <returns>False if the reader was admitted at this moment.</returns>
        public bool GiveUp(Turn turn)
        {
            lock (_gate)
            {
                if (turn.Admitted.IsSet)
                    return false;
                _turns.Remove(turn.Token);
            }
            Step(new SnapshotInput.GiveUp(turn.Token));
            return true;
        }

        /// <returns>The result of the release, if this was the last reader.</returns>
        public KernelResult Leave(Turn turn)
        {
            var left = Step(new SnapshotInput.Leave(turn.Token));
            lock (_gate)
                _turns.Remove(turn.Token);
            return left;
        }

        public KernelResult ReleaseLeft()
        {
            lock (_gate)
            {
                // No other thread can take a snapshot meanwhile: the kernel call happens under the lock.
                return _broker.IsInUse
                    ? Refused(KernelFault.Invalid, _pool, "it is read by this process, and not left over")
                    : _owner.Release(_pool);
            }
        }

        /// <summary>Steps the broker and executes its outputs until there are none.</summary>
        private KernelResult Step(SnapshotInput first)
        {
            var released = KernelResult.Done;
            for (SnapshotInput? input = first; input is not null;)
            {
                var (isTaking, isReleasing) = Decide(input);
                input = null;
                if (isTaking)
                    input = Take();
                else if (isReleasing)
                    (released, input) = (_owner.Release(_pool), new SnapshotInput.Released());
            }
            return released;
        }

        private (bool IsTaking, bool IsReleasing) Decide(SnapshotInput input)
        {
            lock (_gate)
            {
                var (isTaking, isReleasing) = (false, false);
                foreach (var output in _broker.Step(input, _owner.Time.GetElapsedTime(_start)))
                {
                    isTaking |= output is SnapshotOutput.Take;
                    isReleasing |= output is SnapshotOutput.Release;
                    Tell(output);
                }
                var next = _broker.NextDeadline - _owner.Time.GetElapsedTime(_start);
                _timer.Change(
                    next is not { } left ? Timeout.InfiniteTimeSpan : left > TimeSpan.Zero ? left : TimeSpan.Zero,
                    Timeout.InfiniteTimeSpan);
                return (isTaking, isReleasing);
            }
        }

        private void Tell(SnapshotOutput output)
        {
            switch (output)
            {
                case SnapshotOutput.Admitted admitted when _turns.TryGetValue(admitted.Token, out var turn):
                    turn.Held = _held;
                    turn.Admitted.Set();
                    break;
                case SnapshotOutput.Refused refused when _turns.Remove(refused.Token, out var turn):
                    turn.Refusal = refused.Why == RefusedReading.NotTaken
                        ? _notTaken
                        : Refused(KernelFault.Busy, _pool, "others read an older state");
                    turn.Admitted.Set();
                    break;
                case SnapshotOutput.Expired expired when _turns.TryGetValue(expired.Token, out var turn):
                    turn.IsExpired = true;
                    break;
            }
        }

        private SnapshotInput Take()
        {
            var taken = _owner.Take(_pool);
            lock (_gate)
            {
                _held = taken.Succeeded ? taken.Value : null;
                _notTaken = taken.Error;
            }
            return taken.Succeeded ? new SnapshotInput.Taken() : new SnapshotInput.NotTaken();
        }
    }

    private TimeProvider Time => time;

    private KernelResult<HeldSnapshot> Take(MappedName pool) => take(pool);

    private KernelResult Release(MappedName pool) => release(pool);
}
