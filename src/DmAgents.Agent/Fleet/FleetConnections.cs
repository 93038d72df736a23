using System.Net.Sockets;
using DmAgents.Domain.Fleet;

namespace DmAgents.Agent.Fleet;

/// <summary>Opens connections to members.</summary>
internal static class FleetConnections
{
    public static async Task<Stream> ConnectAsync(MemberAddress address, CancellationToken cancellation)
    {
        var client = new TcpClient { NoDelay = true };
        try
        {
            await client.ConnectAsync(address.Host, address.Port, cancellation).ConfigureAwait(false);
            return client.GetStream();
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }
}
