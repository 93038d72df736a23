using DmAgents.Domain.Fleet;

namespace DmAgents.Actors.Fleet;

/// <summary>How long a host waits before it rejoins its fleet: the first time <see cref="First"/>, then twice as long
/// each time, up to <see cref="Longest"/>. A share of up to a quarter more, derived from the host's name, keeps hosts
/// that were downed together from returning together. Pure.</summary>
public sealed record FleetBackOff(TimeSpan First, TimeSpan Longest, HostName Host)
{
    public static FleetBackOff Of(FleetSettings settings) =>
        new(settings.Times.FirstBackOff, settings.Times.LongestBackOff, settings.Host);

    /// <param name="failures">How often in succession the host dropped out, this time included: 1 or more.</param>
    public TimeSpan After(int failures)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(failures, 1);
        var doubled = First * Math.Pow(2, Math.Min(failures - 1, 30));
        return (doubled < Longest ? doubled : Longest) * (1 + Share / 4);
    }

    /// <summary>From 0 to below 1, the same at each start: FNV-1a of the name.</summary>
    private double Share
    {
        get
        {
            var hash = 2166136261u;
            foreach (var character in Host.Value)
                hash = (hash ^ character) * 16777619u;
            return hash / (uint.MaxValue + 1.0);
        }
    }
}
