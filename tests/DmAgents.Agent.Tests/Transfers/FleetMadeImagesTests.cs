using DmAgents.Agent.Spread;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Transfers;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Testing.Contracts;
using Grpc.Core;

namespace DmAgents.Agent.Tests.Transfers;

/// <summary>Which images of a host are the fleet's own copies.</summary>
public sealed class FleetMadeImagesTests : TwoAgents
{
    [Fact]
    public async Task A_copy_of_the_fleet_that_a_restart_interrupted_is_the_fleets()
    {
        await MakeImage(1);
        var copy = Begin();
        var offer = await Source.Get<ImageOffers>().MakeAsync(App.Value, _ => { }, CancellationToken.None);
        Target.Get<CopyFiles>().Keep(
            Target.Picture.Paths, new CopyJob(copy, ServedAgent.Pool, HostOne, App.Value, DateTimeOffset.UnixEpoch), offer)
            .Must();
        await Target.Stop();

        await NextOfTwo();

        await Eventually(() => Target.State.Images.ContainsKey(App), "the copy has gone on");
        Assert.True(IsTheFleets());
        // So it is for the agent after it, which reads the request from the journal.
        await Target.Stop();
        await NextOfTwo();
        await Eventually(() => Target.Picture is { Phase: Domain.Pools.PoolPhase.Open }, "the pool is open");
        Assert.True(IsTheFleets());
    }

    [Fact]
    public async Task An_operators_image_is_not_the_fleets_also_if_a_copy_of_the_fleet_with_its_content_never_came()
    {
        var layer = await AddLayer(Target, null, 1, ByteSize.MiB(2));
        Begin();

        await Tag(Target, App, layer);

        Assert.False(IsTheFleets());
        Assert.Null(Target.Get<FleetMadeImages>().Objection(App, Target.State.Images[App].ConfigDigest));
        Assert.Contains(
            "another image", Target.Get<FleetMadeImages>().Objection(App, Digest.Of("other"u8).Value),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_copy_that_finds_an_operators_image_with_the_same_content_leaves_it_to_the_operator()
    {
        await MakeImage(1);
        await Copy();

        await Copy(request: Begin());

        Assert.False(IsTheFleets());
    }

    [Fact]
    public async Task What_never_came_is_forgotten_when_the_next_copy_begins_and_what_is_there_is_not()
    {
        await MakeImage(1);
        var (never, there) = (Begin(), Begin());
        await Copy(request: there);

        Begin();

        Assert.False(Target.Get<FleetMadeImages>().Ordered(never));
        Assert.True(IsTheFleets());
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_copy_of_the_fleet_takes_the_name_of_no_other_image_that_came_meanwhile_and_an_operators_does(
        bool isTheFleets)
    {
        await MakeImage(1);
        var own = await AddLayer(Target, null, 5, ByteSize.MiB(2));
        var gate = Target.Kernel.HoldNext(nameof(IKernel.OpenForReceiving));
        var copying = Copy(request: isTheFleets ? Begin() : NewRequest());
        await gate.Reached.WaitAsync(Patience);
        var other = Digest.Of("other"u8).Value;
        await Target.Do(new PoolCommands.TagImage(NewRequest(), App, own, other, "{}", DateTimeOffset.UnixEpoch));
        gate.Open();

        if (isTheFleets)
        {
            var refused = await Assert.ThrowsAsync<RpcException>(() => copying);
            Assert.Contains("another image of this name", refused.Status.Detail, StringComparison.Ordinal);
            Assert.NotNull(Target.State.Find(own));
            await NothingIsLeft(Target);
        }
        else
        {
            await copying;
        }
        Assert.Equal(isTheFleets, Target.State.Images[App].ConfigDigest == other);
    }

    [Fact]
    public async Task Of_two_copies_of_the_fleet_that_cross_the_earlier_one_does_not_take_the_name_back()
    {
        await MakeImage(1);
        var own = await AddLayer(Target, null, 5, ByteSize.MiB(2));
        var gate = Target.Kernel.HoldNext(nameof(IKernel.OpenForReceiving));
        var copying = Copy(request: Begin());
        await gate.Reached.WaitAsync(Patience);
        var (later, other) = (Begin(), Digest.Of("other"u8).Value);
        await Target.Do(new PoolCommands.TagImage(
            ImageCopier.NamingOf(later, App), App, own, other, "{}", DateTimeOffset.UnixEpoch));
        Assert.True(IsTheFleets());
        gate.Open();

        var refused = await Assert.ThrowsAsync<RpcException>(() => copying);

        Assert.Contains("got this name meanwhile", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(other, Target.State.Images[App].ConfigDigest);
        await NothingIsLeft(Target);
    }

    /// <summary>As an order does; the process has nothing more to do with it.</summary>
    private RequestId Begin()
    {
        var request = NewRequest();
        Target.Get<FleetMadeImages>().Begin(new FleetCopy(ServedAgent.Pool, App, request), out var begun).Must();
        begun.Dispose();
        return request;
    }

    private bool IsTheFleets() =>
        Target.Get<FleetMadeImages>().Made(ServedAgent.Pool, Target.State.Images[App]);
}
