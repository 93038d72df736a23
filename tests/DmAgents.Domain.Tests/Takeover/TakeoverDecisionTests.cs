using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Units;
using DmAgents.Testing.Docker;
using static DmAgents.Domain.Tests.Deciding.Given;

namespace DmAgents.Domain.Tests.Takeover;

public sealed class TakeoverDecisionTests
{
    private static readonly PoolCommands.TakeOver Command = new DockerWorld().Command(
        NewRequest(), new PoolName("test-pool"), new PoolUuid(Guid.NewGuid()));

    private static readonly DeviceKey Web = Container("web");

    private readonly PoolState _state = PoolState.Empty.After(
        Assert.IsType<Decision.Accepted>(PoolDecider.Decide(PoolState.Empty, health: null, Command)).Events);

    public static TheoryData<PoolCommand> Changes =>
    [
        Remove(Web), Remove(Layer("a"), force: true), Use(Web, DeviceUse.Mounted), Use(Web, DeviceUse.Active),
        Resize(Web, ByteSize.GiB(1)), Untag("app:1"), Tag("app:1", Layer("b")),
        new PoolCommands.Purge(NewRequest(), new ThinId(3), At),
        new PoolCommands.Grow(NewRequest(), Command.Backing, At),
    ];

    [Fact]
    public void What_was_found_is_in_the_journal_with_the_transaction_id_to_go_back_to()
    {
        Assert.Equal([1u, 2u, 3u], _state.Devices.Keys.Select(id => id.Value).Order());
        Assert.Equal("rootfs", _state.Find(Web)!.Root);
        Assert.Equal(new ThinId(2), Assert.Single(_state.Images).Value.TopLayer);
        Assert.True(_state.WasOpened);
        Assert.Equal(new Checkpoint(DockerWorld.Transaction, Intended: null), _state.Checkpoint);
        Assert.Equal(
            (DockerWorld.Transaction, TakeoverPhase.Provisional),
            (_state.Takeover!.TransactionId, _state.Takeover.Phase));
    }

    [Theory, MemberData(nameof(Changes))]
    public void Until_it_is_confirmed_nothing_of_it_is_changed(PoolCommand command)
    {
        var refusal = RefusedBy(
            _state.Do(Create(Container("x"), Layer("a"))).Do(Commit(Container("x"), Layer("b"))), command);

        Assert.Equal(RefusalKind.WrongState, refusal.Kind);
        Assert.Contains("Docker's until the adoption is confirmed", refusal.Why, StringComparison.Ordinal);
        Assert.Contains("--confirm test-pool", refusal.Next, StringComparison.Ordinal);
    }

    [Fact]
    public void It_can_be_looked_at_and_built_upon()
    {
        var state = _state.Do(Use(Web, DeviceUse.Mounted, readOnly: true)).Do(CommitLive(Web, Layer("of-web")))
            .Do(Create(Container("mine"), Layer("a"), use: DeviceUse.Mounted));

        Assert.Equal("rootfs", state.Find(Container("mine"))!.Root);
        Assert.Equal("rootfs", state.Find(Layer("of-web"))!.Root);
        Assert.Equal("rootfs", state.Do(Create(Container("above"), Layer("of-web"))).Find(Container("above"))!.Root);
        Assert.DoesNotContain(state.Find(Container("mine"))!.Id, state.Takeover!.Thins);
    }

    [Fact]
    public void What_was_made_since_goes_and_nothing_of_Docker_with_it()
    {
        var state = _state.Do(Create(Container("x"), Layer("a"))).Do(Commit(Container("x"), Layer("b")))
            .Do(Tag("mine:1", Layer("b")));

        var accepted = Assert.IsType<Decision.Accepted>(PoolDecider.Decide(state, Health, Untag("mine:1")));

        var removal = Assert.Single(accepted.Events.OfType<PoolEvents.RemovalIntended>());
        Assert.Equal(state.Find(Layer("b"))!.Id, removal.Id);
    }

    [Fact]
    public void After_the_confirmation_all_of_it_is_the_agents()
    {
        var state = _state.Do(new PoolCommands.ConfirmTakeover(NewRequest(), At));

        Assert.Equal(TakeoverPhase.Confirmed, state.Takeover!.Phase);
        Assert.IsType<Decision.Accepted>(PoolDecider.Decide(state, Health, Use(Web, DeviceUse.Mounted)));
        state = state.Do(Remove(Web)).Do(Untag("app:1"));
        Assert.Equal(DevicePhase.Removing, state.Devices[new ThinId(2)].Phase);
    }

    [Fact]
    public void With_the_confirmation_go_Dockers_devices_between_image_and_container()
    {
        var init = Command.Devices[2] with
        {
            Id = new ThinId(4), Key = DeviceKey.Layer("docker:init"), Kind = DeviceKind.Layer,
            Labels = NoLabels.Add(DeviceLabels.DockerInit, "c0"),
        };
        var state = _state.After(new PoolEvents.DeviceAdopted(init, At))
            .Do(new PoolCommands.ConfirmTakeover(NewRequest(), At));

        Assert.Equal(DevicePhase.Removing, state.Devices[new ThinId(4)].Phase);
        Assert.Equal(DevicePhase.Ready, state.Find(Web)!.Phase);
    }

    [Fact]
    public void A_second_confirmation_finds_it_done_and_another_pool_has_nothing_to_confirm()
    {
        var confirm = new PoolCommands.ConfirmTakeover(NewRequest(), At);

        Assert.IsType<Decision.AlreadySo>(PoolDecider.Decide(
            _state.Do(new PoolCommands.ConfirmTakeover(NewRequest(), At)), Health, confirm));
        Assert.Equal(RefusalKind.WrongState, RefusedBy(Pool, confirm).Kind);
    }

    [Fact]
    public void Two_devices_under_one_key_are_not_adopted()
    {
        var twice = Command with { Devices = Command.Devices.Add(Command.Devices[2] with { Id = new ThinId(9) }) };

        Assert.Equal(RefusalKind.Invalid, RefusedBy(PoolState.Empty, twice).Kind);
    }
}
