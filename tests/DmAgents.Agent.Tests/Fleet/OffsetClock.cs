namespace DmAgents.Agent.Tests.Fleet;

/// <summary>The system's clock, set forward or back.</summary>
internal sealed class OffsetClock : TimeProvider
{
    public TimeSpan Offset { get; set; }

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Offset;
}
