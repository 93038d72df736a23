using System.Collections.Concurrent;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Tests.Transfers;
using DmAgents.Agent.Transfers;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.Tests.Containerd;

/// <summary>From which hosts a layer for containerd comes.</summary>
public sealed class RemoteLayerSourcesTests : ContainerdHosts
{
    [Fact]
    public async Task Several_hosts_that_have_a_layer_send_it()
    {
        var two = await Start(Two);
        await Unpack(First, 0, parent: "", mib: 32);
        await Comes(two, 0, parent: "");
        var three = await Start(Three);
        var (one, other) = (Fleet.BytesFrom(One), Fleet.BytesFrom(Two));
        // One that has sent a part waits until the other one has sent something.
        Fleet.GoesOn = (host, read) => read < (long)ByteSize.MiB(4).Bytes
            || (host == One ? Fleet.BytesFrom(Two) > other : Fleet.BytesFrom(One) > one);

        await Comes(three, 0, parent: "");

        Assert.Equal(ContentOf(First, 0), ContentOf(three, 0));
        Assert.True(Fleet.BytesFrom(One) > one && Fleet.BytesFrom(Two) > other);
        await NothingIsLeft(three);
    }

    [Theory]
    [InlineData("is damaged")]
    [InlineData("hangs")]
    [InlineData("hangs midway")]
    public async Task A_source_of_no_use_is_replaced_by_another_host(string how)
    {
        var two = await Start(Two);
        await Unpack(First, 0, parent: "", mib: 8);
        await Comes(two, 0, parent: "");
        var sent = Fleet.BytesFrom(Two);
        var three = await Start(Three, "fleet.containerd { answer-within = 60s, stalled-after = 40s }");
        if (how == "is damaged")
        {
            for (var at = 4UL; at < 12; at++)
                TwoAgents.Damage(First, LayerOf(First, 0).Key, at);
        }
        else
        {
            var part = how == "hangs" ? 0 : (long)ByteSize.MiB(2).Bytes;
            Fleet.GoesOn = (host, read) => host != One || read <= part;
        }
        // The first host is asked alone, until its blocks are.
        var reached = new TaskCompletionSource();
        Fleet.BeforeLayers = host => host == One ? Task.CompletedTask : reached.Task;
        Fleet.BeforeBlocks = () =>
        {
            reached.TrySetResult();
            return Task.CompletedTask;
        };

        await Comes(three, 0, parent: "");

        Assert.Equal(ContentOf(two, 0), ContentOf(three, 0));
        Assert.True(Fleet.BytesFrom(Two) > sent);
        await NothingIsLeft(three);
    }

    [Fact]
    public async Task What_has_come_of_a_layer_is_served_to_others_while_the_rest_comes()
    {
        await Unpack(First, 0, parent: "", mib: 32);
        var two = await Start(Two);
        var three = await Start(Three);
        var waits = true;
        Fleet.GoesOn = (host, read) =>
            host != One || read < (long)ByteSize.MiB(8).Bytes || !Volatile.Read(ref waits);
        var second = Comes(two, 0, parent: "");
        await Eventually(() => Fleet.BytesFrom(One) > (long)ByteSize.MiB(4).Bytes, "a part has come");
        var third = Comes(three, 0, parent: "");

        await Eventually(() => Fleet.BytesFrom(Two) > (long)ByteSize.MiB(1).Bytes, "the part is passed on");
        Volatile.Write(ref waits, false);

        await second;
        await third;
        Assert.Equal(ContentOf(First, 0), ContentOf(two, 0));
        Assert.Equal(ContentOf(First, 0), ContentOf(three, 0));
        await NothingIsLeft(two);
        await NothingIsLeft(three);
    }

    [Fact]
    public async Task Only_hosts_that_the_fleets_locations_name_are_asked_and_it_is_said_there_what_comes()
    {
        var (two, locations) = await StartWithLocations([One]);
        await Start(Three);
        await Unpack(First, 0, parent: "");
        var asked = new ConcurrentQueue<HostName>();
        Fleet.BeforeLayers = host =>
        {
            asked.Enqueue(host);
            return Task.CompletedTask;
        };
        await Comes(two, 0, parent: "");

        Assert.All(asked, host => Assert.Equal(One, host));
        Assert.Equal(["begun from one", "ended"], locations.Said);
    }

    [Fact]
    public async Task If_the_fleets_locations_name_no_host_none_is_asked_and_the_layer_is_unpacked()
    {
        var (two, _) = await StartWithLocations([]);
        await Unpack(First, 0, parent: "");

        await IsOrdinary(two, 0, parent: "");

        Assert.Equal(0, Fleet.AskedBy(Two));
    }

    [Fact]
    public async Task If_the_fleets_locations_do_not_answer_all_hosts_are_asked()
    {
        var (two, _) = await StartWithLocations(null);
        await Unpack(First, 0, parent: "");

        await Comes(two, 0, parent: "");
    }

    private async Task<(ServedAgent Agent, GivenLocations Locations)> StartWithLocations(HostName[]? hosts)
    {
        var locations = new GivenLocations(hosts);
        return (await Start(Two, Patient, locations), locations);
    }

    /// <summary>What the fleet's entities would say of every layer.</summary>
    private sealed class GivenLocations(HostName[]? hosts) : ILayerLocations
    {
        public ConcurrentQueue<string> Said { get; } = new();

        public Task<IReadOnlyList<HostName>?> FindAsync(
            ChainId layer, TimeSpan within, CancellationToken cancellation) =>
            Task.FromResult<IReadOnlyList<HostName>?>(hosts);

        public IDisposable Begin(ChainId layer, HostName source)
        {
            Said.Enqueue($"begun from {source}");
            return new Ending(this);
        }

        private sealed class Ending(GivenLocations locations) : IDisposable
        {
            public void Dispose() => locations.Said.Enqueue("ended");
        }
    }
}
