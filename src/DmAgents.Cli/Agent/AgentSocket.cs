using System.Net.Sockets;
using Grpc.Net.Client;

namespace DmAgents.Cli.Agent;

/// <summary>A channel to the agent's Unix socket.</summary>
internal static class AgentSocket
{
    /// <summary>The longest path that fits sockaddr_un, without its terminating zero.</summary>
    public const int LongestPath = 107;

    public static GrpcChannel Connect(string path)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = (_, cancellation) => OpenAsync(path, cancellation),
        };
        return GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            // A pool with a full quarantine or a tree of thousands of layers is one message.
            MaxReceiveMessageSize = 64 << 20,
        });
    }

    private static async ValueTask<Stream> OpenAsync(string path, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
