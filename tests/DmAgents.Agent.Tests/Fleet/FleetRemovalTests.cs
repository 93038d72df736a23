using DmAgents.Actors.Fleet;
using DmAgents.Agent.Fleet.Inventory;
using DmAgents.Agent.Spread;
using DmAgents.Agent.Tests.Support;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Images;
using Grpc.Core;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>An operator removes an image from a host: the fleet's last verified copy stays.</summary>
public sealed class FleetRemovalTests : FleetWithDatabase
{
    private static readonly ImageReference App = new("app:1");

    [Fact]
    public async Task The_last_verified_copy_is_removed_only_by_force()
    {
        var agents = await Fleet.Form(2);
        await FleetSpreadTests.MakeImage(agents[0]);
        await FleetSpreadTests.Explained(agents[1], image => FleetSpreadTests.Whole(image) == 1);

        var refused = await Assert.ThrowsAsync<RpcException>(() => Remove(agents[0]));

        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
        Assert.Contains(
            "no other host that is there has a verified copy", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("copy it to another host first", FleetSpreadTests.NextOf(refused), StringComparison.Ordinal);
        Assert.Contains(
            "dmagent image remove app:1 --force", FleetSpreadTests.NextOf(refused), StringComparison.Ordinal);
        Assert.Contains(App, agents[0].State.Images.Keys);
        // It counts again.
        await FleetSpreadTests.Explained(agents[1], image => FleetSpreadTests.Whole(image) == 1);

        await Remove(agents[0], force: true);

        Assert.DoesNotContain(App, agents[0].State.Images.Keys);
        await FleetSpreadTests.Explained(agents[1], image => FleetSpreadTests.Whole(image) == 0);
    }

    [Fact]
    public async Task Of_two_copies_that_are_removed_at_once_one_stays()
    {
        var agents = await Fleet.Form(2);
        foreach (var agent in agents)
            await FleetSpreadTests.MakeImage(agent);
        await FleetSpreadTests.Explained(agents[1], image => FleetSpreadTests.Whole(image) == 2);

        var removals = agents.Select(agent => Remove(agent)).ToList();
        await Task.WhenAll(removals).ContinueWith(_ => { }, TaskScheduler.Default);

        Assert.InRange(removals.Count(removal => removal.IsCompletedSuccessfully), 0, 1);
        await FleetSpreadTests.Explained(agents[1], image => FleetSpreadTests.Whole(image) >= 1);

        // One after the other, the first goes if both stayed.
        if (agents.All(agent => agent.State.Images.ContainsKey(App)))
            await Remove(agents[0]);
        var last = Assert.Single(agents, agent => agent.State.Images.ContainsKey(App));
        await Assert.ThrowsAsync<RpcException>(() => Remove(last));
        Assert.Contains(App, last.State.Images.Keys);
    }

    [Fact]
    public async Task While_the_fleet_cannot_be_asked_an_image_is_removed_only_by_force()
    {
        var agents = await Fleet.Form(1);
        await FleetSpreadTests.MakeImage(agents[0]);
        await FleetSpreadTests.Explained(agents[0], image => FleetSpreadTests.Whole(image) == 1);
        SharedDatabase.GoAway();
        await agents[0].Get<FleetKeeper>().Entities!.Database.When(
            status => !status.IsReady, CancellationToken.None).WaitAsync(FleetAgents.Patience);

        var refused = await Assert.ThrowsAsync<RpcException>(() => Remove(agents[0]));

        Assert.Contains("database", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("--force", FleetSpreadTests.NextOf(refused), StringComparison.Ordinal);
        await Remove(agents[0], force: true);
        Assert.DoesNotContain(App, agents[0].State.Images.Keys);
    }

    [Fact]
    public async Task A_removal_waits_for_another_question_about_the_image()
    {
        var agents = await Fleet.Form(1);
        await FleetSpreadTests.MakeImage(agents[0]);
        await FleetSpreadTests.Explained(agents[0], image => FleetSpreadTests.Whole(image) == 1);
        RpcException refused;
        using (var open = agents[0].Get<DropQuestions>().Ask(App, HoldingKind.Releasing))
        {
            var removal = Remove(agents[0]);
            // A second one that comes later waits, too.
            var other = Remove(agents[0]);
            Assert.Same(open, agents[0].Get<DropQuestions>().Of(App));
            Assert.False(removal.IsCompleted || other.IsCompleted);
            open!.Dispose();
            refused = await Assert.ThrowsAsync<RpcException>(() => removal);
            await Assert.ThrowsAsync<RpcException>(() => other);
        }

        Assert.Contains("no other host", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Contains(App, agents[0].State.Images.Keys);
    }

    private static async Task<RemoveImageReply> Remove(ServedAgent agent, bool force = false)
    {
        agent.Get<LastCopies>().Patience = FleetAgents.Patience;
        return await new Api.Admin.V1.Images.ImagesClient(agent.AdminChannel).RemoveAsync(new RemoveImageRequest
        {
            RequestId = FleetSpreadTests.NewId(), Pool = ServedAgent.Pool.Value, Image = App.Value, Force = force,
        });
    }
}
