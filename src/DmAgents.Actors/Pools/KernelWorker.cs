using Akka.Actor;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Devices;
using DmAgents.Engine.Pools.Jobs;

namespace DmAgents.Actors.Pools;

/// <summary>Runs the jobs of one device, or those of the pool as a whole, one after the other. Keeps no state of its own:
/// each job carries what it needs, and looks at what is there.</summary>
/// <remarks>Blocks in kernel calls, therefore on the kernel dispatcher. What a job was doing when it threw is unknown:
/// the exception goes to the pool's actor, which starts again from its journal.</remarks>
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

    /// <summary>The pool's claim is held as long as the worker of the pool as a whole, which takes it.</summary>
    protected override void PostStop() => site.Dispose();

    internal sealed record Work(Job Job) : ILocalMessage;

    internal sealed record Done(ThinId? Worker, JobResult Result) : ILocalMessage;
}
