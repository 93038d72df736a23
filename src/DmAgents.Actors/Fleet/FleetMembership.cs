using System.Collections.Immutable;

namespace DmAgents.Actors.Fleet;

/// <summary>A host's membership of its fleet: when it has a fleet's actor system, and which one. A pure machine: it
/// decides, and <see cref="FleetKeeper"/> acts. At most one system exists: the next is created after the previous one
/// has ended, since both have one address.</summary>
/// <remarks>Reports from any system but the current one are ignored.</remarks>
public sealed class FleetMembership
{
    private FleetBackOff? _backOff;
    private FleetEntryNumber? _wanted;
    private FleetSystemNumber _system;
    private DateTimeOffset? _memberSince;

    /// <summary>Why this host ended the current system; null if it did not.</summary>
    private string? _endedWhy;

    public FleetPhase Phase { get; private set; } = FleetPhase.Outside;

    /// <summary>When this phase began.</summary>
    public DateTimeOffset Since { get; private set; }

    /// <summary>Why it is in this phase, for operators; empty if that is clear.</summary>
    public string Why { get; private set; } = "";

    /// <summary>When the host left the surviving side; null while it is on it, and before it first was.</summary>
    public DateTimeOffset? AwaySince { get; private set; }

    /// <summary>Consecutive failures: the host dropped out of the fleet, or a system could not be created.</summary>
    public int Failures { get; private set; }

    /// <summary>When it next tries to rejoin; null unless it waits.</summary>
    public DateTimeOffset? NextTry { get; private set; }

    /// <param name="backOff">From the newest entry.</param>
    public ImmutableArray<FleetOutput> Step(FleetInput input, DateTimeOffset now, FleetBackOff? backOff = null)
    {
        _backOff = backOff ?? _backOff;
        switch (input)
        {
            case FleetInput.Enter enter:
                return Enter(enter.Entry, now);
            case FleetInput.Leave:
                return Leave(now);
            case FleetInput.Joined joined when joined.System == _system && Phase == FleetPhase.Joining:
                (AwaySince, _memberSince) = (null, now);
                return Become(FleetPhase.Member, now);
            case FleetInput.CutOff cut when cut.System == _system && Phase == FleetPhase.Member:
                AwaySince = now;
                return Become(FleetPhase.CutOff, now, cut.Why);
            case FleetInput.CutOff cut when cut.System == _system && Phase == FleetPhase.CutOff:
                Why = cut.Why;
                return [];
            case FleetInput.Reconnected again when again.System == _system && Phase == FleetPhase.CutOff:
                AwaySince = null;
                return Become(FleetPhase.Member, now);
            case FleetInput.Downed downed when downed.System == _system && IsIn:
                AwaySince ??= now;
                return Become(FleetPhase.Downed, now, downed.Why);
            case FleetInput.Quarantined shut when shut.System == _system && IsIn:
                AwaySince ??= now;
                _endedWhy = shut.Why;
                return Become(FleetPhase.Downed, now, shut.Why, new FleetOutput.End(_system));
            case FleetInput.Ended ended when ended.System == _system && HasSystem:
                return Ended(ended.Why, now);
            case FleetInput.Due when Phase == FleetPhase.Rejoining:
                return Create(now);
            default:
                return [];
        }
    }

    /// <summary>It has a system that takes part, or tries to.</summary>
    private bool IsIn => Phase is FleetPhase.Joining or FleetPhase.Member or FleetPhase.CutOff;

    private bool HasSystem => IsIn || Phase is FleetPhase.Downed or FleetPhase.Leaving;

    private ImmutableArray<FleetOutput> Enter(FleetEntryNumber entry, DateTimeOffset now)
    {
        _wanted = entry;
        if (Phase == FleetPhase.Outside)
            return Create(now);
        if (IsIn)
        {
            return Become(
                FleetPhase.Leaving, now, "the host's certificate or settings changed", new FleetOutput.End(_system));
        }
        return [];
    }

    private ImmutableArray<FleetOutput> Leave(DateTimeOffset now)
    {
        _wanted = null;
        // If the host enters again before its system has ended, that is a new membership.
        (AwaySince, Failures, _memberSince) = (null, 0, null);
        if (IsIn)
            return Become(FleetPhase.Leaving, now, "", new FleetOutput.End(_system));
        if (Phase == FleetPhase.Downed)
            return Become(FleetPhase.Leaving, now);
        return Phase == FleetPhase.Rejoining ? GoOutside(now) : [];
    }

    private ImmutableArray<FleetOutput> Ended(string why, DateTimeOffset now)
    {
        if (_wanted is null)
            return GoOutside(now);
        if (Phase == FleetPhase.Leaving)
            return Create(now);
        // A host that was a member for that long does not pay for failures from before.
        var wasSteady = (AwaySince ?? now) - _memberSince >= _backOff!.Longest;
        Failures = wasSteady ? 1 : Failures + 1;
        AwaySince ??= _memberSince is null ? null : now;
        _memberSince = null;
        var at = now + _backOff.After(Failures);
        Become(FleetPhase.Rejoining, now, _endedWhy ?? why);
        NextTry = at;
        return [new FleetOutput.Wake(at)];
    }

    private ImmutableArray<FleetOutput> Create(DateTimeOffset now)
    {
        (_system, _endedWhy) = (_system.Following(), null);
        var start = AwaySince is null ? FleetStart.First : FleetStart.Again;
        return Become(FleetPhase.Joining, now, "", new FleetOutput.Create(_system, _wanted!.Value, start));
    }

    private ImmutableArray<FleetOutput> GoOutside(DateTimeOffset now)
    {
        (AwaySince, Failures, _memberSince) = (null, 0, null);
        return Become(FleetPhase.Outside, now);
    }

    private ImmutableArray<FleetOutput> Become(
        FleetPhase phase, DateTimeOffset now, string why = "", FleetOutput? output = null)
    {
        (Phase, Since, Why, NextTry) = (phase, now, why, null);
        return output is null ? [] : [output];
    }
}
