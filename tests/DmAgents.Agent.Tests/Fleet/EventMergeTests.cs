using System.Collections.Immutable;
using DmAgents.Actors.Events;
using DmAgents.Agent.Fleet.Talks;
using DmAgents.Domain.Fleet;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>In which order the events of several hosts are shown.</summary>
public sealed class EventMergeTests
{
    private static readonly HostName One = new("one");
    private static readonly HostName Two = new("two");

    private readonly EventMerge _merge = new(hold: Seconds(1), patience: Seconds(10));

    [Fact]
    public void An_event_waits_a_moment_for_earlier_ones_of_other_hosts()
    {
        _merge.Take(One, At(5), Seconds(0));
        _merge.Take(Two, At(4), Seconds(0.5));

        Assert.Equal([], Ready(Seconds(0.9)));
        Assert.Equal(Seconds(1.5), _merge.NextAt);
        Assert.Equal([(Two, 4), (One, 5)], Ready(Seconds(1.5)));
        Assert.Null(_merge.NextAt);
    }

    [Fact]
    public void What_happened_before_is_in_order_however_the_hosts_say_it()
    {
        _merge.Await(One, Seconds(0));
        _merge.Await(Two, Seconds(0));
        _merge.Take(One, At(1), Seconds(0));
        _merge.Take(One, At(3), Seconds(0));

        // The other one may have an earlier one.
        Assert.Equal([], Ready(Seconds(0)));
        _merge.Take(Two, At(2), Seconds(0));
        Assert.Equal([(One, 1), (Two, 2)], Ready(Seconds(0)));
        _merge.CatchUp(Two);
        Assert.Equal([(One, 3)], Ready(Seconds(0)));
    }

    [Fact]
    public void A_host_that_says_nothing_of_before_is_waited_for_so_long_and_no_longer()
    {
        _merge.Await(One, Seconds(0));
        _merge.Await(Two, Seconds(2));
        _merge.Take(One, At(1), Seconds(2));

        Assert.Equal(Seconds(12), _merge.NextAt);
        Assert.Equal([], Ready(Seconds(11.9)));
        Assert.Equal([(One, 1)], Ready(Seconds(12)));
    }

    [Fact]
    public void Each_hosts_events_stay_in_its_own_order_also_if_its_clock_was_set_back()
    {
        _merge.Take(One, At(5), Seconds(0));
        _merge.Take(One, At(2), Seconds(0));
        _merge.Take(Two, At(4), Seconds(0));

        Assert.Equal([(Two, 4), (One, 5), (One, 2)], Ready(Seconds(1)));
    }

    private List<(HostName Host, int At)> Ready(TimeSpan now)
    {
        var ready = new List<(HostName Host, int At)>();
        while (_merge.TryNext(now, out var next))
            ready.Add((next.Host, (int)next.Occurrence.At.ToUnixTimeSeconds()));
        return ready;
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    private static HostOccurrence At(int seconds) => new(
        DateTimeOffset.FromUnixTimeSeconds(seconds), "", "", "pool-open", "",
        ImmutableSortedDictionary<string, string>.Empty);
}
