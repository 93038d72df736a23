using Akka.Event;
using DmAgents.Agent.Hosting;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace DmAgents.Agent.Fleet;

/// <summary>Forwards the log of the fleet's actors to the agent's log. Remoting's messages about single connections
/// become debug messages: an absent host would fill the log every few seconds, and one that leaves in order is no
/// error. So do Akka's own info messages: the status already shows what a cluster reports at each step. <see
/// cref="FleetWatchPart"/> logs which hosts come, go and are unreachable.</summary>
internal sealed class FleetLogBridge : AkkaLogBridge
{
    /// <summary>The transport's own log is not among them: it names refused peers, once in a while. Its handlers log
    /// each failed handshake: any peer may connect, and it retries every few seconds.</summary>
    private static readonly string[] _ofConnections =
    [
        "Akka.Remote.Transport.DotNetty.TcpClientHandler", "Akka.Remote.Transport.DotNetty.TcpServerHandler",
        "Akka.Remote.EndpointManager", "Akka.Remote.EndpointReader", "Akka.Remote.EndpointWriter",
        "Akka.Remote.ReliableDeliverySupervisor", "Akka.Remote.Remoting",
    ];

    protected override LogLevel LevelOf(LogEvent logged) =>
        logged is Info || IsOfConnections(logged) || IsOfLeave(logged) ? LogLevel.Debug : base.LevelOf(logged);

    /// <summary>By names: an agent in no fleet does not load remoting.</summary>
    internal static bool IsOfConnections(LogEvent logged) =>
        _ofConnections.Contains(logged.LogClass?.FullName)
        || logged.Cause?.GetType().FullName is "Akka.Remote.EndpointDisassociatedException"
            or "Akka.Remote.EndpointAssociationException" or "Akka.Remote.InvalidAddressAssociationException";

    /// <summary>A host that leaves may end before the last member has heard of it. Akka warns about it, and says in the
    /// same message that this is expected.</summary>
    internal static bool IsOfLeave(LogEvent logged) => logged is Warning
        && logged.ToString().Contains("Marking exiting node(s) as UNREACHABLE", StringComparison.Ordinal);
}
