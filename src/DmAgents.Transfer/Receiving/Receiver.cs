using System.Collections.Immutable;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Receiving;

/// <summary>
/// The receiving side of a layer's transfer, over any number of connections. A pure machine: it decides what to
/// request, store, write and verify, and its driver does it. In the end the layer is complete, or nothing is left.
/// </summary>
/// <remarks>
/// <para>The map comes first, and it must have the wanted digest. From then on each piece is verified in memory,
/// against the map, before any of it is written. So each byte of the target is always either the base's or the wanted
/// one, a crash does no harm, and any source may continue where another one ended.</para>
/// <para>Before the commit the receiver reads the received pieces back from the disk.</para>
/// </remarks>
public sealed class Receiver
{
    private readonly ReceiveRequest _request;
    private readonly ReceiverSettings _settings;
    private readonly List<ReceiverOutput> _outputs = [];
    private readonly Sources _sources;
    private readonly ArrivingPieces _pieces;
    private Phase _phase;
    private TimeSpan _now;
    private int _jobs;
    private string _abandoned = "";

    private ReceivingProgress? _plan;
    private ContentMap? _map;
    private PieceSet _all = PieceSet.Empty;

    private enum Phase
    {
        /// <summary>There is no map: nothing is stored or created.</summary>
        Seeking,
        KeepingPlan,
        MakingTarget,
        Receiving,
        ReadingBack,
        Committing,
        Committed,

        /// <summary>Waits for jobs in progress.</summary>
        Abandoning,
        Abandoned,

        /// <summary>Waits for jobs in progress; what is stored is for the next start.</summary>
        Stopping,
        Stopped,
    }

    public Receiver(ReceiveRequest request, ReceiverSettings settings)
    {
        (_request, _settings) = (request, settings);
        (_sources, _pieces) = (new Sources(settings), new ArrivingPieces(settings, Order));
    }

    /// <summary>Resumes a reception that a crash interrupted.</summary>
    public Receiver(ReceiveRequest request, ReceiverSettings settings, ReceivingProgress kept, ContentMap map)
        : this(request, settings) => (_plan, _map) = (kept, map);

    /// <summary>False if the source owes no answer, or received pieces wait for the disk. The connection must not read
    /// a record then: an unanswered read would look like a stalled source.</summary>
    public bool TakesRecords(int connection) => _sources.Of(connection) is { IsIdle: false } talk && Takes(talk);

    /// <summary>The layer is committed, abandoned or stopped: no output follows.</summary>
    public bool IsOver => _phase is Phase.Committed or Phase.Abandoned or Phase.Stopped;

    public bool IsCommitted => _phase == Phase.Committed;

    public bool IsStopped => _phase == Phase.Stopped;

    /// <summary>The receiver cannot continue without another connection.</summary>
    public bool NeedsSource => _sources.All.Count == 0 && _phase <= Phase.Receiving
        && (_phase != Phase.Receiving || !_pieces.AreWritten);

    /// <summary>A further connection, beside the present ones, would help.</summary>
    public bool TakesSource => _sources.All.Count > 0 && _sources.All.Count < _settings.MaxSources
        && _phase is >= Phase.KeepingPlan and <= Phase.Receiving && !_pieces.AreWritten;

    /// <summary>What other hosts can be served during the reception. With the map receivers can find each other, although
    /// there is no piece to serve before the target exists. Null: no map yet, or no target any more.</summary>
    public ServedPieces? Served => _phase switch
    {
        Phase.KeepingPlan or Phase.MakingTarget => new ServedPieces(_map!, _all, PieceSet.Empty, PieceSet.Empty),
        Phase.Receiving or Phase.ReadingBack or Phase.Committing =>
            new ServedPieces(_map!, _pieces.Changed, _pieces.Written, Coming),
        _ => null,
    };

    /// <summary>What other receivers need not request; empty if this host has no other source.</summary>
    private PieceSet Coming =>
        _settings.MaxSources == 1 ? PieceSet.Empty : _sources.Coming.Union(_pieces.InHand);

    /// <summary>Of the pieces that differ from the base: the number verified and written, and the total.</summary>
    public (ulong Verified, ulong Changed) Progress => (_pieces.Written.Count, _pieces.Changed.Count);

    public ImmutableArray<ReceiverOutput> Step(ReceiverInput input, TimeSpan now)
    {
        _outputs.Clear();
        _now = now;
        if (input is ReceiverInput.JobDone done)
            TakeDone(done);
        else
            Take(input);
        Advance();
        return [.. _outputs];
    }

    private void Take(ReceiverInput input)
    {
        switch (input)
        {
            case ReceiverInput.Start:
                if (_plan is not null && _phase == Phase.Seeking)
                    Resume(_plan, _map!);
                break;
            case ReceiverInput.Connected(var connection):
                BeginTalk(connection);
                break;
            case ReceiverInput.Received(var connection, var record):
                if (_sources.Of(connection) is { } talk)
                    TakeRecord(talk, record);
                break;
            case ReceiverInput.Broken(var connection, _):
                EndTalk(connection);
                break;
            case ReceiverInput.Cancel(var reason):
                Abandon(reason);
                break;
            case ReceiverInput.Stop:
                Leave(Phase.Stopping);
                break;
            case ReceiverInput.Tick:
                break;
            default:
                throw new InvalidOperationException($"an input of no known kind: {input}");
        }
    }

    private void TakeDone(ReceiverInput.JobDone done)
    {
        _jobs--;
        if (_phase is Phase.Abandoning or Phase.Stopping)
            return;
        if (done.Error is { } error)
        {
            Abandon($"{_request.Layer} cannot be received: {error}");
            return;
        }
        switch (done)
        {
            case ReceiverInput.PlanKept:
                _phase = Phase.MakingTarget;
                Order(new ReceiverOutput.MakeTarget(_plan!));
                break;
            case ReceiverInput.TargetReady(var isThere, _):
                TakeTarget(isThere);
                break;
            case ReceiverInput.PieceLoaded(var piece, _):
                _pieces.TakeLoaded(piece);
                break;
            case ReceiverInput.PieceWritten(var piece, _):
                _pieces.TakeWritten(piece);
                break;
            case ReceiverInput.PiecesZeroed(var pieces, _):
                _pieces.TakeZeroed(pieces);
                break;
            case ReceiverInput.Synced:
                _plan = _plan! with { Verified = _pieces.TakeSync() };
                Order(new ReceiverOutput.KeepProgress(_plan));
                break;
            case ReceiverInput.ProgressKept:
                _pieces.TakeRecorded();
                break;
            case ReceiverInput.PieceReadBack(var piece, _):
                if (!_pieces.TakeReadBack(piece))
                    Abandon($"piece {piece} of {_request.Layer} was written, and the disk gives something else");
                break;
            case ReceiverInput.Committed:
                _phase = Phase.Committed;
                break;
            default:
                throw new InvalidOperationException($"a job of no known kind: {done}");
        }
    }

    private void Resume(ReceivingProgress plan, ContentMap map)
    {
        if (map.Digest != plan.Content || plan.Content != _request.Content || map.PieceSize != _settings.PieceSize)
            Abandon($"what was kept of {_request.Layer} is not what is wanted");
        else if (plan.Base is { } origin && _request.Ancestors.All(ancestor => ancestor.Digest != origin))
            Abandon($"the layer that {_request.Layer} was received upon is gone");
        else
        {
            TakePlan(plan, map);
            _phase = Phase.MakingTarget;
            Order(plan.Verified.IsEmpty ? new ReceiverOutput.MakeTarget(plan) : new ReceiverOutput.FindTarget(plan));
        }
    }

    private void TakePlan(ReceivingProgress plan, ContentMap map)
    {
        var origin = _request.Ancestors.FirstOrDefault(ancestor => ancestor.Digest == plan.Base);
        (_plan, _map, _all) = (plan, map, PieceSet.Empty.Add(new PieceRange(0, map.PieceCount)));
        _pieces.Begin(map, plan.Base is null ? null : origin, plan.Verified);
        _sources.Begin(_pieces.Sent, (ulong)map.Pieces.Length);
    }

    private void KeepPlan(ReceivingProgress plan, ContentMap map)
    {
        TakePlan(plan, map);
        _phase = Phase.KeepingPlan;
        Order(new ReceiverOutput.KeepPlan(plan, map));
    }

    private void TakeTarget(bool isThere)
    {
        // A missing target has lost its pieces: the plan must record that before another target is created.
        if (!isThere)
            KeepPlan(_plan! with { Verified = PieceSet.Empty }, _map!);
        else
        {
            _phase = Phase.Receiving;
            _pieces.PlanZeros();
        }
    }

    /// <summary>Does everything that has become possible.</summary>
    private void Advance()
    {
        if (_phase == Phase.Seeking
            && _sources.All.FirstOrDefault(talk => talk.Map is not null) is { Map: { } map } known)
            KeepPlan(known.NewPlan, map);
        if (_phase == Phase.Receiving)
            AdvanceReceiving();
        if (_phase == Phase.ReadingBack && _pieces.ReadBack())
        {
            _phase = Phase.Committing;
            Order(new ReceiverOutput.Commit(_plan!, _map!));
        }
        if (_phase == Phase.Abandoning && _jobs == 0)
        {
            _phase = Phase.Abandoned;
            _outputs.Add(new ReceiverOutput.Abandon(_abandoned));
        }
        if (_phase == Phase.Stopping && _jobs == 0)
            _phase = Phase.Stopped;
    }

    private void AdvanceReceiving()
    {
        _pieces.Zero();
        if (_pieces.AreWritten)
            DisconnectAll();
        else
            UseSources();
        if (_pieces.AreDurable)
        {
            _phase = Phase.ReadingBack;
            _pieces.PlanReadBack();
        }
        else
        {
            _pieces.Sync();
        }
    }

    private void Order(ReceiverOutput job)
    {
        _jobs++;
        _outputs.Add(job);
    }

    private void Abandon(string reason)
    {
        if (Leave(Phase.Abandoning))
            _abandoned = reason;
    }

    /// <summary>Orders no further jobs. An ordered commit may take effect, so its answer is awaited.</summary>
    /// <returns>False if it is too late.</returns>
    private bool Leave(Phase leaving)
    {
        if (_phase > Phase.Committing || (_phase == Phase.Committing && _jobs > 0))
            return false;
        DisconnectAll();
        _phase = leaving;
        return true;
    }

    private bool Takes(SourceTalk talk) => talk.Current is not null || !_pieces.IsFull;

    private void BeginTalk(int connection)
    {
        if (!NeedsSource && !TakesSource)
        {
            _outputs.Add(new ReceiverOutput.Disconnect(connection, null));
            return;
        }
        var talk = new SourceTalk(connection, _request, _settings, _plan, _now);
        _sources.Add(talk);
        Send(talk, talk.Begin());
    }

    private void TakeRecord(SourceTalk talk, TransferRecord record)
    {
        var fault = talk.Take(record, _now, _pieces.Allocate, out var ended);
        if (fault is null && ended is not null)
            fault = _pieces.Take(ended, talk.AskedWhole);
        if (fault is not null)
            Disconnect(talk, $"the source is of no use: {fault}");
    }

    /// <summary>Sends the next request to each source that has answered, and drops slow ones.</summary>
    private void UseSources()
    {
        foreach (var slow in _sources.Slow(Takes, _now))
        {
            Disconnect(
                slow, $"it brought no piece for {_settings.SlowAfter.TotalSeconds:0.#} s, and another source has them");
        }
        if (_sources.Free(_now) is { Count: > 0 } free)
        {
            var missing = _pieces.Missing;
            foreach (var talk in free)
                Ask(talk, _sources.WantedOf(talk, missing, _pieces.Changed, _now));
        }
        if (_sources.WakeAt(_now) is { } time)
            _outputs.Add(new ReceiverOutput.WakeAt(time));
    }

    private void Ask(SourceTalk talk, PieceSet wanted)
    {
        if (wanted.IsEmpty)
            return;
        var inPart = wanted.Intersect(_pieces.FailedInPart);
        var ranges = _sources.Choose(talk, inPart.IsEmpty ? wanted : inPart);
        Send(talk, talk.Ask(!talk.HasBase || !inPart.IsEmpty, ranges, _now));
    }

    private void Send(SourceTalk talk, TransferRecord record) =>
        _outputs.Add(new ReceiverOutput.Send(talk.Connection, record));

    private void DisconnectAll()
    {
        foreach (var talk in _sources.All.ToList())
            Disconnect(talk, null);
    }

    private void Disconnect(SourceTalk talk, string? fault)
    {
        _outputs.Add(new ReceiverOutput.Disconnect(talk.Connection, fault));
        EndTalk(talk.Connection);
    }

    private void EndTalk(int connection)
    {
        if (_sources.Of(connection) is not { } talk)
            return;
        if (talk.Current is { } current)
            _pieces.Free(current);
        _sources.Remove(talk);
    }
}
