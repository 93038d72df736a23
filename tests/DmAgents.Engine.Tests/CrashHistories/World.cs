using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Pools.Stock;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Tests.Deciding;
using DmAgents.Domain.Units;
using DmAgents.Engine.Pools;
using DmAgents.Engine.Tests.Support;
using DmAgents.Testing.Faults;
using DmAgents.Testing.Files;
using DmAgents.Testing.Simulation;

namespace DmAgents.Engine.Tests.CrashHistories;

internal enum Crash
{
    /// <summary>The agent is killed; the kernel keeps running.</summary>
    AgentDies,

    /// <summary>The agent is killed, and the host reboots cleanly: all writes reach the disks.</summary>
    KernelReboots,

    /// <summary>The kernel's memory is lost, and all writes that were not flushed.</summary>
    PowerCut,
}

/// <summary>How a pool's owner works.</summary>
/// <param name="Rides">Outcomes become durable with the next intent.</param>
/// <param name="Discards">Removed devices are discarded before they are deleted.</param>
/// <param name="Stocks">The pool keeps a stock of snapshots.</param>
internal sealed record Manner(bool Rides, bool Discards, bool Stocks = false);

/// <summary>A host with one pool: its durable state, and the present agent.</summary>
internal sealed class World
{
    private static readonly PoolName Name = Given.Pool.Identity!.Name;
    private readonly SteppedKernel _kernel;
    private readonly PoolSettings _settings;
    private readonly MemoryFiles _files = new();
    private readonly VirtualClock _clock = new(Given.At);
    private int _disks = 1;

    public World(Manner manner)
    {
        Manner = manner;
        _settings = new PoolSettings { DiscardOnRemove = manner.Discards };
        if (manner.Stocks)
            _settings = _settings with { Stock = new StockSettings(1, 1, 1, TimeSpan.FromHours(1)) };
        if (!manner.Rides)
            _settings = _settings with { OutcomeDelay = TimeSpan.Zero };
        Simulated = new SimulatedKernel { WaitLimit = TimeSpan.Zero, NoSpaceTimeout = TimeSpan.Zero };
        Steps = new Steps();
        _kernel = new SteppedKernel(Simulated, Steps);
        Backing = new PoolBacking.Disks(
            [new DiskPart(NewDisk("d1"), DiskLabel.Reserved, ByteSize.MiB(64).Sectors)],
            [new DiskPart(NewDisk("m"), DiskLabel.Reserved, ByteSize.MiB(4).Sectors)]);
        Machine = NewMachine();
    }

    public Manner Manner { get; }

    public SimulatedKernel Simulated { get; }

    public Steps Steps { get; }

    /// <summary>The durable events.</summary>
    public List<PoolEvent> Journal { get; } = [];

    public PoolRunner Machine { get; private set; }

    /// <summary>The owner's expectation of the pool.</summary>
    public Expected Expected { get; private set; } = Expected.Nothing;

    public IEnumerable<KernelCall> Calls => _kernel.Log;

    private PoolBacking.Disks Backing { get; set; }

    public Operation Initialize() => new("initialize",
        new PoolCommands.Initialize(
            Given.NewRequest(), Given.Pool.Identity!.Uuid, Name, Backing, PoolBlockSize.Default, FileSystemKind.Ext4,
            Operations.Size, Given.At),
        e => e);

    public Operation AddDisk()
    {
        var present = (PoolBacking.Disks?)Machine.State.Identity?.Backing ?? Backing;
        var added = NewDisk($"d{++_disks}");
        return new Operation("add a disk",
            new PoolCommands.Grow(Given.NewRequest(), present with
            {
                Data = present.Data.Add(new DiskPart(added, DiskLabel.Reserved, ByteSize.MiB(64).Sectors)),
            }, Given.At),
            e => e with { Disks = e.Disks + 1 });
    }

    /// <summary>Runs the operation, and updates the expectation if it was acknowledged.</summary>
    /// <returns>The refusal, if there was one.</returns>
    public Refusal? Do(Operation operation)
    {
        var refusal = Machine.Do(operation.Command);
        if (refusal is not null)
            return refusal;
        Expected = operation.After(Expected)
            ?? throw new InvalidOperationException($"'{operation}' was done, and nobody expected that");
        Write(operation);
        return null;
    }

    /// <summary>Sets the expectation.</summary>
    public void Expect(Expected expected) => Expected = expected;

    /// <summary>Writes what the operation's container writes once it runs.</summary>
    public void Write(Operation operation)
    {
        if (operation.Writes is not var (key, file, content) || Expected.Find(key) is not { } device)
            return;
        var target = Machine.Context.Paths.MountOf(key);
        var written = Simulated.WriteFile(target, file, System.Text.Encoding.ASCII.GetBytes(content));
        Assert.Equal(KernelResult.Done, written.Then(() => Simulated.SyncFileSystem(target)));
        Expected = Expected.With(key, device with { Files = device.Files.SetItem(file, content) });
    }

    /// <summary>Crashes, and creates an agent that has not started yet.</summary>
    public void Restart(Crash crash)
    {
        if (crash == Crash.KernelReboots)
            Simulated.Reboot();
        else if (crash == Crash.PowerCut)
            Simulated.PowerCut();
        Machine.End();
        Steps.Arm();
        Machine = NewMachine();
    }

    private PoolRunner NewMachine() => new(
        new PoolStage(
            new PoolScene(
                Name, Given.Pool.Identity!.Uuid, "/state", _settings, new WorkUnderWay(), Guid.NewGuid),
            _kernel, _files, Journal, _clock),
        Steps);

    private DevicePath NewDisk(string name) => Simulated.AddDisk($"/dev/test-{name}", ByteSize.MiB(80));
}
