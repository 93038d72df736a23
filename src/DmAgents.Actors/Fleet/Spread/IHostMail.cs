using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Orders;

namespace DmAgents.Actors.Fleet.Spread;

/// <summary>Delivers orders to the hosts of the fleet.</summary>
internal interface IHostMail
{
    /// <summary>The hosts reachable at this moment, including this one.</summary>
    IReadOnlyCollection<HostName> Reached { get; }

    /// <summary>Sends an order. It may be lost: the sender repeats it until the outcome is known.</summary>
    void Send(HostName host, HostOrder order);
}
