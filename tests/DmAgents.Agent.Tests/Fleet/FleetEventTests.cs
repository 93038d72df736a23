using System.Collections.Immutable;
using DmAgents.Actors.Events;
using DmAgents.Agent.Fleet.Talks;
using DmAgents.Agent.Tests.Support;
using DmAgents.Api.Admin.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>The events of all hosts of a fleet, from any of them.</summary>
public sealed class FleetEventTests : IAsyncLifetime
{
    private readonly FleetAgents _fleet = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _fleet.DisposeAsync();

    [Fact]
    public async Task The_events_of_all_hosts_are_one_list_by_time_and_a_host_that_is_gone_is_named()
    {
        var agents = await _fleet.Form(3);
        foreach (var agent in agents)
            agent.Get<HostAsker>().SilentFor = FleetAgents.Patience;
        foreach (var second in Enumerable.Range(0, 6))
            Happens(agents[second % 3], second);

        foreach (var agent in agents)
        {
            var all = await Events(agent).ListAsync(new ListEventsRequest { Fleet = true, Pool = "made-up" });
            Assert.Equal(
                ["host1:0", "host2:1", "host3:2", "host1:3", "host2:4", "host3:5"], all.Events.Select(Words));
            Assert.Empty(all.Silent);
        }
        var some = await Events(agents[1]).ListAsync(new ListEventsRequest
        {
            Fleet = true, Pool = "made-up", Limit = 2, Since = Timestamp.FromDateTimeOffset(At(1)),
        });
        Assert.Equal(["host2:4", "host3:5"], some.Events.Select(Words));
        var own = await Events(agents[1]).ListAsync(new ListEventsRequest { Pool = "made-up" });
        Assert.Equal([":1", ":4"], own.Events.Select(Words));

        await agents[2].Stop();
        _fleet.Forget(agents[2]);
        await FleetAgents.When(agents[0], status => status.Members.Length == 2);

        var left = await Events(agents[0]).ListAsync(new ListEventsRequest { Fleet = true, Pool = "made-up" });
        Assert.Equal(["host1:0", "host2:1", "host1:3", "host2:4"], left.Events.Select(Words));
        var silent = Assert.Single(left.Silent);
        Assert.Equal(("host3", "it is no member of the fleet at present"), (silent.Host, silent.Why));
    }

    [Fact]
    public async Task One_who_follows_the_fleet_misses_nothing_of_hosts_that_come_and_go()
    {
        var agents = await _fleet.Form(2);
        agents[0].Get<HostAsker>().SilentFor = FleetAgents.Patience;
        Happens(agents[1], 0);
        using var end = new CancellationTokenSource(FleetAgents.Patience);
        using var call = Events(agents[0]).Follow(
            new FollowEventsRequest { Fleet = true, Pool = "made-up", Since = Timestamp.FromDateTimeOffset(At(0)) },
            cancellationToken: end.Token);
        Assert.Equal("host2:0", await Next(call));
        Happens(agents[0], 1);
        Assert.Equal("host1:1", await Next(call));
        Happens(agents[1], 2);
        Assert.Equal("host2:2", await Next(call));

        await agents[1].Stop();
        Assert.Equal("host2 host-silent", await Next(call));
        var next = _fleet.Replace(agents[1], await agents[1].Next());
        Happens(next, 3);
        Assert.Equal("host2 host-heard", await Next(call));
        Assert.Equal("host2:3", await Next(call));

        // It joins while the others are followed, and this happened before it was seen.
        var late = await _fleet.Add();
        Happens(late, 4);
        await FleetAgents.Join(late, agents[0], "host3");
        Assert.Equal("host3:4", await Next(call));
        Happens(next, 5);
        Assert.Equal("host2:5", await Next(call));
        await end.CancelAsync();
    }

    [Fact]
    public async Task A_connection_that_breaks_leaves_no_event_out_and_repeats_none()
    {
        var agents = await _fleet.Form(2);
        var asker = agents[0].Get<HostAsker>();
        asker.SilentFor = FleetAgents.Patience;
        using var end = new CancellationTokenSource(FleetAgents.Patience);
        Happens(agents[1], 0);
        Happens(agents[1], 1);
        var first = await Take(asker, new EventQuestion("made-up", At(0), After: null, Latest: null), 1, end.Token);
        Happens(agents[1], 2);

        var rest = await Take(asker, new EventQuestion("made-up", At(0), first[0].Place, Latest: null), 2, end.Token);
        // Of another life of the agent the time counts.
        var other = await Take(
            asker, new EventQuestion("made-up", At(1), new EventPlace(Guid.NewGuid(), 1000), Latest: null), 2, end.Token);

        Assert.Equal([At(1), At(2)], rest.Select(said => said.At));
        Assert.Equal([At(1), At(2)], other.Select(said => said.At));
    }

    [Fact]
    public async Task Outside_of_a_fleet_the_reason_is_given()
    {
        var agent = await _fleet.Add();

        var refused = await Assert.ThrowsAsync<RpcException>(
            () => Events(agent).ListAsync(new ListEventsRequest { Fleet = true }).ResponseAsync);
        using var call = Events(agent).Follow(new FollowEventsRequest { Fleet = true });
        var followed = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(default));

        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
        Assert.Equal(StatusCode.FailedPrecondition, followed.StatusCode);
        Assert.Contains("this host is in no fleet", refused.Status.Detail, StringComparison.Ordinal);
    }

    private static Events.EventsClient Events(ServedAgent agent) => new(agent.AdminChannel);

    private static DateTimeOffset At(int seconds) => new(2026, 1, 1, 0, 0, seconds, TimeSpan.Zero);

    private static void Happens(ServedAgent agent, int second) => agent.Get<HostEventLog>().Add(new HostOccurrence(
        At(second), "made-up", "thing", "thing-made", "it was made",
        ImmutableSortedDictionary<string, string>.Empty.Add("by", "test")));

    private static string Words(Event one) =>
        one.Type == "thing-made" ? $"{one.Host}:{one.Time.ToDateTimeOffset().Second}" : $"{one.Host} {one.Type}";

    private static async Task<string> Next(AsyncServerStreamingCall<Event> call)
    {
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        return Words(call.ResponseStream.Current);
    }

    private static async Task<List<SaidEvent>> Take(
        HostAsker asker, EventQuestion question, int count, CancellationToken cancellation)
    {
        var taken = new List<SaidEvent>();
        await foreach (var answer in asker.AskAsync(
            new Domain.Fleet.HostName("host2"), new HostQuestion { Events = question }, cancellation))
        {
            if (answer.Event is { } said)
                taken.Add(said);
            if (taken.Count == count)
                break;
        }
        return taken;
    }
}
