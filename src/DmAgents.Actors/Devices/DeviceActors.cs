using Akka.Actor;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Devices;

/// <summary>
/// The device actors of one pool, made where there is work. Counts what each has been given: one that is stopped with
/// work in its mailbox takes that work with it, and whoever waits for the answer waits for ever.
/// </summary>
internal sealed class DeviceActors(IActorContext pool, IKernel kernel, TimeProvider time)
{
    private readonly Dictionary<ThinId, Worker> _workers = [];
    private readonly Dictionary<IActorRef, ThinId> _ids = [];
    private int _made;

    /// <summary>For readers outside of the pool's actor.</summary>
    public DeviceJobCount Jobs { get; } = new();

    /// <summary>Some have a job that is not answered yet.</summary>
    public bool AreAtWork => _workers.Values.Any(worker => worker.Jobs > 0);

    /// <summary>This device has a job that is not answered yet.</summary>
    public bool IsAtWork(ThinId id) => _workers.TryGetValue(id, out var worker) && worker.Jobs > 0;

    /// <summary>Hands a job to the device's actor. It is answered to the pool.</summary>
    public void Give(ThinId id, object job)
    {
        if (!_workers.TryGetValue(id, out var worker))
        {
            // Numbered besides: an actor that was stopped holds its name for a moment longer.
            var actor = pool.ActorOf(DeviceActor.Props(kernel, time), $"device-{id}-{++_made}");
            _workers[id] = worker = new Worker(actor);
            _ids[actor] = id;
        }
        worker.Jobs++;
        Jobs.Give();
        worker.Actor.Tell(job, pool.Self);
    }

    /// <summary>One job of this actor is answered. Null for an actor that is none of these.</summary>
    public ThinId? Answered(IActorRef actor)
    {
        if (!_ids.TryGetValue(actor, out var id))
            return null;
        _workers[id].Jobs--;
        Jobs.Answer();
        return id;
    }

    /// <summary>Lets the device's actor go, unless something is under way.</summary>
    public void Release(ThinId id)
    {
        if (!_workers.TryGetValue(id, out var worker) || worker.Jobs > 0)
            return;
        _workers.Remove(id);
        _ids.Remove(worker.Actor);
        pool.Stop(worker.Actor);
    }

    private sealed class Worker(IActorRef actor)
    {
        public IActorRef Actor { get; } = actor;

        public int Jobs { get; set; }
    }
}
