using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;

namespace DmAgents.Domain.Pools.Takeover;

/// <summary>Raises and lowers the <see cref="PoolGuard"/>. Idempotent.</summary>
public sealed class GuardEffects(IKernel kernel, PoolContext pool)
{
    private MappedUuid Uuid => DeviceNames.GuardId(pool.Identity.Uuid);

    /// <summary>Runs before the pool is activated: Busy if Docker has assembled it from the same files.</summary>
    public KernelResult Look() => NameOr(out var name, out var nothing) ? Look(name).Outcome : nothing;

    /// <summary>Runs once the pool is live.</summary>
    public KernelResult Raise()
    {
        if (!NameOr(out var name, out var nothing))
            return nothing;
        var live = Look(name);
        if (!live.Succeeded || live.Value)
            return live.Outcome;
        var raised = Activate(name);
        // A guard under an earlier name of the directory is removed first.
        return raised.FailedWith(KernelFault.Exists) ? Lower().Then(() => Activate(name)) : raised;
    }

    private KernelResult Activate(MappedName name) => kernel.ActivateThin(new ThinTable(
        name, Uuid, pool.Device, pool.Guard!.Shown, pool.Guard.Size.Sectors, ReadOnly: true)).Outcome;

    /// <summary>Runs before the pool is deactivated.</summary>
    public KernelResult Lower()
    {
        if (pool.Guard is null)
            return KernelResult.Done;
        var own = kernel.ListDevices(Uuid.Value);
        return own.Succeeded
            ? own.Value.Aggregate(KernelResult.Done, (done, device) =>
                done.Then(() => kernel.Remove(device.Name, deferred: false).Or(KernelFault.NotFound)))
            : own.Outcome;
    }

    /// <summary>False if there is nothing to guard. Then, or if that is unknown, <paramref name="nothing"/> is the
    /// result.</summary>
    private bool NameOr(out MappedName name, out KernelResult nothing)
    {
        (name, nothing) = (default, KernelResult.Done);
        if (pool.Guard is not { } guard)
            return false;
        var directory = kernel.Identify(guard.Directory);
        // Without its directory no Docker finds the files.
        nothing = directory.Outcome.Or(KernelFault.NotFound);
        if (!directory.Succeeded)
            return false;
        name = DockerNames.Pool(directory.Value);
        return true;
    }

    /// <returns>True if the guard already exists.</returns>
    private KernelResult<bool> Look(MappedName name)
    {
        var live = kernel.Find(name);
        if (live.FailedWith(KernelFault.NotFound))
            return false;
        if (!live.Succeeded)
            return live.Error;
        return live.Value.Uuid == Uuid
            ? true
            : new KernelError(KernelFault.Busy, 0, "open pool", name.Value,
                "Docker has assembled a pool of the same files: stop it (systemctl stop docker.socket docker)");
    }
}
