using System.Text;
using Akka.Actor;
using CsCheck;
using DmAgents.Actors.Serialization;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Actors.Tests.Serialization;

/// <summary>A snapshot of any state is that state again.</summary>
public sealed class PoolStateSnapshotTests : IDisposable
{
    private static readonly PoolHealth Health = PoolHealth.Judge(
        new ThinPoolStatus(
            PoolMode.ReadWrite, new TransactionId(1), new BlockUsage(1, 1000, ByteSize.KiB(4)),
            new BlockUsage(1, 100_000, ByteSize.KiB(64)), HeldRoot: null, DiscardPolicy.Passdown, NoSpacePolicy.Queue,
            NeedsCheck: false, MetadataLowWaterMark: 0),
        AdmissionMarks.Default);

    private static readonly PoolState Opened = PoolState.Empty
        .Apply(new PoolEvents.Initialized(
            TestHost.PoolUuid, TestHost.PoolName, TestHost.Backing, PoolBlockSize.Default, FileSystemKind.Ext4,
            Ask.BaseSize, Ask.At))
        .Apply(new PoolEvents.CheckpointReached(new TransactionId(1), Ask.At));

    private readonly ActorSystem _system = ActorSystem.Create("snapshots");

    [Fact]
    public void Any_state_survives_its_snapshot() =>
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 3], Gen.Int[0, 3]).Array[0, 60].Sample(steps =>
        {
            var serializer = new JournalSerializer((ExtendedActorSystem)_system);
            var state = steps.Aggregate(Opened, (s, step) => Step(s, step.Item1, step.Item2, step.Item3));

            var read = (PoolState)serializer.FromBinary(serializer.ToBinary(state), serializer.Manifest(state));

            AssertSame(state, read);
            Assert.Equal(
                Encoding.UTF8.GetString(serializer.ToBinary(state)),
                Encoding.UTF8.GetString(serializer.ToBinary(read)));
        }, iter: 300);

    public void Dispose() => _system.Dispose();

    /// <summary>What a step asks is decided as in life: refused commands change nothing.</summary>
    private static PoolState Step(PoolState state, int what, int which, int other)
    {
        var (name, layer) = ($"c{which}", Ask.Layer($"l{other}"));
        return what switch
        {
            0 => Do(state, Ask.Create(name)),
            1 => Do(state, Ask.Create(name, layer, DeviceUse.Mounted)),
            2 => Do(state, Ask.Commit(name, layer)),
            3 => Do(state, Ask.CommitLive(name, layer)),
            4 => Do(state, Ask.Tag($"image{which}", layer)),
            5 => Do(state, Ask.Untag($"image{which}")),
            6 => Do(state, Ask.Remove(which % 2 == 0 ? Ask.Container($"c{other}") : layer, force: true)),
            7 when which % 2 == 0 => Do(state, Ask.View($"v{other}", layer)),
            7 => Do(state, Ask.Resize(name, ByteSize.MiB(100 + (ulong)other))),
            8 => state.Devices.Values.Where(d => d.Phase == DevicePhase.Removing)
                .Aggregate(state, (s, d) => s.Apply(new PoolEvents.Removed(d.Id, Ask.At))),
            _ => Quarantine(state, new ThinId((uint)(100 + which)), purge: other == 0),
        };
    }

    private static PoolState Do(PoolState state, PoolCommand command)
    {
        if (PoolDecider.Decide(state, Health, command) is not Decision.Accepted accepted)
            return state;
        var after = accepted.Events.Aggregate(state, (s, e) => s.Apply(e));
        // Every third device stays in the middle of its creation.
        return after.Devices.Values.Where(d => d.Phase == DevicePhase.Creating && d.Id.Value % 3 != 0)
            .Aggregate(after, (s, d) => s.Apply(new PoolEvents.Created(d.Id, Ask.At)));
    }

    private static PoolState Quarantine(PoolState state, ThinId id, bool purge)
    {
        if (state.Devices.ContainsKey(id))
            return state;
        var quarantined = state.Apply(new PoolEvents.Quarantined(id, "found", Ask.At));
        return purge ? Do(quarantined, Ask.Purge(id)) : quarantined;
    }

    private static void AssertSame(PoolState expected, PoolState actual)
    {
        Assert.Equal(expected.Identity, actual.Identity);
        Assert.Equal(expected.WasOpened, actual.WasOpened);
        Assert.Equal(expected.Checkpoint, actual.Checkpoint);
        Assert.Equal(expected.Keys.OrderBy(k => k.Value), actual.Keys.OrderBy(k => k.Value));
        Assert.Equal(expected.Views.Keys.OrderBy(k => k.Name), actual.Views.Keys.OrderBy(k => k.Name));
        Assert.Equal(expected.Creating.Order(), actual.Creating.Order());
        foreach (var id in expected.Devices.Keys)
        {
            Assert.Equal(expected.ChildrenOf(id), actual.ChildrenOf(id));
            Assert.Equal(expected.ViewsOf(id), actual.ViewsOf(id));
            Assert.Equal(expected.StockOf(id), actual.StockOf(id));
        }
        Assert.Equal(expected.Images.OrderBy(i => i.Key.Value), actual.Images.OrderBy(i => i.Key.Value));
        Assert.Equal(expected.Purging.Order(), actual.Purging.Order());
        Assert.Equal(expected.Ledger.Next, actual.Ledger.Next);
        Assert.Equal(expected.Ledger.Quarantine, actual.Ledger.Quarantine);
        Assert.Equal(expected.Requests.Order, actual.Requests.Order);
        Assert.Equal(
            expected.Requests.Subjects.OrderBy(s => s.Key.Value), actual.Requests.Subjects.OrderBy(s => s.Key.Value));
        Assert.Equal(expected.Devices.Keys.Order(), actual.Devices.Keys.Order());
        foreach (var device in expected.Devices.Values)
        {
            var read = actual.Devices[device.Id];
            Assert.Equal(device.Labels, read.Labels);
            Assert.Equal(device, read with { Labels = device.Labels });
        }
    }
}
