using System.Diagnostics;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;

namespace DmAgents.Bench;

/// <summary>
/// The fewest calls of the kernel boundary that have the effect, one after the other on the caller's thread. No actors,
/// no journal, no look at what is there.
/// </summary>
internal sealed class BareSide(IKernel kernel, BarePool pool) : Side
{
    public override string Name => "bare";

    public override ValueTask Create(int number) => Did(Snapshot(number));

    public override ValueTask Activate(int number) => Did(pool.Bring(IdOf(number)));

    public override ValueTask Mount(int number) => Did(MountIt(number));

    public override ValueTask Unmount(int number) => Did(kernel.Unmount(PlaceOf(number), detach: false));

    public override ValueTask Deactivate(int number) => Did(pool.Take(IdOf(number)));

    public override ValueTask Remove(int number) => Did(pool.Delete(IdOf(number)));

    public override ValueTask Prepare(int number) => Did(Snapshot(number).Then(() => pool.Bring(IdOf(number))));

    public override ValueTask Start(int number) =>
        Did(Snapshot(number).Then(() => pool.Bring(IdOf(number))).Then(() => MountIt(number)));

    public override ValueTask Stop(int number) => Did(kernel.Unmount(PlaceOf(number), detach: false)
        .Then(() => pool.Take(IdOf(number))));

    public override Task Settle() => Task.CompletedTask;

    public override void Write(int number) => Must(Blocks.Write(kernel, pool.DeviceOf(IdOf(number)).Path));

    public override Task RemoveAll(IReadOnlyList<int> numbers)
    {
        foreach (var id in numbers.Select(IdOf))
            Must(kernel.Remove(pool.DeviceOf(id), deferred: false).Then(() => pool.Delete(id)));
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

    public override ulong UsedBlocks() => kernel.PoolStatus(pool.Context.Device).Value.Data.Used;

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

    private KernelResult Snapshot(int number) => pool.Snapshot(IdOf(number), BarePool.Base);

    private KernelResult MountIt(int number) =>
        kernel.Mount(pool.DeviceOf(IdOf(number)).Path, PlaceOf(number), FileSystemKind.Ext4, readOnly: false);

    private static ThinId IdOf(int number) => new(BarePool.Base.Value + 1 + (uint)number);

    private MountPath PlaceOf(int number) => new($"{pool.Context.Paths.MountDirectory}/c{number}");
}
