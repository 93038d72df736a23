using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using static DmAgents.Domain.Tests.Deciding.Given;

namespace DmAgents.Domain.Tests.Deciding;

public sealed class RemovalWhileCreatingTests
{
    private static readonly PoolState Removed = RemovedWhileCreating();

    private static ThinId Id => Removed.Devices.Values.Single(d => d.Kind == DeviceKind.Container).Id;

    [Fact]
    public void A_device_removed_while_it_was_made_stays_removed_when_the_pool_has_it()
    {
        var after = Removed.Apply(new PoolEvents.Created(Id, At));

        Assert.Equal(DevicePhase.Removing, after.Devices[Id].Phase);
        PoolInvariants.Hold(after);
    }

    [Fact]
    public void A_device_removed_while_it_was_made_leaves_its_parent_once_when_making_it_failed()
    {
        var after = Removed.Apply(new PoolEvents.CreationFailed(Id, "no", InDoubt: false, At));

        Assert.Equal(0, after.ChildrenOf(after.Find(Layer("a"))!.Id));
        PoolInvariants.Hold(after);
    }

    [Fact]
    public void An_owner_cannot_remove_what_is_still_being_made()
    {
        var refused = Assert.IsType<Decision.Refused>(PoolDecider.Decide(Creating(), Health, Remove(Container("c"))));

        Assert.Equal(RefusalKind.Busy, refused.Refusal.Kind);
    }

    /// <summary>As a recovery does with an interrupted import.</summary>
    private static PoolState RemovedWhileCreating()
    {
        var state = Creating();
        return state.Apply(new PoolEvents.RemovalIntended(Request: null, state.Find(Container("c"))!.Id, At));
    }

    private static PoolState Creating()
    {
        var state = Pool.Imported("image", "a");
        return state.After(Assert.IsType<Decision.Accepted>(
            PoolDecider.Decide(state, Health, Create(Container("c"), Layer("a")))).Events);
    }
}
