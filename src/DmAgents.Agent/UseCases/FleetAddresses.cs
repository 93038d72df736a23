using System.Net;
using System.Net.Sockets;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Fleet;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.UseCases;

/// <summary>Chooses the name and the address with which a host becomes a member, and checks that it can listen
/// there.</summary>
internal sealed class FleetAddresses(AgentSettings settings, FleetListener listener)
{
    /// <param name="given">From the operator; null: this host's own name, up to its first dot.</param>
    public static HostName NameOf(string what, HostName? given)
    {
        if (given is { } chosen)
            return chosen;
        var own = Environment.MachineName.ToLowerInvariant().Split('.')[0];
        return HostName.TryParse(own, out var name)
            ? name
            : throw Refusals.Invalid(
                what, own, $"this host's own name cannot be a host's name in a fleet: {HostName.Rule}",
                "choose one: --host NAME");
    }

    /// <param name="given">From the operator; null: from the configuration, or this host's own name.</param>
    public async Task<MemberAddress> Choose(string what, MemberAddress? given, CancellationToken cancellation)
    {
        if (settings.Fleet.Address is { } configured && given is { } other && other != configured)
        {
            throw Refusals.Invalid(
                what, other.ToString(), $"fleet.address is {configured} in the configuration",
                "leave --address out, or change the configuration");
        }
        var address = settings.Fleet.Address ?? given ?? OwnAddress(what);
        if (!FleetPorts.Fit(address))
            throw Refusals.Invalid(what, address.ToString(), "the port is too high", FleetPorts.Rule);
        var isGuess = settings.Fleet.Address is null && given is null;
        foreach (var port in new[] { address, FleetPorts.JoinOf(address), FleetPorts.LayersOf(address) })
            await TryToListen(what, port, isGuess, cancellation).ConfigureAwait(false);
        return address;
    }

    private static MemberAddress OwnAddress(string what) =>
        MemberAddress.TryParse($"{Environment.MachineName}:{FleetPorts.Default}", out var own)
            ? own
            : throw Refusals.Invalid(
                what, Environment.MachineName, "this host's own name is no DNS name",
                "say where other hosts reach this one: --address HOST:PORT");

    private async Task TryToListen(
        string what, MemberAddress address, bool isGuess, CancellationToken cancellation)
    {
        try
        {
            var found = await listener.EndPointOf(address, cancellation).ConfigureAwait(false);
            if (isGuess && settings.Fleet.Listen is null && IPAddress.IsLoopback(found.Address))
            {
                throw Refusals.Invalid(
                    what, address.ToString(),
                    $"this host's own name stands for {found.Address} here, which other hosts do not reach",
                    "say where other hosts reach this one: --address HOST:PORT");
            }
            using var trial = new TcpListener(found);
            trial.Start();
        }
        catch (SocketException refused)
        {
            throw Refusals.Because(
                RefusalKind.WrongState, what, address.ToString(), $"this host cannot listen there: {refused.Message}",
                "give an address of this host, with a port that is free and the two behind it: --address HOST:PORT");
        }
    }
}
