namespace DmAgents.Fleet.Certificates;

/// <summary>The allowed difference between the clocks of two members.</summary>
public static class FleetClock
{
    /// <summary>
    /// Five minutes either way, as in Kerberos (RFC 4120, 8.2). A certificate begins this long before its issue and is
    /// accepted this long after its end. So clocks that differ by less cause no refusal.
    /// </summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    /// <summary>Rounds down to seconds, which certificates and lists use.</summary>
    public static DateTimeOffset ToSecond(DateTimeOffset time) =>
        DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());
}
