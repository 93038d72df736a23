using Akka.Actor;
using DmAgents.Actors.Fleet.Entities;

namespace DmAgents.Actors.Fleet;

/// <summary>Keeps a host in its fleet: creates the system, joins, leaves and recreates it as
/// <see cref="FleetMembership"/> decides, and shows the state on the board. A host outside any fleet uses nothing for
/// it: no actor system, no timer and no thread, and neither Akka's remoting nor its cluster is loaded.</summary>
/// <remarks>Not an actor: the fleet's system ends below it, and the host's own system does not know the
/// fleet.</remarks>
public sealed class FleetKeeper : IAsyncDisposable
{
    /// <summary>How long <see cref="DisposeAsync"/> waits for an orderly end of the fleet's system.</summary>
    internal static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly FleetMembership _membership = new();
    private readonly FleetBoard _board;
    private readonly TimeProvider _time;
    private readonly RefusedPeers _refused;
    private FleetEntry? _entry;
    private FleetEntryNumber _number;
    private Life? _life;
    private FleetView? _view;
    private ITimer? _timer;

    public FleetKeeper(FleetBoard board, TimeProvider time)
    {
        (_board, _time) = (board, time);
        _refused = new RefusedPeers(time, () => Post(input: null));
    }

    /// <summary>One actor system, from the decision to create it.</summary>
    private sealed record Life(FleetSystemNumber Number, Task<FleetSystem> Making)
    {
        /// <summary>Null until it is created.</summary>
        public FleetSystem? System { get; init; }
    }

    /// <summary>The fleet's current actor system; null if there is none.</summary>
    internal ActorSystem? System => Volatile.Read(ref _life)?.System?.System;

    /// <summary>Access to the fleet's entities at this moment; null if there is no system, or the settings have no
    /// entities. Each new system has another one.</summary>
    public FleetEntities? Entities => Volatile.Read(ref _life)?.System?.Entities;

    /// <summary>Makes the host a member: it joins. If the entry differs from the current one (a renewed certificate),
    /// the host leaves in order and joins again. Returns at once.</summary>
    public void Enter(FleetEntry entry)
    {
        lock (_lock)
        {
            (_entry, _number) = (entry, new FleetEntryNumber(_number.Value + 1));
            Take(new FleetInput.Enter(_number), FleetBackOff.Of(entry.Settings));
        }
    }

    /// <summary>Leaves the fleet in order, if the host is in one; also at the agent's end. Completes when no system is
    /// left. Cancelling the wait does not cancel the leaving.</summary>
    public async Task LeaveAsync(CancellationToken cancellation)
    {
        lock (_lock)
            Take(new FleetInput.Leave());
        await _board.When(status => status.Phase == FleetPhase.Outside, cancellation).ConfigureAwait(false);
    }

    /// <summary>Makes the fleet remove a member that is no longer trusted: its existing connections would otherwise
    /// stay open. Does nothing if this host is in no fleet, or sees no such member.</summary>
    public void Remove(FleetAddress member) => Volatile.Read(ref _life)?.System?.Remove(member);

    /// <summary>Leaves the fleet. After <see cref="LongestEnd"/> it stops waiting and terminates the system without
    /// order; the fleet detects that the host is gone. A caller with another deadline calls <see cref="LeaveAsync"/>
    /// first.</summary>
    public async ValueTask DisposeAsync()
    {
        var leaving = LeaveAsync(CancellationToken.None);
        try
        {
            if (!leaving.IsCompletedSuccessfully)
                await leaving.WaitAsync(LongestEnd, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Volatile.Read(ref _life)?.System?.End.Terminate();
        }
        if (_timer is { } timer)
            await timer.DisposeAsync().ConfigureAwait(false);
    }

    /// <param name="input">Null: only the displayed state has changed.</param>
    private void Post(FleetInput? input)
    {
        lock (_lock)
        {
            if (input is null)
                Show();
            else
                Take(input);
        }
    }

    private void Take(FleetInput input, FleetBackOff? backOff = null)
    {
        var outputs = _membership.Step(input, _time.GetUtcNow(), backOff);
        if (_membership.Phase == FleetPhase.Outside)
            (_entry, _view) = (null, null);
        foreach (var output in outputs)
            Do(output);
        Show();
    }

    /// <summary>Nothing here waits: slow work reports by another input.</summary>
    private void Do(FleetOutput output)
    {
        switch (output)
        {
            case FleetOutput.Create create:
                var entry = _entry ?? throw new InvalidOperationException("no entry to be a member with");
                var life = new Life(create.System, Task.Run(() => FleetSystem.Create(
                    entry, create.Start, _time, _refused, news => Hear(create.System, news))));
                Volatile.Write(ref _life, life);
                _ = LiveAsync(life);
                break;
            case FleetOutput.End end when _life is { } present && present.Number == end.System:
                _ = EndAsync(present);
                break;
            case FleetOutput.Wake wake:
                var wait = wake.At - _time.GetUtcNow();
                _timer ??= _time.CreateTimer(
                    static keeper => ((FleetKeeper)keeper!).Post(new FleetInput.Due()), this, Timeout.InfiniteTimeSpan,
                    Timeout.InfiniteTimeSpan);
                _timer.Change(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
                break;
            default:
                throw new InvalidOperationException($"an output of no known kind: {output}");
        }
    }

    private async Task LiveAsync(Life life)
    {
        string why;
        try
        {
            var system = await life.Making.ConfigureAwait(false);
            lock (_lock)
            {
                Volatile.Write(ref _life, life with { System = system });
                // Callers that wait for the entities watch the board.
                Show();
            }
            why = await system.End.EndedAsync().ConfigureAwait(false);
        }
        // Whatever prevents the fleet's system, the host's own work continues, and the keeper retries.
        catch (Exception cause) when (cause is not OutOfMemoryException)
        {
            why = $"the fleet's actor system cannot be made: {cause.GetBaseException().Message}";
        }
        lock (_lock)
        {
            Volatile.Write(ref _life, null);
            Take(new FleetInput.Ended(life.Number, why));
        }
    }

    private static async Task EndAsync(Life life)
    {
        // A system that cannot be created has ended: LiveAsync reports it.
        await Task.WhenAny(life.Making).ConfigureAwait(false);
        if (life.Making.IsCompletedSuccessfully)
            await (await life.Making.ConfigureAwait(false)).End.LeaveAsync().ConfigureAwait(false);
    }

    private void Hear(FleetSystemNumber number, FleetNews news)
    {
        lock (_lock)
        {
            if (_life?.Number != number)
                return;
            switch (news)
            {
                case FleetNews.Seen { View: var view }:
                    _view = view;
                    if (view.IsUp)
                        Take(new FleetInput.Joined(number));
                    if (view is { IsUp: true, Side.IsCutOff: true })
                        Take(new FleetInput.CutOff(number, view.Side.Words));
                    else if (view.IsUp)
                        Take(new FleetInput.Reconnected(number));
                    Show();
                    break;
                case FleetNews.Downed downed:
                    Take(new FleetInput.Downed(number, downed.Why));
                    break;
                case FleetNews.Quarantined quarantined:
                    Take(new FleetInput.Quarantined(number, quarantined.Why));
                    break;
                default:
                    throw new InvalidOperationException($"news of no known kind: {news}");
            }
        }
    }

    private void Show() => _board.Show(new FleetStatus(_membership.Phase, _membership.Since, _membership.Why)
    {
        Settings = _entry?.Settings,
        AwaySince = _membership.AwaySince,
        Failures = _membership.Failures,
        NextTry = _membership.NextTry,
        View = _view,
        Refused = _refused.Latest,
    });
}
