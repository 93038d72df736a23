using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using static DmAgents.Domain.Tests.Deciding.Given;

namespace DmAgents.Domain.Tests.Deciding;

public sealed class RequestLogTests
{
    [Fact]
    public void The_oldest_request_is_forgotten_when_the_log_is_full()
    {
        var log = Enumerable.Range(0, RequestLog.Capacity + 3)
            .Aggregate(RequestLog.Empty, (l, n) => l.With(Request(n), new ThinId(1)));

        Assert.Equal(RequestLog.Capacity, log.Subjects.Count);
        Assert.False(log.Knows(Request(2), out _));
        Assert.True(log.Knows(Request(3), out _));
    }

    [Fact]
    public void A_request_that_is_known_keeps_its_first_subject()
    {
        var log = RequestLog.Empty.With(Request(1), new ThinId(1)).With(Request(1), new ThinId(2));

        Assert.True(log.Knows(Request(1), out var subject));
        Assert.Equal(new ThinId(1), subject);
    }

    [Fact]
    public void A_creation_that_failed_is_decided_anew_when_it_is_asked_again()
    {
        var create = Create(Container("c"));
        var asked = Pool.After(Assert.IsType<Decision.Accepted>(PoolDecider.Decide(Pool, Health, create)).Events);
        var id = asked.Find(create.Key)!.Id;
        var failed = asked.Apply(new PoolEvents.CreationFailed(id, "no", InDoubt: false, At));

        Assert.Equal(new Decision.AlreadySo(id), PoolDecider.Decide(asked, Health, create));
        Assert.IsType<Decision.Accepted>(PoolDecider.Decide(failed, Health, create));
    }

    [Fact]
    public void Failures_without_end_do_not_make_the_log_longer()
    {
        var log = Enumerable.Range(0, 100)
            .Aggregate(RequestLog.Empty, (l, n) => l.With(Request(n), new ThinId(1)).Without(new ThinId(1)));

        Assert.Empty(log.Subjects);
        Assert.True(log.Order.IsEmpty);
    }

    [Fact]
    public void A_use_that_could_not_be_is_decided_anew_when_it_is_asked_again()
    {
        var state = Pool.Do(Create(Container("c")));
        var mount = Use(Container("c"), DeviceUse.Mounted);
        var id = state.Find(Container("c"))!.Id;
        var mounting = state.After(Assert.IsType<Decision.Accepted>(PoolDecider.Decide(state, Health, mount)).Events);

        var back = mounting.After(
            new PoolEvents.UseChanged(Request: null, id, DeviceUse.Idle, ReadOnly: false, At),
            new PoolEvents.RequestWithdrawn(mount.Request, At));

        Assert.IsType<Decision.Accepted>(PoolDecider.Decide(back, Health, mount));
        PoolInvariants.Hold(back);
    }
}
