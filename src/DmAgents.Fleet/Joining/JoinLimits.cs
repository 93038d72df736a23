namespace DmAgents.Fleet.Joining;

/// <summary>How long an exchange may take in all, and how many the issuer serves at once.</summary>
/// <param name="Exchange">From the connection to the answer. It bounds the whole, so that a peer which sends a byte now
/// and then does not last.</param>
/// <param name="AtOnce">More are answered that the issuer is busy; twice as many are the most that are
/// answered.</param>
public sealed record JoinLimits(TimeSpan Exchange, int AtOnce)
{
    /// <summary>30 seconds: the issuer answers after a handshake and one durable write.</summary>
    public static JoinLimits Default { get; } = new(TimeSpan.FromSeconds(30), AtOnce: 16);
}
