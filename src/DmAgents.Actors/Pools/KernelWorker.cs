using Akka.Actor;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Devices;
using DmAgents.Engine.Pools.Jobs;

namespace DmAgents.Actors.Pools;

/// <summary>Runs the jobs of one device, or those of the pool as a whole, one after the other. Stateless: each job
/// carries what it needs, and inspects what is there.</summary>
/// <remarks>Runs on the kernel dispatcher, because kernel calls block. If a job throws, its effect is unknown: the
/// exception is escalated to the pool's actor, which restarts from its journal.</remarks>
internal sealed class KernelWorker(JobSite site, ThinId? device) : UntypedActor
{
    /// <param name="device">The device; null for the pool as a whole.</param>
    public static Props Props(PoolSetup setup, ThinId? device) => Akka.Actor.Props
        .Create(() => new KernelWorker(new JobSite(setup.Kernel, setup.Files, setup.Time), device))
        .WithDispatcher(ActorsConfig.KernelDispatcher);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Work work:
                Sender.Tell(new Done(device, work.Job.Run(site)));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>The worker for the pool as a whole takes the pool's claim, and holds it for its own lifetime.</summary>
    protected override void PostStop() => site.Dispose();

    internal sealed record Work(Job Job) : ILocalMessage;

    internal sealed record Done(ThinId? Worker, JobResult Result) : ILocalMessage;
}
