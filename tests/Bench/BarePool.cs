using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Bench;

/// <summary>A pool with a base, and the fewest calls of the kernel boundary that make, bring and take
/// snapshots.</summary>
internal sealed class BarePool
{
    public static readonly ThinId Base = new(1);

    private readonly IKernel _kernel;

    private BarePool(IKernel kernel, PoolContext context) => (_kernel, Context) = (kernel, context);

    public PoolContext Context { get; }

    /// <summary>Makes the pool and its base, by the effects that the agent uses for its own.</summary>
    public static BarePool Open(IKernel kernel, PoolIdentity identity, string state)
    {
        var context = new PoolContext(identity, new PoolPaths(state, identity.Name), DiscardOnRemove: false);
        var assembly = new AssemblyEffects(kernel, context);
        var made = assembly.Prepare()
            .Then(assembly.Open)
            .Then(() => new CreationEffects(kernel, context).CreateBase(BaseRecord(identity), startAgain: false));
        return made.Error is { } error
            ? throw new InvalidOperationException($"bare: {error}")
            : new BarePool(kernel, context);
    }

    public KernelResult Snapshot(ThinId id, ThinId origin) => _kernel.CreateSnapshot(Context.Device, id, origin);

    public KernelResult Bring(ThinId id) => _kernel.ActivateThin(new ThinTable(
        DeviceOf(id), DeviceNames.ThinDeviceId(Context.Identity.Uuid, id), Context.Device, id,
        Context.Identity.BaseSize.Sectors, ReadOnly: false)).Outcome;

    /// <summary>What was written to an active device by others is durable when it is taken away.</summary>
    public KernelResult Take(ThinId id) => _kernel.Flush(DeviceOf(id).Path)
        .Then(() => _kernel.Remove(DeviceOf(id), deferred: false));

    public KernelResult Delete(ThinId id) => _kernel.DeleteThin(Context.Device, id);

    public MappedName DeviceOf(ThinId id) => Context.NameOf(id);

    private static DeviceRecord BaseRecord(PoolIdentity identity) => new(
        Base, DeviceKey.Container("base"), DeviceKind.Base, DevicePhase.Ready, Parent: null, Source: null,
        identity.BaseSize, identity.FileSystem, DeviceUse.Active, ReadOnly: false,
        ImmutableSortedDictionary<string, string>.Empty, default, default);
}

/// <summary>The blocks that all sides write.</summary>
internal static class Blocks
{
    public static byte[] Mebibyte { get; } = [.. Enumerable.Range(0, 1 << 20).Select(i => (byte)(i * 31 + 7))];

    /// <summary>In the middle of the device, durable when it returns.</summary>
    public static KernelResult Write(IKernel kernel, DevicePath device) =>
        kernel.Write(device, ByteSize.MiB(512), Mebibyte).Then(() => kernel.Flush(device));
}
