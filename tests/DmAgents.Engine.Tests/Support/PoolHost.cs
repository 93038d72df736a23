using DmAgents.Domain.Pools;

namespace DmAgents.Engine.Tests.Support;

/// <summary>A host, the durable events of its journal, and its clock.</summary>
internal sealed class PoolHost : TestHost
{
    private int _ids;

    public List<PoolEvent> Journal { get; } = [];

    public VirtualClock Clock { get; } = new(Ask.At);

    public Guid NextId() => new(++_ids, 0, 0, new byte[8]);
}

/// <summary>A clock that stands still between two steps.</summary>
internal sealed class VirtualClock(DateTimeOffset now) : TimeProvider
{
    private DateTimeOffset _now = now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => _now;

    public override long GetTimestamp() => _now.UtcTicks;

    public void Set(DateTimeOffset now) => _now = now > _now ? now : _now;
}
