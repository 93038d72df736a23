using System.Net.Sockets;
using Grpc.Net.Client;

namespace DmAgents.Cli.Agent;

/// <summary>A channel to the agent's Unix socket.</summary>
internal static class AgentSocket
{
    /// <summary>The longest path that fits into sockaddr_un, without its terminating NUL.</summary>
    public const int LongestPath = 107;

    public static GrpcChannel Connect(string path)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            ConnectCallback = (_, cancellation) => OpenAsync(path, cancellation),
        };
        return GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
        {
            // A client instead of the bare handler: the channel then omits its load balancing, which would take a good
            // part of a short command's time.
            HttpClient = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan },
            DisposeHttpClient = true,
            // A tree of thousands of layers is one message.
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
