using System.Collections.Immutable;
using System.Diagnostics;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Bench;

/// <summary>
/// The fewest calls of the kernel boundary that have the effect, one after the other on the caller's thread. No actors,
/// no journal, no look at what is there.
/// </summary>
internal sealed class BareSide : Side
{
    private const uint BaseId = 1;

    private readonly IKernel _kernel;
    private readonly PoolContext _pool;

    private BareSide(IKernel kernel, PoolContext pool) => (_kernel, _pool) = (kernel, pool);

    public override string Name => "bare";

    /// <summary>Makes the pool and its base, by the effects that the agent uses for its own.</summary>
    public static BareSide Open(IKernel kernel, PoolIdentity identity, string state)
    {
        var pool = new PoolContext(identity, new PoolPaths(state, identity.Name), DiscardOnRemove: false);
        var side = new BareSide(kernel, pool);
        var assembly = new AssemblyEffects(kernel, pool);
        Must(assembly.Prepare().Then(assembly.Open));
        Must(new CreationEffects(kernel, pool).CreateBase(side.Record(BaseId, DeviceKind.Base), startAgain: false));
        return side;
    }

    public override ValueTask Create(int number) => Did(Snapshot(number));

    public override ValueTask Activate(int number) => Did(Bring(number));

    public override ValueTask Mount(int number) => Did(MountIt(number));

    public override ValueTask Unmount(int number) => Did(_kernel.Unmount(PlaceOf(number), detach: false));

    public override ValueTask Deactivate(int number) => Did(Take(number));

    public override ValueTask Remove(int number) => Did(_kernel.DeleteThin(_pool.Device, IdOf(number)));

    public override ValueTask Prepare(int number) => Did(Snapshot(number).Then(() => Bring(number)));

    public override ValueTask Start(int number) =>
        Did(Snapshot(number).Then(() => Bring(number)).Then(() => MountIt(number)));

    public override ValueTask Stop(int number) => Did(_kernel.Unmount(PlaceOf(number), detach: false)
        .Then(() => Take(number)));

    public override Task Settle() => Task.CompletedTask;

    public override void Write(int number) => Must(Blocks.Write(_kernel, DeviceOf(number)));

    public override Task RemoveAll(IReadOnlyList<int> numbers)
    {
        foreach (var number in numbers)
            Must(_kernel.Remove(DeviceOf(number), deferred: false)
                .Then(() => _kernel.DeleteThin(_pool.Device, IdOf(number))));
        return Task.CompletedTask;
    }

    public override Task<long[]> CreateAll(IReadOnlyList<int> numbers)
    {
        var done = new long[numbers.Count];
        for (var i = 0; i < done.Length; i++)
        {
            Must(Snapshot(numbers[i]));
            done[i] = Stopwatch.GetTimestamp();
        }
        return Task.FromResult(done);
    }

    public override ulong UsedBlocks() => _kernel.PoolStatus(_pool.Device).Value.Data.Used;

    private static ValueTask Did(KernelResult result)
    {
        Must(result);
        return ValueTask.CompletedTask;
    }

    private static void Must(KernelResult result)
    {
        if (result.Error is { } error)
            throw new InvalidOperationException($"bare: {error}");
    }

    private KernelResult Snapshot(int number) =>
        _kernel.CreateSnapshot(_pool.Device, IdOf(number), new ThinId(BaseId));

    private KernelResult Bring(int number) =>
        _kernel.ActivateThin(_pool.TableOf(Record(IdOf(number).Value, DeviceKind.Container))).Outcome;

    /// <summary>What was written to an active device by others is durable when it is taken away.</summary>
    private KernelResult Take(int number) => _kernel.Flush(DeviceOf(number).Path)
        .Then(() => _kernel.Remove(DeviceOf(number), deferred: false));

    private KernelResult MountIt(int number) =>
        _kernel.Mount(DeviceOf(number).Path, PlaceOf(number), FileSystemKind.Ext4, readOnly: false);

    private static ThinId IdOf(int number) => new(BaseId + 1 + (uint)number);

    private MappedName DeviceOf(int number) => _pool.NameOf(IdOf(number));

    private MountPath PlaceOf(int number) => new($"{_pool.Paths.MountDirectory}/c{number}");

    private DeviceRecord Record(uint id, DeviceKind kind) => new(
        new ThinId(id), DeviceKey.Container($"c{id}"), kind, DevicePhase.Ready, Parent: null, Source: null,
        _pool.Identity.BaseSize, _pool.Identity.FileSystem, DeviceUse.Active, ReadOnly: false,
        ImmutableSortedDictionary<string, string>.Empty, default, default);
}

/// <summary>The blocks that both sides write.</summary>
internal static class Blocks
{
    private static readonly byte[] Mebibyte = [.. Enumerable.Range(0, 1 << 20).Select(i => (byte)(i * 31 + 7))];

    /// <summary>In the middle of the device, durable when it returns.</summary>
    public static KernelResult Write(IKernel kernel, MappedName device) =>
        kernel.Write(device.Path, ByteSize.MiB(512), Mebibyte).Then(() => kernel.Flush(device.Path));
}
