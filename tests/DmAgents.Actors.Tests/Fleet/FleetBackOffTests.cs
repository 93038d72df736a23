using DmAgents.Actors.Fleet;
using DmAgents.Domain.Fleet;

namespace DmAgents.Actors.Tests.Fleet;

public sealed class FleetBackOffTests
{
    [Fact]
    public void Hosts_that_were_downed_together_come_back_one_after_another()
    {
        var waits = Enumerable.Range(1, 100).Select(number => Of($"web{number}").After(1)).ToList();

        Assert.All(waits, wait => Assert.InRange(wait, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(6.25)));
        Assert.True(waits.Max() - waits.Min() > TimeSpan.FromSeconds(1));
        Assert.Equal(waits[0], Of("web1").After(1));
    }

    [Fact]
    public void However_often_it_failed_the_wait_is_bounded()
    {
        Assert.InRange(Of("web1").After(int.MaxValue), TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(75));
        Assert.Throws<ArgumentOutOfRangeException>(() => Of("web1").After(0));
    }

    private static FleetBackOff Of(string host) =>
        new(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(60), new HostName(host));
}
