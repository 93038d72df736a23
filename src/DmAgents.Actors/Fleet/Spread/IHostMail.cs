using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Orders;

namespace DmAgents.Actors.Fleet.Spread;

/// <summary>The hosts of the fleet as orders are sent to them.</summary>
internal interface IHostMail
{
    /// <summary>Hosts that can be reached at this moment, this one among them.</summary>
    IReadOnlyCollection<HostName> Reached { get; }

    /// <summary>Sends an order. It may be lost: the sender repeats it until the outcome is known.</summary>
    void Send(HostName host, HostOrder order);
}
