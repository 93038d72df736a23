namespace DmAgents.Actors.Fleet;

/// <summary>How a host stands to its fleet.</summary>
public enum FleetPhase
{
    /// <summary>It is in no fleet, and has no fleet's actor system.</summary>
    Outside,

    /// <summary>Its system asks the seeds to be let in.</summary>
    Joining,

    /// <summary>It is in, and on the side that stays.</summary>
    Member,

    /// <summary>It reaches too few of the others, and will be downed if that lasts.</summary>
    CutOff,

    /// <summary>The fleet has removed it; its system ends.</summary>
    Downed,

    /// <summary>It has no system, and waits for its next attempt.</summary>
    Rejoining,

    /// <summary>Its system leaves the fleet in order: to stay outside, or for another certificate.</summary>
    Leaving,
}

/// <summary>Numbers the actor systems that one agent makes for its fleet, so that what an older one still says is not
/// taken for the present one's.</summary>
public readonly record struct FleetSystemNumber(long Value)
{
    /// <summary>No property: a record prints these, and this one has one itself.</summary>
    public FleetSystemNumber Following() => new(Value + 1);
}

/// <summary>Numbers what the host was given to be a member with: settings, certificate, trust.</summary>
public readonly record struct FleetEntryNumber(long Value);

/// <summary>What happens to a host's membership.</summary>
public abstract record FleetInput
{
    private FleetInput()
    {
    }

    /// <summary>The host is to be a member, by this entry from here on.</summary>
    public sealed record Enter(FleetEntryNumber Entry) : FleetInput;

    /// <summary>The host is to be no member: it leaves the fleet, or the agent stops.</summary>
    public sealed record Leave : FleetInput;

    /// <summary>The fleet let it in.</summary>
    public sealed record Joined(FleetSystemNumber System) : FleetInput;

    /// <summary>It is on the side that would be downed.</summary>
    public sealed record CutOff(FleetSystemNumber System, string Why) : FleetInput;

    /// <summary>It reaches enough of the others.</summary>
    public sealed record Reconnected(FleetSystemNumber System) : FleetInput;

    /// <summary>The fleet removed it. Its system ends by itself.</summary>
    public sealed record Downed(FleetSystemNumber System, string Why) : FleetInput;

    /// <summary>Other members take no message of this system any more, and never will. It does not end by itself.
    /// </summary>
    public sealed record Quarantined(FleetSystemNumber System, string Why) : FleetInput;

    /// <summary>The system has ended, in order or not, or could not be made.</summary>
    public sealed record Ended(FleetSystemNumber System, string Why) : FleetInput;

    /// <summary>The time has come that <see cref="FleetOutput.Wake"/> named. The clock is not compared: it may have
    /// been set back.</summary>
    public sealed record Due : FleetInput;
}

/// <summary>What is to be done about a host's membership.</summary>
public abstract record FleetOutput
{
    private FleetOutput()
    {
    }

    /// <summary>Make a system, which joins. Answered by <see cref="FleetInput.Ended"/> at last, even if it cannot be
    /// made.</summary>
    public sealed record Create(FleetSystemNumber System, FleetEntryNumber Entry, FleetStart Start) : FleetOutput;

    /// <summary>Have the system leave the fleet and end.</summary>
    public sealed record End(FleetSystemNumber System) : FleetOutput;

    /// <summary>Give <see cref="FleetInput.Due"/> at this time. Replaces an earlier one.</summary>
    public sealed record Wake(DateTimeOffset At) : FleetOutput;
}
