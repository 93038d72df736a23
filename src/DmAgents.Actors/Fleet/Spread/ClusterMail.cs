using Akka.Actor;
using Akka.Cluster;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Orders;

namespace DmAgents.Actors.Fleet.Spread;

/// <summary>Sends orders to an actor at a known name on each host of the fleet.</summary>
internal sealed class ClusterMail(ActorSystem system) : IHostMail
{
    private const string Name = "orders";

    private readonly Cluster _cluster = Cluster.Get(system);

    public IReadOnlyCollection<HostName> Reached =>
        [.. Members.Select(FleetWatch.HostOf).OfType<HostName>().Distinct()];

    private IEnumerable<Member> Members
    {
        get
        {
            var state = _cluster.State;
            return state.Members.Where(member => member.Status == MemberStatus.Up && !state.Unreachable.Contains(member));
        }
    }

    /// <summary>Starts the actor that receives this host's orders.</summary>
    public void Receive(Action<HostOrder> take) => system.ActorOf(Props.Create(() => new Receiver(take)), Name);

    public void Send(HostName host, HostOrder order)
    {
        foreach (var member in Members.Where(member => FleetWatch.HostOf(member) == host))
            system.ActorSelection(new RootActorPath(member.Address) / "user" / Name).Tell(order, ActorRefs.Nobody);
    }

    private sealed class Receiver(Action<HostOrder> take) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is HostOrder order)
                take(order);
            else
                Unhandled(message);
        }
    }
}
