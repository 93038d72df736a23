namespace DmAgents.Domain.Ports;

/// <summary>
/// How current the metadata must be for a reader. While one reader uses a pool's metadata snapshot, others see the
/// state at its creation; by default a reader waits for the next snapshot if this one is older than the call.
/// </summary>
/// <param name="MaxAge">The maximum age of the state.</param>
/// <param name="Patience">How long it waits for other readers before Busy; null: until they finish.</param>
public readonly record struct MetadataReading(TimeSpan MaxAge, TimeSpan? Patience = null)
{
    /// <summary>The state at the call.</summary>
    public static MetadataReading Now => default;

    /// <summary>The state at the call; Busy if other readers hold an older state for long.</summary>
    public static MetadataReading NowOrBusy => new(TimeSpan.Zero, TimeSpan.FromMilliseconds(200));

    /// <summary>The state that other readers hold; if there are none, the state at the call.</summary>
    public static MetadataReading AsHeld => new(TimeSpan.MaxValue);
}
