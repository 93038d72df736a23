namespace DmAgents.Actors.Fleet;

/// <summary>The times of a fleet's membership. They must be equal on all hosts of a fleet: the two sides of a split
/// decide by their own times, and only equal ones end the losing side before the other takes over its work.</summary>
/// <remarks>With the defaults a dead host is unreachable after about 6 s (one heartbeat and the pause), out of the
/// fleet 15 s later, and its shards are free 5 s after that: 25 to 30 s were measured, and below 45 s is
/// promised.</remarks>
public sealed record FleetTimes
{
    public static FleetTimes Default { get; } = new();

    /// <summary>For several hosts on one or two processors, where a guest may not run for seconds. No host of a fleet
    /// should pause that long; such a pause would otherwise split the fleet.</summary>
    public static FleetTimes Lab { get; } = new() { AcceptablePause = TimeSpan.FromSeconds(10) };

    /// <summary>Interval of heartbeats between hosts. One second costs next to nothing, and detects a failure in
    /// seconds.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long heartbeats may be absent. Garbage collection on a busy host exceeds Akka's 3 s; each second
    /// more delays the detection of a dead host by one second.</summary>
    public TimeSpan AcceptablePause { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long reachability must be unchanged before one side of a split ends. It must exceed the time by
    /// which hosts differ in what they see: about the pause and some rounds of gossip. Both sides then decide by the
    /// same view.</summary>
    public TimeSpan StableAfter { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>From the removal of hosts until their shards start elsewhere. The losing side ends 3 s after its
    /// decision; zero would silently mean <see cref="StableAfter"/> once more.</summary>
    public TimeSpan RemovalMargin { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Interval of gossip, and of the leader's and the reaper's work: each change of a member takes several
    /// rounds.</summary>
    public TimeSpan Gossip { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Delay before seeds that did not answer are asked again.</summary>
    public TimeSpan SeedRetry { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Delay before a host that found a seed but was not admitted asks again.</summary>
    public TimeSpan JoinRetry { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Retry interval for connections to a host that failed: a host that was cut off is seen again within this
    /// time plus <see cref="Connect"/>.</summary>
    public TimeSpan Reconnect { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Timeout of a connection that is not accepted, or whose other end sends nothing: enough for a TLS
    /// handshake on an overloaded host.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Delay before the first attempt to rejoin after a downing. The other hosts take about as long to forget
    /// the removed host.</summary>
    public TimeSpan FirstBackOff { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest wait between two attempts: a healed fleet has its hosts back within about a
    /// minute.</summary>
    public TimeSpan LongestBackOff { get; init; } = TimeSpan.FromMinutes(1);
}
