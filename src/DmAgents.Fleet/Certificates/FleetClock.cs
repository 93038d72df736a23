namespace DmAgents.Fleet.Certificates;

/// <summary>How far the clocks of two members may differ.</summary>
public static class FleetClock
{
    /// <summary>
    /// Five minutes either way, as Kerberos allows (RFC 4120, 8.2). A certificate begins this much before it is issued
    /// and is taken this much after it ends, so clocks that differ by less refuse no certificate.
    /// </summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    /// <summary>Certificates and lists have whole seconds.</summary>
    public static DateTimeOffset ToSecond(DateTimeOffset time) =>
        DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());
}
