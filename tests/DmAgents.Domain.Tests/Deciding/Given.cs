using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Tests.Deciding;

/// <summary>Small pools to decide about. Everything is fixed, so that a failing test names its numbers.</summary>
internal static class Given
{
    public static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public static readonly ByteSize BaseSize = ByteSize.GiB(1);

    public static readonly PoolBacking.Disks Backing = new(
        [new DiskPart(new DevicePath("/dev/disk1"), new SectorCount(2048), ByteSize.GiB(8).Sectors)],
        [new DiskPart(new DevicePath("/dev/disk2"), new SectorCount(2048), ByteSize.MiB(64).Sectors)]);

    public static readonly ImmutableSortedDictionary<string, string> NoLabels =
        ImmutableSortedDictionary<string, string>.Empty;

    public static readonly ImmutableSortedDictionary<string, string> ImportLabels =
        NoLabels.Add(DeviceLabels.Import, "import-1");

    public static PoolHealth Health { get; } = HealthOf(PoolMode.ReadWrite, usedPercent: 1);

    /// <summary>A pool that was opened, and has nothing.</summary>
    public static PoolState Pool { get; } = PoolState.Empty.After(
        new PoolEvents.Initialized(
            new PoolUuid(new Guid("11111111-2222-3333-4444-555555555555")), new PoolName("test-pool"), Backing,
            PoolBlockSize.Default, FileSystemKind.Ext4, BaseSize, At),
        new PoolEvents.CheckpointIntended(new TransactionId(0), new TransactionId(1), At),
        new PoolEvents.CheckpointReached(new TransactionId(1), At));

    public static PoolHealth HealthOf(
        PoolMode mode, ulong usedPercent, ulong metadataPercent = 1, bool needsCheck = false) =>
        PoolHealth.Judge(new ThinPoolStatus(
            mode, new TransactionId(1),
            new BlockUsage(metadataPercent * 10, 1000, ByteSize.KiB(4)),
            new BlockUsage(usedPercent * 1000, 100_000, ByteSize.KiB(64)),
            HeldRoot: null, DiscardPolicy.Passdown, NoSpacePolicy.Queue, needsCheck, MetadataLowWaterMark: 0),
            AdmissionMarks.Default);

    public static PoolState After(this PoolState state, params IEnumerable<PoolEvent> events) =>
        events.Aggregate(state, (s, e) => s.Apply(e));

    /// <summary>The state after a command that has to be accepted, its creations included.</summary>
    public static PoolState Do(this PoolState state, PoolCommand command)
    {
        var accepted = Assert.IsType<Decision.Accepted>(PoolDecider.Decide(state, Health, command));
        var after = state.After(accepted.Events);
        return after.After(after.Devices.Values.Where(d => d.Phase == DevicePhase.Creating)
            .Select(d => new PoolEvents.Created(d.Id, At)));
    }

    /// <summary>The refusal of a command that has to be refused.</summary>
    public static Refusal RefusedBy(PoolState state, PoolCommand command) =>
        Assert.IsType<Decision.Refused>(PoolDecider.Decide(state, Health, command)).Refusal;

    public static RequestId Request(int number) => new(new Guid(number, 0, 0, new byte[8]));

    private static int _requests = 1_000_000;

    /// <summary>A request that nobody else has made.</summary>
    public static RequestId NewRequest() => Request(Interlocked.Increment(ref _requests));

    public static DeviceKey Container(string name) => DeviceKey.Container(name);

    public static DeviceKey Layer(string name) => DeviceKey.Layer("sha256:" + name);

    public static PoolCommands.CreateSnapshot Create(
        DeviceKey key, DeviceKey? parent = null, ByteSize? size = null, DeviceUse use = DeviceUse.Idle) =>
        new(NewRequest(), key, parent, size, FileSystem: null, use, NoLabels, At);

    public static DeviceKey View(string name) => DeviceKey.Containerd("default", name);

    public static PoolCommands.CreateView CreateView(DeviceKey key, DeviceKey? parent = null) =>
        new(NewRequest(), key, parent, FileSystem: null, NoLabels, At);

    /// <summary>Upon a layer, or blank.</summary>
    public static PoolCommands.Receive Receive(string name, DeviceKey? above, ByteSize size) =>
        new(NewRequest(), DeviceKey.Reception(name), above, above, size, FileSystemKind.Ext4, At);

    public static ContentDigest Content(byte filling) =>
        new(Enumerable.Repeat(filling, ContentDigest.Length).ToArray());

    public static PoolCommands.NoteContent NoteContent(DeviceKey key, byte filling) =>
        new(NewRequest(), key, Content(filling), At);

    public static PoolCommands.SetLabels Label(DeviceKey key, string name, string value) =>
        new(NewRequest(), key, Replace: false, NoLabels.Add(name, value), [], At);

    public static PoolCommands.Commit Commit(
        DeviceKey key, DeviceKey newKey, ImmutableSortedDictionary<string, string>? labels = null) =>
        new(NewRequest(), key, newKey, labels ?? NoLabels, At);

    public static PoolCommands.CommitLive CommitLive(DeviceKey key, DeviceKey newKey) =>
        new(NewRequest(), key, newKey, NoLabels, At);

    public static PoolCommands.SetUse Use(DeviceKey key, DeviceUse use, bool readOnly = false) =>
        new(NewRequest(), key, use, readOnly, At);

    public static PoolCommands.Remove Remove(DeviceKey key, bool force = false) => new(NewRequest(), key, force, At);

    public static PoolCommands.Resize Resize(DeviceKey key, ByteSize size) => new(NewRequest(), key, size, At);

    public static PoolCommands.TagImage Tag(string reference, DeviceKey top, string digest = "sha256:c") =>
        new(NewRequest(), new(reference), top, digest, "{}", At);

    public static PoolCommands.UntagImage Untag(string reference) => new(NewRequest(), new(reference), At);

    /// <summary>Layers of an imported image, each above the one before, and its reference.</summary>
    public static PoolState Imported(this PoolState state, string reference, params string[] layers)
    {
        DeviceKey? below = null;
        foreach (var layer in layers)
        {
            if (state.Find(Layer(layer)) is null)
            {
                var import = DeviceKey.Import(layer);
                state = state.Do(Create(import, below)).Do(Commit(import, Layer(layer), ImportLabels));
            }
            below = Layer(layer);
        }
        return state.Do(Tag(reference, below!.Value));
    }
}
