namespace DmAgents.Fleet.Certificates;

/// <summary>The lifetimes of issued certificates.</summary>
/// <param name="Authority">The fleet's CA certificate. No host certificate outlives it.</param>
/// <param name="Host">A host's certificate. A host that is switched off for longer must join again.</param>
public sealed record Lifetimes(TimeSpan Authority, TimeSpan Host)
{
    public static readonly TimeSpan LeastHost = TimeSpan.FromHours(1);
    public static readonly TimeSpan MostHost = TimeSpan.FromDays(366);

    /// <summary>Ten years, and 90 days: renewal starts after 60 days, so a host may be switched off for a
    /// month.</summary>
    public static Lifetimes Default { get; } = new(TimeSpan.FromDays(3650), TimeSpan.FromDays(90));

    /// <summary>A host certificate's lifetime, checked against its bounds.</summary>
    public TimeSpan Host { get; } = Host >= LeastHost && Host <= MostHost
        ? Host
        : throw new ArgumentOutOfRangeException(
            nameof(Host), Host, $"A host's certificate lives from {LeastHost} to {MostHost}");
}
