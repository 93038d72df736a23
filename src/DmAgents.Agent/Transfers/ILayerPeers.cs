using System.Net.Security;
using DmAgents.Domain.Fleet;

namespace DmAgents.Agent.Transfers;

/// <summary>The other hosts of the fleet, as layers and images are asked for there.</summary>
internal interface ILayerPeers
{
    /// <summary>What this host is; null while it is in no fleet.</summary>
    LayerPeer? Self { get; }

    /// <summary>The other hosts of the fleet that can be reached, as this host sees it.</summary>
    IEnumerable<HostName> Reached { get; }

    /// <summary>The fleet, as this host sees it, has a host of this name.</summary>
    bool Knows(HostName host);

    /// <summary>Connects over TLS, with the certificates of both sides checked.</summary>
    /// <exception cref="IOException">The host is unknown or cannot be reached, or the stream broke.</exception>
    Task<Stream> ConnectAsync(HostName host, SslApplicationProtocol protocol, CancellationToken cancellation);
}

/// <summary>A host of a fleet.</summary>
internal sealed record LayerPeer(FleetId Fleet, HostName Host);

/// <summary>What is spoken at a member's port for layers: agreed upon in the TLS handshake.</summary>
internal static class LayerProtocols
{
    /// <summary>Blocks of layers (DmAgents.Transfer).</summary>
    public static SslApplicationProtocol Blocks { get; } = new("dmagents-blocks/1");

    /// <summary>Which layers an image has (<see cref="OfferWire"/>).</summary>
    public static SslApplicationProtocol Images { get; } = new("dmagents-images/1");

    /// <summary>Which of some layers a host has, and what their blocks are (<see cref="OfferWire"/>).</summary>
    public static SslApplicationProtocol Layers { get; } = new("dmagents-layers/1");

    /// <summary>What happens on a host, and what it has (<see cref="Fleet.Talks.HostTalks"/>).</summary>
    public static SslApplicationProtocol Hosts { get; } = new("dmagents-host/1");
}
