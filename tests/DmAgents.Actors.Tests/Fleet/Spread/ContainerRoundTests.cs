using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Orders;

namespace DmAgents.Actors.Tests.Fleet.Spread;

/// <summary>The rounds that drive a container, stepped under one clock.</summary>
public sealed class ContainerRoundTests
{
    private static readonly HostName A = new("a");
    private static readonly HostName B = new("b");
    private static readonly HostName C = new("c");

    private readonly SteppedFleet _fleet = new();

    [Fact]
    public async Task A_container_is_ordered_where_its_image_is_and_known_there_once_its_host_says_so()
    {
        Begin(_fleet);
        _fleet.Create();
        await _fleet.Drive();

        var (host, order) = Assert.Single(_fleet.Orders);
        Assert.Equal(A, host);
        var create = Assert.IsType<HostOrders.CreateContainer>(order);
        Assert.Equal((_fleet.Web.Epoch, SteppedFleet.Image), (create.Epoch, create.Image));

        _fleet.Orders.Clear();
        Assert.IsType<ContainerReplies.Owns>(_fleet.Say(A, create.Epoch));
        await _fleet.Drive();
        Assert.Empty(_fleet.Orders);
        Assert.Equal(ContainerPhase.Owned, _fleet.Web.Phase);
    }

    /// <summary>The orderer dies before or after each of its steps: the container is made once, where it was placed.
    /// </summary>
    [Theory, InlineData(false), InlineData(true)]
    public async Task A_named_host_without_the_image_gets_it_first_whichever_step_the_driver_dies_at(bool isDone)
    {
        for (var at = 1; ; at++)
        {
            var fleet = new SteppedFleet { IsDone = isDone };
            Begin(fleet);
            fleet.Create(B);
            fleet.KilledAt = at;
            var died = false;
            for (var rounds = 0; rounds < 20; rounds++)
            {
                try
                {
                    await fleet.Round();
                }
                catch (KilledException)
                {
                    died = true;
                }
            }
            fleet.KilledAt = null;
            await fleet.Drive();
            Assert.Contains(fleet.Orders, sent => sent is (_, HostOrders.CopyImage) && sent.Host == B);
            Assert.DoesNotContain(fleet.Orders, sent => sent.Order is HostOrders.CreateContainer);
            Assert.Equal(1ul, fleet.State.LastCopy);

            fleet.Announce(B, HoldingKind.Whole);
            await fleet.Drive();
            Assert.Contains(fleet.Orders, sent => sent is (_, HostOrders.CreateContainer) && sent.Host == B);
            Assert.Equal(1ul, fleet.Web.Epoch.Number);
            // The copy is kept for the container, although one is enough.
            Assert.Equal([A, B], fleet.State.Holders);
            Assert.Empty(fleet.State.Releasing);
            if (!died)
                break;
        }
    }

    [Fact]
    public async Task A_host_that_fails_is_passed_over_and_what_it_makes_late_is_fenced()
    {
        Begin(_fleet);
        _fleet.Create();
        await _fleet.Drive();
        var first = _fleet.Web.Epoch;
        _fleet.Do(new ContainerCommands.NoteFailure(A, first, "its pool is full", _fleet.Now));
        await _fleet.Drive();
        Assert.Equal((B, first.Next), (_fleet.Web.Host!.Value, _fleet.Web.Epoch));

        // The order had come through all the same.
        _fleet.Orders.Clear();
        Assert.IsType<ContainerReplies.Fenced>(_fleet.Say(A, first));
        await _fleet.Drive();

        var fence = Assert.Single(_fleet.Orders, sent => sent.Order is HostOrders.FenceContainer);
        Assert.Equal((A, first), (fence.Host, ((HostOrders.FenceContainer)fence.Order).Epoch));
        // It is gone: the order is not repeated.
        _fleet.Orders.Clear();
        _fleet.Say(A, epoch: null);
        await _fleet.Drive();
        Assert.DoesNotContain(_fleet.Orders, sent => sent.Order is HostOrders.FenceContainer);
    }

    [Fact]
    public async Task A_host_that_is_lost_before_it_answers_is_passed_over_and_fenced_on_its_return()
    {
        Begin(_fleet);
        _fleet.Announce(C, HoldingKind.Whole);
        _fleet.Create();
        await _fleet.Drive();
        var (host, epoch) = (_fleet.Web.Host!.Value, _fleet.Web.Epoch);

        _fleet.Lose(host);
        _fleet.Wait(TimeSpan.FromMinutes(1));
        await _fleet.Drive();

        Assert.NotEqual(host, _fleet.Web.Host);
        Assert.Equal(epoch.Next, _fleet.Web.Epoch);
        var now = _fleet.Web.Host!.Value;
        _fleet.Say(now, _fleet.Web.Epoch);
        _fleet.Return(host, HoldingKind.Whole);
        Assert.IsType<ContainerReplies.Fenced>(_fleet.Say(host, epoch));
        await _fleet.Drive();
        Assert.Contains(_fleet.Orders, sent => sent.Host == host && sent.Order is HostOrders.FenceContainer);
        Assert.Equal((now, ContainerPhase.Owned), (_fleet.Web.Host!.Value, _fleet.Web.Phase));
    }

    [Fact]
    public async Task An_image_that_cannot_be_copied_to_the_host_ends_the_placement_there()
    {
        Begin(_fleet);
        _fleet.Create(B);
        await _fleet.Drive();
        for (var failures = 0; failures < ContainerCare.MaxImageFailures; failures++)
        {
            var copy = Assert.Single(_fleet.State.Copies.Values);
            _fleet.Do(new ImageCommands.NoteFailure(
                copy.Id.Number, "no space", _fleet.Settings.RetryAfter, _fleet.Now));
            _fleet.Wait(TimeSpan.FromMinutes(5));
            await _fleet.Drive();
        }
        // The operator named the host: no other is taken in its place.
        Assert.Equal(ContainerPhase.None, _fleet.Web.Phase);
        Assert.Contains("no space", _fleet.Web.Why, StringComparison.Ordinal);
        Assert.Empty(_fleet.State.Pinned);
    }

    [Fact]
    public async Task A_removal_is_ordered_until_the_host_says_that_it_is_done()
    {
        Begin(_fleet);
        _fleet.Create();
        await _fleet.Drive();
        _fleet.Say(A, _fleet.Web.Epoch);
        _fleet.Do(new ContainerCommands.Remove(new(Guid.NewGuid()), _fleet.Now));
        _fleet.Orders.Clear();
        await _fleet.Round();
        await _fleet.Round();
        Assert.Equal(2, _fleet.Orders.Count(sent => sent is (_, HostOrders.RemoveContainer) && sent.Host == A));

        _fleet.Do(new ContainerCommands.NoteRemoved(A, _fleet.Web.Epoch, _fleet.Now));
        _fleet.Say(A, epoch: null);
        _fleet.Orders.Clear();
        await _fleet.Drive();
        Assert.Empty(_fleet.Orders);
        Assert.False(ContainerCare.IsNeeded(_fleet.Web));
    }

    /// <summary>The driver dies before or after each of its steps.</summary>
    [Theory, InlineData(false), InlineData(true)]
    public async Task A_containers_pin_goes_with_it_whichever_step_the_driver_dies_at(bool isDone)
    {
        for (var at = 1; ; at++)
        {
            var fleet = new SteppedFleet { IsDone = isDone };
            await Brought(fleet);
            fleet.Do(new ContainerCommands.Remove(new(Guid.NewGuid()), fleet.Now));
            fleet.Do(new ContainerCommands.NoteRemoved(B, fleet.Web.Epoch, fleet.Now));
            fleet.Say(B, epoch: null);
            fleet.KilledAt = at;
            var died = await Dies(fleet.Round);
            fleet.KilledAt = null;
            await fleet.Drive();

            Assert.Empty(fleet.State.Pins);
            Assert.False(ContainerCare.IsNeeded(fleet.Web));
            if (!died)
                break;
        }
    }

    /// <summary>The host says so when it is back: no request removed it.</summary>
    [Fact]
    public async Task The_pin_of_a_container_that_vanished_goes()
    {
        await Brought(_fleet);
        Assert.Equal(B, Assert.Single(_fleet.State.Pinned));

        _fleet.Say(B, epoch: null);
        Assert.Equal(ContainerPhase.Vanished, _fleet.Web.Phase);
        await _fleet.Drive();

        Assert.Empty(_fleet.State.Pins);
    }

    [Fact]
    public async Task An_image_releases_the_pin_of_a_container_that_nothing_drives_any_more()
    {
        await Brought(_fleet);
        _fleet.Do(new ContainerCommands.Remove(new(Guid.NewGuid()), _fleet.Now));
        _fleet.Do(new ContainerCommands.NoteRemoved(B, _fleet.Web.Epoch, _fleet.Now));
        // Whether a container needs the copy is known to its host: as long as one does, nothing is asked.
        _fleet.Announce(B, HoldingKind.Whole, inUse: true);
        await _fleet.RoundOfImage();
        Assert.Equal(B, Assert.Single(_fleet.State.Pinned));

        _fleet.Announce(B, HoldingKind.Whole);
        await _fleet.RoundOfImage();

        Assert.Empty(_fleet.State.Pins);
    }

    [Fact]
    public async Task The_pin_of_a_container_that_is_there_stays()
    {
        await Brought(_fleet);
        await _fleet.Drive();
        await _fleet.RoundOfImage();

        Assert.Equal(new PinOwner(_fleet.Web.Name, _fleet.Web.Epoch), Assert.Single(_fleet.State.Pins).For);
    }

    /// <summary>On a host that had to get its image first.</summary>
    private static async Task Brought(SteppedFleet fleet)
    {
        Begin(fleet);
        fleet.Create(B);
        await fleet.Drive();
        fleet.Announce(B, HoldingKind.Whole);
        await fleet.Drive();
        Assert.IsType<ContainerReplies.Owns>(fleet.Say(B, fleet.Web.Epoch));
        Assert.Equal(B, Assert.Single(fleet.State.Pinned));
    }

    private static async Task<bool> Dies(Func<Task> round)
    {
        try
        {
            await round();
            return false;
        }
        catch (KilledException)
        {
            return true;
        }
    }

    private static void Begin(SteppedFleet fleet)
    {
        fleet.Define(copies: 1);
        // An operator imported it there.
        fleet.Announce(A, HoldingKind.Whole, inUse: true);
        fleet.Announce(B);
        fleet.Announce(C);
    }
}
