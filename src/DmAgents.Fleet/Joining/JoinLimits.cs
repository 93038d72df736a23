namespace DmAgents.Fleet.Joining;

/// <summary>The time limit of an exchange, and the number that the issuer serves at once.</summary>
/// <param name="Exchange">From the connection to the answer. It limits the whole exchange, so that a peer cannot hold a
/// slot by sending a byte now and then.</param>
/// <param name="AtOnce">Above this number the issuer answers that it is busy. Members and others are counted
/// separately. Of connections without a member's certificate, at most twice as many are answered.</param>
public sealed record JoinLimits(TimeSpan Exchange, int AtOnce)
{
    /// <summary>The time limit of the handshake: then a silent connection loses its slot. Chosen, not measured: long
    /// enough for a busy machine, and a third of an exchange.</summary>
    public TimeSpan Handshake { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The maximum of connections from one address without a member's certificate, so that one stranger cannot
    /// take all slots.</summary>
    public int PerAddress { get; init; } = 8;

    /// <summary>30 seconds: the issuer answers after a handshake and one durable write.</summary>
    public static JoinLimits Default { get; } = new(TimeSpan.FromSeconds(30), AtOnce: 16);
}
