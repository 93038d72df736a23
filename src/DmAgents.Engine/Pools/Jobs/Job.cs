using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;

namespace DmAgents.Engine.Pools.Jobs;

/// <summary>Work for the kernel on a pool or a device. It carries all its data, and is idempotent: repeated after a
/// crash, it keeps what is already so.</summary>
public abstract record Job
{
    /// <summary>Blocks until the job has ended.</summary>
    public abstract JobResult Run(JobSite site);
}

/// <summary>The result of a job, exactly one for each.</summary>
public abstract record JobResult
{
    /// <summary>Passes the result to the part of the machine that requested the job.</summary>
    internal abstract void Reach(PoolMachine pool);
}

/// <summary>The environment of one pool's jobs.</summary>
/// <remarks>The claim is held from the first job that needs it until the site is disposed. Only jobs on the whole pool,
/// which run one after the other, take it.</remarks>
public sealed class JobSite(IKernel kernel, IDurableFiles files, TimeProvider time) : IDisposable
{
    private IDisposable? _claim;

    public IKernel Kernel => kernel;

    public IDurableFiles Files => files;

    public TimeProvider Time => time;

    /// <summary>This agent has claimed the pool.</summary>
    public bool HasClaim => _claim is not null;

    /// <summary>Ensures that no other agent uses the pool.</summary>
    public KernelResult Claim(PoolContext pool)
    {
        if (_claim is not null)
            return KernelResult.Done;
        var claimed = kernel.Claim(pool.Identity.Uuid);
        if (claimed.Succeeded)
            _claim = claimed.Value;
        return claimed.Outcome;
    }

    public void Dispose() => _claim?.Dispose();

    /// <summary>The holders of a mapped device, for people; empty if none is found.</summary>
    internal string HoldersOf(MappedName name)
    {
        var live = kernel.Find(name);
        return live is { Succeeded: true, Value: not null } && kernel.Holders(live.Value) is { Succeeded: true } holders
            ? HolderText.Of(holders.Value)
            : "";
    }
}
