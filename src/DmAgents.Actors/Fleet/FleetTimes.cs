namespace DmAgents.Actors.Fleet;

/// <summary>
/// The times of a fleet's membership. All hosts of a fleet have the same: two sides of a split decide by their own,
/// and only equal ones make the losing side end before the other takes its work over.
/// </summary>
/// <remarks>With the defaults a host that dies is unreachable after about 6 s (one heartbeat and the pause), out of
/// the fleet 15 s later, and its shards are free 5 s after that: 25 to 30 s were measured, and below 45 s is
/// promised.</remarks>
public sealed record FleetTimes
{
    public static FleetTimes Default { get; } = new();

    /// <summary>For several hosts on one or two processors, where a guest may not run for seconds: a pause that no host
    /// of a fleet should have would otherwise divide it.</summary>
    public static FleetTimes Lab { get; } = new() { AcceptablePause = TimeSpan.FromSeconds(10) };

    /// <summary>How often hosts send each other a sign of life. A second costs next to nothing, and detects in seconds.
    /// </summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>For how long a sign of life may fail to come. Akka's 3 s are exceeded by a collection of garbage on a
    /// busy host; each second more is one more until a dead host is found.</summary>
    public TimeSpan AcceptablePause { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>For how long reachability stays as it is before one side of a split is ended. It must exceed the time
    /// by which hosts differ in what they see, about the pause and some rounds of gossip: both sides decide by one
    /// picture then.</summary>
    public TimeSpan StableAfter { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>From the removal of hosts until their shards are started elsewhere. The losing side ends 3 s after its
    /// decision; zero would silently mean <see cref="StableAfter"/> once more.</summary>
    public TimeSpan RemovalMargin { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Between two rounds of gossip, and of the leader's and the reaper's work: each change of a member takes
    /// some of these.</summary>
    public TimeSpan Gossip { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Until seeds are asked again that did not answer.</summary>
    public TimeSpan SeedRetry { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Until a host of which the seed knows, but which did not get in, asks again.</summary>
    public TimeSpan JoinRetry { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How soon connections to a host that failed are tried again: what was cut off is seen again within
    /// this and <see cref="Connect"/>.</summary>
    public TimeSpan Reconnect { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Until a connection is given up that is not taken, or whose other end says nothing: enough for a TLS
    /// handshake on a host that has no time.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Before the first attempt to come back after a downing. The others need about as long to forget the host
    /// that was.</summary>
    public TimeSpan FirstBackOff { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest wait between two attempts: a fleet that is healed has its hosts back within a minute or
    /// so.</summary>
    public TimeSpan LongestBackOff { get; init; } = TimeSpan.FromMinutes(1);
}
