using System.Net;
using System.Net.Sockets;

namespace DmAgents.Fleet.Tests.Support;

/// <summary>Two ends of a TCP connection on this host.</summary>
internal static class Loopback
{
    /// <summary>Far above what a handshake takes on a busy machine.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static async Task<(Stream Server, Stream Client)> ConnectAsync(CancellationToken cancellation)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = new TcpClient();
        var accepting = listener.AcceptTcpClientAsync(cancellation);
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, cancellation);
        return ((await accepting).GetStream(), client.GetStream());
    }
}
