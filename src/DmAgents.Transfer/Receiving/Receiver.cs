using System.Collections.Immutable;
using DmAgents.Transfer.Content;

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
public sealed partial class Receiver
{
    private readonly ReceiveRequest _request;
    private readonly ReceiverSettings _settings;
    private readonly List<ReceiverOutput> _outputs = [];
    private Phase _phase;
    private TimeSpan _now;
    private int _jobs;
    private string _abandoned = "";

    private ReceivingProgress? _plan;
    private ContentMap? _map;
    private PieceSet _all = PieceSet.Empty;
    private PieceSet _changed = PieceSet.Empty;
    private PieceSet _written = PieceSet.Empty;

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
        _sources = new Sources(settings);
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
        && (_phase != Phase.Receiving || _written.Count < _changed.Count);

    /// <summary>A further connection, beside the present ones, would help.</summary>
    public bool TakesSource => _sources.All.Count > 0 && _sources.All.Count < _settings.MaxSources
        && _phase is >= Phase.KeepingPlan and <= Phase.Receiving && _written.Count < _changed.Count;

    /// <summary>What other hosts can be served during the reception: no piece before there is a target, but receivers
    /// find each other from then on. Null: there is no map yet, or no target any more.</summary>
    public ServedPieces? Served => _phase switch
    {
        Phase.KeepingPlan or Phase.MakingTarget => new ServedPieces(_map!, _all, PieceSet.Empty, PieceSet.Empty),
        Phase.Receiving or Phase.ReadingBack or Phase.Committing =>
            new ServedPieces(_map!, _changed, _written, _sources.Coming),
        _ => null,
    };

    /// <summary>Of the pieces that differ from the base: the number verified and written, and the total.</summary>
    public (ulong Verified, ulong Changed) Progress => (_written.Count, _changed.Count);

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
                TakeLoaded(piece);
                break;
            case ReceiverInput.PieceWritten(var piece, _):
                TakeWritten(piece);
                break;
            case ReceiverInput.PiecesZeroed(var pieces, _):
                (_zeroing, _written) = (_zeroing - 1, _written.Add(pieces));
                break;
            case ReceiverInput.Synced:
                TakeSync();
                break;
            case ReceiverInput.ProgressKept:
                _sync = null;
                break;
            case ReceiverInput.PieceReadBack(var piece, _):
                TakeReadBack(piece);
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
        var changed = map.ChangedSince(plan.Base is null ? null : origin);
        (_plan, _map, _all) = (plan, map, PieceSet.Empty.Add(new PieceRange(0, map.PieceCount)));
        _changed = PieceSet.Of(changed.Select(piece => piece.Index));
        _zeros = PieceSet.Of(changed.Where(piece => piece.Hash.IsZero).Select(piece => piece.Index));
        _written = plan.Verified.Intersect(_changed);
        _sources.Begin(_changed.Without(_zeros), (ulong)map.Pieces.Length);
        _durable = _written;
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
            PlanZeros(_zeros.Without(_written));
        }
    }

    /// <summary>Does everything that has become possible.</summary>
    private void Advance()
    {
        if (_phase == Phase.Seeking
            && _sources.All.FirstOrDefault(talk => talk.Map is not null) is { Map: { } map } known)
            KeepPlan(known.NewPlan, map);
        if (_phase == Phase.Receiving)
        {
            Zero();
            if (_written.Count == _changed.Count)
                EndReceiving();
            else
                UseSources();
            Sync();
        }
        if (_phase == Phase.ReadingBack)
            ReadBack();
        if (_phase == Phase.Abandoning && _jobs == 0)
        {
            _phase = Phase.Abandoned;
            _outputs.Add(new ReceiverOutput.Abandon(_abandoned));
        }
        if (_phase == Phase.Stopping && _jobs == 0)
            _phase = Phase.Stopped;
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
}
