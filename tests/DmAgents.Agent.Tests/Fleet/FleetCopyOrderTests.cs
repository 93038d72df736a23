using DmAgents.Agent.Spread;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Tests.Transfers;
using DmAgents.Agent.Transfers;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using CopyPhase = DmAgents.Domain.Fleet.Images.CopyPhase;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>What a host does about an order to copy, beside what its operator has and does there.</summary>
public sealed class FleetCopyOrderTests : FleetWithDatabase
{
    private static readonly HostName One = new("host1");
    private static readonly HostName Two = new("host2");
    private static readonly ImageReference App = new("app:1");

    /// <param name="isHeard">False: the image's entity does not know it, and orders a copy.</param>
    [Theory, InlineData(true), InlineData(false)]
    public async Task An_operators_other_image_of_the_same_name_stays(bool isHeard)
    {
        var agents = await Fleet.Form(2);
        await MakeImage(agents[0]);
        await Image(agents[0], state => state.IsKnown && state.Holders.SequenceEqual([One]));
        var (own, config) = (await TwoAgents.AddLayer(agents[1], null, 7, ByteSize.MiB(2)), Digest.Of("own"u8).Value);
        await agents[1].Do(new PoolCommands.TagImage(
            NewRequest(), App, own, config, "{}", DateTimeOffset.UnixEpoch));
        var known = await Image(agents[0], state => state.Hosts.GetValueOrDefault(Two) is { Holding.Kept: true });
        if (!isHeard)
        {
            var stamp = known.Hosts[Two].Hearing.Last;
            await (await Ready(agents[0])).Ask(App, new ImageCommands.Announce(
                Two, stamp with { Sequence = stamp.Sequence + 1000 }, null, DateTimeOffset.UnixEpoch), default);
        }

        await SetCopies(agents[0], 2);

        if (isHeard)
        {
            var none = await Image(agents[0], state => state.Decisions.LastOrDefault() is { Chosen: null });
            Assert.Equal(
                CandidateVerdict.OtherImage,
                none.Decisions[^1].Candidates.Single(candidate => candidate.Host == Two).Verdict);
        }
        else
        {
            var refused = await Image(agents[0], state => state.Troubles.ContainsKey(Two));
            Assert.Contains("another image of this name", refused.Troubles[Two].Why, StringComparison.Ordinal);
        }
        Assert.Equal(config, agents[1].State.Images[App].ConfigDigest);
        Assert.Equal(DevicePhase.Ready, agents[1].State.Find(own)!.Phase);
    }

    [Fact]
    public async Task A_copy_is_renewed_while_it_runs_also_if_nothing_comes()
    {
        Fleet.CopyLease = TimeSpan.FromSeconds(20);
        var agents = await Fleet.Form(2);
        await MakeImage(agents[0]);
        await Image(agents[0], state => state.IsKnown && state.Holders.SequenceEqual([One]));
        var gate = agents[1].Kernel.HoldNext(nameof(IKernel.OpenForReceiving));
        await SetCopies(agents[0], 2);
        await gate.Reached.WaitAsync(FleetAgents.Patience);
        var begun = (await Image(agents[0], state => state.CopyTo(Two) is { Phase: CopyPhase.Started })).CopyTo(Two)!;

        var renewed = await Image(agents[0], state => state.CopyTo(Two) is { } copy && copy.Until > begun.Until);

        Assert.Equal(begun.Id, renewed.CopyTo(Two)!.Id);
        gate.Open();
        await Image(agents[0], state => state.Holds(Two));
    }

    [Fact]
    public async Task A_copy_that_an_operator_began_goes_on_when_the_fleet_wants_it_no_more()
    {
        Fleet.CopyLease = TimeSpan.FromSeconds(20);
        var agents = await Fleet.Form(2);
        await MakeImage(agents[0]);
        await Image(agents[0], state => state.IsKnown && state.Holders.SequenceEqual([One]));
        var gate = agents[1].Kernel.HoldNext(nameof(IKernel.OpenForReceiving));
        var copy = agents[1].Get<ImageCopies>().Start(NewRequest(), agents[1].Picture, One, App.Value);
        await gate.Reached.WaitAsync(FleetAgents.Patience);
        await SetCopies(agents[0], 2);
        var orders = agents[1].Get<CopyOrders>();
        await TwoAgents.Eventually(() => orders.UnderWay.Any(), "the order is executed");
        var id = orders.UnderWay.First();

        // Not wanted any more.
        await SetCopies(agents[0], 1);
        await (await Ready(agents[0])).Ask(App, new ImageCommands.NoteFailure(
            id.Number, "the test ends it", TimeSpan.FromHours(1), TimeProvider.System.GetUtcNow()), default);
        await TwoAgents.Eventually(() => !orders.UnderWay.Contains(id), "the order is executed no more");
        gate.Open();

        Assert.Equal(App, await copy.Done.WaitAsync(FleetAgents.Patience));
        Assert.False(agents[1].Get<FleetMadeImages>().Made(ServedAgent.Pool, agents[1].State.Images[App]));
    }

    [Fact]
    public async Task A_few_copies_run_at_a_time_and_the_others_follow()
    {
        var agents = await Fleet.Form(2);
        var images = Enumerable.Range(0, CopyOrders.AtATime + 2).Select(i => new ImageReference($"app:{i}")).ToList();
        var gates = images.ConvertAll(_ => agents[1].Kernel.HoldNext(nameof(IKernel.OpenForReceiving)));
        for (var i = 0; i < images.Count; i++)
            await TwoAgents.Tag(agents[0], images[i], await TwoAgents.AddLayer(agents[0], null, 20 + i, ByteSize.MiB(1)));
        foreach (var image in images)
        {
            await Image(agents[0], image, state => state.IsKnown && state.Holders.SequenceEqual([One]));
            await SetCopies(agents[0], 2, image);
        }
        var orders = agents[1].Get<CopyOrders>();

        await TwoAgents.Eventually(() => orders.UnderWay.Count() == images.Count, "all are ordered");
        await TwoAgents.Eventually(
            () => agents[1].Get<ImageCopies>().All.Count() == CopyOrders.AtATime, "a few have begun");
        Assert.Equal(CopyOrders.AtATime, agents[1].Get<ImageCopies>().All.Count());

        foreach (var gate in gates)
            gate.Open();
        foreach (var image in images)
            await Image(agents[0], image, state => state.Holds(Two));
    }

    private static async Task MakeImage(ServedAgent agent) =>
        await TwoAgents.Tag(agent, App, await TwoAgents.AddLayer(agent, null, 1, ByteSize.MiB(2)));

    private static async Task SetCopies(ServedAgent agent, int copies, ImageReference? image = null) =>
        await (await Ready(agent)).Ask(
            image ?? App, new ImageCommands.SetCopies(NewRequest(), copies, TimeProvider.System.GetUtcNow()), default);

    private static Task<ImageState> Image(ServedAgent from, Func<ImageState, bool> holds) => Image(from, App, holds);

    private static Task<ImageState> Image(ServedAgent from, ImageReference image, Func<ImageState, bool> holds) =>
        Shown(from, entities => entities.Show(image, CancellationToken.None), holds);
}
