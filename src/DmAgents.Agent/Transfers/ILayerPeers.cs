using System.Net.Security;
using DmAgents.Domain.Fleet;

namespace DmAgents.Agent.Transfers;

/// <summary>The other hosts of the fleet, for requests of layers and images.</summary>
internal interface ILayerPeers
{
    /// <summary>This host; null while it is in no fleet.</summary>
    LayerPeer? Self { get; }

    /// <summary>The other hosts of the fleet that this host can reach.</summary>
    IEnumerable<HostName> Reached { get; }

    /// <summary>Whether the fleet, as this host sees it, has a host of this name.</summary>
    bool Knows(HostName host);

    /// <summary>Connects over TLS, and validates the certificates of both sides.</summary>
    /// <exception cref="IOException">The host is unknown or unreachable, or the stream broke.</exception>
    Task<Stream> ConnectAsync(HostName host, SslApplicationProtocol protocol, CancellationToken cancellation);
}

/// <summary>A host of a fleet.</summary>
internal sealed record LayerPeer(FleetId Fleet, HostName Host);

/// <summary>The protocols at a member's port for layers; the TLS handshake negotiates one.</summary>
internal static class LayerProtocols
{
    /// <summary>Blocks of layers (DmAgents.Transfer).</summary>
    public static SslApplicationProtocol Blocks { get; } = new("dmagents-blocks/1");

    /// <summary>Which layers an image has (<see cref="OfferWire"/>).</summary>
    public static SslApplicationProtocol Images { get; } = new("dmagents-images/1");

    /// <summary>Which of some layers a host has, and their content (<see cref="OfferWire"/>).</summary>
    public static SslApplicationProtocol Layers { get; } = new("dmagents-layers/1");

    /// <summary>A host's events and images (<see cref="Fleet.Talks.HostTalks"/>).</summary>
    public static SslApplicationProtocol Hosts { get; } = new("dmagents-host/1");
}
