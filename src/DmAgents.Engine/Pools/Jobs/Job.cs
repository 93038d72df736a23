using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;

namespace DmAgents.Engine.Pools.Jobs;

/// <summary>Something that is done to a pool or a device by the kernel. Carries all that it needs; run again after a
/// crash, it finds what is so already.</summary>
public abstract record Job
{
    /// <summary>Blocks until it is done.</summary>
    public abstract JobResult Run(JobSite site);
}

/// <summary>What came of a job: once for each.</summary>
public abstract record JobResult
{
    /// <summary>Hands the result to the part of the machine that asked for the job.</summary>
    internal abstract void Reach(PoolMachine pool);
}

/// <summary>Where jobs of one pool run.</summary>
/// <remarks>The claim is held from the first job that needs it to the end of the site. Only jobs on the pool as a
/// whole, which run one after the other, take it.</remarks>
public sealed class JobSite(IKernel kernel, IDurableFiles files, TimeProvider time) : IDisposable
{
    private IDisposable? _claim;

    public IKernel Kernel => kernel;

    public IDurableFiles Files => files;

    public TimeProvider Time => time;

    /// <summary>This agent has the pool: a job took the claim.</summary>
    public bool HasClaim => _claim is not null;

    /// <summary>Makes sure that no other agent has the pool.</summary>
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
