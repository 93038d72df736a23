namespace DmAgents.Fleet.Certificates;

/// <summary>For how long certificates are issued.</summary>
/// <param name="Authority">The fleet's CA. No certificate of a host outlives it.</param>
/// <param name="Host">A host's certificate. A host that is off for longer has to join again.</param>
public sealed record Lifetimes(TimeSpan Authority, TimeSpan Host)
{
    public static readonly TimeSpan LeastHost = TimeSpan.FromHours(1);
    public static readonly TimeSpan MostHost = TimeSpan.FromDays(366);

    /// <summary>Ten years, and 90 days: renewed after 60, a host may be off for a month.</summary>
    public static Lifetimes Default { get; } = new(TimeSpan.FromDays(3650), TimeSpan.FromDays(90));

    /// <summary>A host's lifetime within its bounds.</summary>
    public TimeSpan Host { get; } = Host >= LeastHost && Host <= MostHost
        ? Host
        : throw new ArgumentOutOfRangeException(
            nameof(Host), Host, $"A host's certificate lives from {LeastHost} to {MostHost}");
}
