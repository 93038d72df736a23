namespace DmAgents.Fleet.Joining;

/// <summary>How long an exchange may take in all, and how many the issuer serves at once.</summary>
/// <param name="Exchange">From the connection to the answer. It bounds the whole, so that a peer which sends a byte now
/// and then does not last.</param>
/// <param name="AtOnce">More are answered that the issuer is busy. Members and others are counted apart. Of those that
/// have shown no certificate of a member, twice as many are the most that are answered.</param>
public sealed record JoinLimits(TimeSpan Exchange, int AtOnce)
{
    /// <summary>For the handshake: a connection that says nothing holds its slot no longer. A choice,
    /// not measured: long enough for a busy machine, and a third of an exchange.</summary>
    public TimeSpan Handshake { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Connections of one address that have shown no certificate of a member: one stranger does not take all
    /// slots.</summary>
    public int PerAddress { get; init; } = 8;

    /// <summary>30 seconds: the issuer answers after a handshake and one durable write.</summary>
    public static JoinLimits Default { get; } = new(TimeSpan.FromSeconds(30), AtOnce: 16);
}
