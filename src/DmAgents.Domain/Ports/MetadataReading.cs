namespace DmAgents.Domain.Ports;

/// <summary>
/// Of what time the metadata must be that a reader gets. While one reads through a pool's metadata snapshot the others
/// see the state of when it was taken; the default waits for the next one if that was before the call.
/// </summary>
/// <param name="MaxAge">How old the state may be.</param>
/// <param name="Patience">How long it waits for other readers, and is refused with Busy then; null: until they are
/// through.</param>
public readonly record struct MetadataReading(TimeSpan MaxAge, TimeSpan? Patience = null)
{
    /// <summary>As they are at the call.</summary>
    public static MetadataReading Now => default;

    /// <summary>As they are at the call, unless others read an older state for long.</summary>
    public static MetadataReading NowOrBusy => new(TimeSpan.Zero, TimeSpan.FromMilliseconds(200));

    /// <summary>Whatever is being read by others; as they are at the call if nothing is.</summary>
    public static MetadataReading AsHeld => new(TimeSpan.MaxValue);
}
