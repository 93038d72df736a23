using Akka.Actor;
using Akka.Cluster.Sharding;
using DmAgents.Actors.Fleet.Database;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Fleet.Entities;

/// <summary>Replaces an entity that is not in memory while the gate is closed: answers the first message with the
/// reason and stops. The next message then finds the entity if the database is back.</summary>
internal sealed class RefusingEntity(Func<Refusal> refusal, DatabaseGate gate) : UntypedActor
{
    public static Props Props(Func<Refusal> refusal, DatabaseGate gate) =>
        Akka.Actor.Props.Create(() => new RefusingEntity(refusal, gate));

    protected override void OnReceive(object message)
    {
        if (message is EntityMessages.Stop)
        {
            Context.Stop(Self);
            return;
        }
        gate.CountRefusal();
        Sender.Tell(new EntityMessages.Unavailable(refusal()));
        Context.Parent.Tell(new Passivate(EntityMessages.Stop.Instance));
    }
}
