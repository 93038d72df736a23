namespace DmAgents.Actors.Fleet;

/// <summary>A host's relation to its fleet.</summary>
public enum FleetPhase
{
    /// <summary>In no fleet, without a fleet's actor system.</summary>
    Outside,

    /// <summary>Its system asks the seeds to join.</summary>
    Joining,

    /// <summary>A member on the surviving side.</summary>
    Member,

    /// <summary>Reaches too few of the other hosts, and will be downed if that lasts.</summary>
    CutOff,

    /// <summary>Removed by the fleet; its system ends.</summary>
    Downed,

    /// <summary>Without a system, waiting for its next attempt.</summary>
    Rejoining,

    /// <summary>Its system leaves the fleet in order: to stay outside, or to rejoin with another certificate.</summary>
    Leaving,
}

/// <summary>Numbers the actor systems that one agent creates for its fleet, so that a late report of an older system is
/// not taken for one of the current system.</summary>
public readonly record struct FleetSystemNumber(long Value)
{
    /// <summary>Not a property: a record prints its properties, and this one would recurse.</summary>
    public FleetSystemNumber Following() => new(Value + 1);
}

/// <summary>Numbers the entries by which the host is a member: settings, certificate, trust.</summary>
public readonly record struct FleetEntryNumber(long Value);

/// <summary>An event of a host's membership.</summary>
public abstract record FleetInput
{
    private FleetInput()
    {
    }

    /// <summary>The host is to be a member by this entry.</summary>
    public sealed record Enter(FleetEntryNumber Entry) : FleetInput;

    /// <summary>The host is not to be a member: it leaves the fleet, or the agent stops.</summary>
    public sealed record Leave : FleetInput;

    /// <summary>The fleet admitted the host.</summary>
    public sealed record Joined(FleetSystemNumber System) : FleetInput;

    /// <summary>The host is on the side that would be downed.</summary>
    public sealed record CutOff(FleetSystemNumber System, string Why) : FleetInput;

    /// <summary>The host reaches enough of the other hosts.</summary>
    public sealed record Reconnected(FleetSystemNumber System) : FleetInput;

    /// <summary>The fleet removed the host. Its system ends by itself.</summary>
    public sealed record Downed(FleetSystemNumber System, string Why) : FleetInput;

    /// <summary>Other members permanently reject this system's messages. It does not end by itself.</summary>
    public sealed record Quarantined(FleetSystemNumber System, string Why) : FleetInput;

    /// <summary>The system has ended, in order or not, or could not be created.</summary>
    public sealed record Ended(FleetSystemNumber System, string Why) : FleetInput;

    /// <summary>The time set by <see cref="FleetOutput.Wake"/> has come. The clock is not compared: it may have been
    /// set back.</summary>
    public sealed record Due : FleetInput;
}

/// <summary>An action for a host's membership.</summary>
public abstract record FleetOutput
{
    private FleetOutput()
    {
    }

    /// <summary>Create a system, which joins. <see cref="FleetInput.Ended"/> always follows in the end, even if it
    /// cannot be created.</summary>
    public sealed record Create(FleetSystemNumber System, FleetEntryNumber Entry, FleetStart Start) : FleetOutput;

    /// <summary>Make the system leave the fleet and end.</summary>
    public sealed record End(FleetSystemNumber System) : FleetOutput;

    /// <summary>Send <see cref="FleetInput.Due"/> at this time. Replaces an earlier request.</summary>
    public sealed record Wake(DateTimeOffset At) : FleetOutput;
}
