namespace DmAgents.Fleet.Tests.Support;

/// <summary>A clock that stands still until it is set.</summary>
public sealed class SetTime(DateTimeOffset start) : TimeProvider
{
    public static readonly DateTimeOffset Start = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);

    private DateTimeOffset _now = start;

    public SetTime() : this(Start)
    {
    }

    public DateTimeOffset Now
    {
        get => _now;
        set => _now = value;
    }

    public override DateTimeOffset GetUtcNow() => _now;
}
