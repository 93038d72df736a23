using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using static DmAgents.Domain.Tests.Deciding.Given;

namespace DmAgents.Domain.Tests.Deciding;

/// <summary>Every command to every device in every phase, kind and use, in a pool of every condition.</summary>
public sealed class DecisionMatrixTests
{
    private static readonly PoolHealth?[] Healths =
    [
        null, Health, HealthOf(PoolMode.ReadWrite, 95), HealthOf(PoolMode.ReadWrite, 1, metadataPercent: 95),
        HealthOf(PoolMode.OutOfDataSpace, 100), HealthOf(PoolMode.ReadOnly, 1),
        HealthOf(PoolMode.ReadWrite, 1, needsCheck: true), HealthOf(PoolMode.Failed, 0),
    ];

    [Fact]
    public void Every_command_has_an_answer_and_every_answer_keeps_the_pool_in_order()
    {
        var (decided, accepted) = (0, 0);
        foreach (var (state, key) in States())
        {
            PoolInvariants.Hold(state);
            foreach (var health in Healths)
            {
                foreach (var command in CommandsTo(key))
                {
                    accepted += Check(state, health, command) ? 1 : 0;
                    decided++;
                }
            }
        }
        Assert.InRange(decided, 5_000, int.MaxValue);
        Assert.InRange(accepted, decided / 10, decided);
    }

    [Fact]
    public void A_pool_that_was_never_made_refuses_every_other_command()
    {
        foreach (var command in CommandsTo(Container("c")))
        {
            var refused = Assert.IsType<Decision.Refused>(PoolDecider.Decide(PoolState.Empty, health: null, command));
            Assert.Equal(RefusalKind.NotFound, refused.Refusal.Kind);
        }
    }

    private static bool Check(PoolState state, PoolHealth? health, PoolCommand command)
    {
        switch (PoolDecider.Decide(state, health, command))
        {
            case Decision.Accepted accepted:
                var after = state.After(accepted.Events);
                PoolInvariants.Hold(after);
                Assert.NotEmpty(accepted.Events);
                Assert.All(accepted.Events, e => Assert.Equal(command.At, e.At));
                Assert.Equal(
                    new Decision.AlreadySo(accepted.Subject), PoolDecider.Decide(after, health, command));
                return true;
            case Decision.Refused { Refusal: var refusal }:
                Assert.StartsWith("cannot ", refusal.What, StringComparison.Ordinal);
                Assert.All([refusal.Subject, refusal.Why, refusal.Next], text =>
                    Assert.False(string.IsNullOrWhiteSpace(text)));
                Assert.NotEqual("?", refusal.Subject);
                return false;
            case Decision.AlreadySo { Subject: { } subject }:
                Assert.True(state.Devices.ContainsKey(subject));
                return false;
            default:
                return false;
        }
    }

    /// <summary>One device in the middle of what it can be, with a layer below it and an image beside.</summary>
    private static IEnumerable<(PoolState State, DeviceKey Key)> States()
    {
        var image = Pool.Imported("image", "a", "b");
        yield return (image, Container("missing"));
        yield return (image, Layer("a"));
        yield return (image, Layer("b"));
        var lostLayer = image.Apply(new PoolEvents.Lost(image.Find(Layer("b"))!.Id, At));
        yield return (lostLayer, Layer("b"));
        yield return (image, image.Devices.Values.Single(d => d.Kind == DeviceKind.Base).Key);
        foreach (var use in Enum.GetValues<DeviceUse>())
        {
            foreach (var state in InEachPhase(image, Create(Container("c"), Layer("b"), use: use)))
                yield return (state, Container("c"));
        }
        var free = image.Do(Create(Container("x"), Layer("b"))).Do(Commit(Container("x"), Layer("c")));
        yield return (free, Layer("c"));
        yield return (free.Do(Use(Layer("c"), DeviceUse.Mounted)), Layer("c"));
        yield return (free.Do(CreateView(View("v"), Layer("c"))), Layer("c"));
        yield return (free.Do(CreateView(View("v"), Layer("c"))), View("v"));
        yield return (free.Do(NoteContent(Layer("c"), 1)), Layer("c"));
        yield return (free.Do(Receive("r", Layer("c"), ByteSize.GiB(1))), DeviceKey.Reception("r"));
        yield return (free.Do(Create(DeviceKey.Stock("s"), Layer("c"), use: DeviceUse.Active)), Layer("c"));
    }

    private static IEnumerable<PoolState> InEachPhase(PoolState image, PoolCommands.CreateSnapshot create)
    {
        var creating = image.After(Assert.IsType<Decision.Accepted>(PoolDecider.Decide(image, Health, create)).Events);
        var id = creating.Find(create.Key)!.Id;
        var ready = creating.Apply(new PoolEvents.Created(id, At));
        var lost = ready.Apply(new PoolEvents.Lost(id, At));
        var removing = ready.Apply(new PoolEvents.RemovalIntended(null, id, At));
        yield return creating;
        yield return ready;
        yield return lost;
        yield return removing;
        yield return lost.Apply(new PoolEvents.RemovalIntended(null, id, At));
        yield return ready.Apply(new PoolEvents.ResizeIntended(NewRequest(), id, ByteSize.GiB(2), At));
        yield return ready.After(Assert.IsType<Decision.Accepted>(
            PoolDecider.Decide(ready, Health, CommitLive(create.Key, Layer("live")))).Events);
        yield return ready.Apply(new PoolEvents.Quarantined(new ThinId(99), "found", At));
        yield return ready.Apply(new PoolEvents.Quarantined(new ThinId(99), "found", At))
            .Apply(new PoolEvents.PurgeIntended(NewRequest(), new ThinId(99), At));
    }

    private static IEnumerable<PoolCommand> CommandsTo(DeviceKey key)
    {
        yield return Create(key);
        yield return Create(Container("new"), key);
        yield return Create(Container("new"), key, use: DeviceUse.Active);
        yield return Receive("new", key, ByteSize.GiB(1));
        yield return Receive("new", key, new ByteSize(511));
        yield return Receive("new", null, ByteSize.GiB(1));
        yield return Receive("new", null, ByteSize.GiB(1)) with { Key = key };
        yield return NoteContent(key, 1);
        yield return NoteContent(key, 2);
        yield return CreateView(DeviceKey.Transfer("new"), key);
        yield return CreateView(key);
        yield return CreateView(View("new"), key);
        yield return Label(key, "a", "b");
        foreach (var bytes in new ulong[] { 0, 511, 1UL << 20, 1UL << 30, 1UL << 31, 1UL << 50 })
        {
            yield return Create(Container("new"), key, size: new ByteSize(bytes));
            yield return Create(Container("new"), size: new ByteSize(bytes));
            yield return Resize(key, new ByteSize(bytes));
        }
        foreach (var newKey in new[] { Layer("new"), Layer("a") })
        {
            yield return Commit(key, newKey);
            yield return CommitLive(key, newKey);
        }
        foreach (var use in Enum.GetValues<DeviceUse>())
        {
            yield return Use(key, use);
            yield return Use(key, use, readOnly: true);
        }
        yield return Remove(key);
        yield return Remove(key, force: true);
        yield return Tag("image", key);
        yield return Tag("new", key);
        yield return Untag("image");
        yield return Untag("missing");
        yield return new PoolCommands.Grow(NewRequest(), Backing, At);
        yield return new PoolCommands.Grow(
            NewRequest(), Backing with { Data = [Backing.Data[0] with { Length = ByteSize.GiB(9).Sectors }] }, At);
        yield return new PoolCommands.SetSpares(NewRequest(), [new DevicePath("/dev/other")], At);
        yield return new PoolCommands.Purge(NewRequest(), new ThinId(99), At);
        yield return new PoolCommands.Undelete(
            NewRequest(), new ThinId(99), Layer("u"), ByteSize.GiB(1), FileSystemKind.Ext4, At);
    }
}
