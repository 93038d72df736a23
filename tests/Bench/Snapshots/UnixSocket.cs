using System.Net.Sockets;
using Grpc.Net.Client;

namespace DmAgents.Bench.Snapshots;

/// <summary>Clients of a Unix socket: all sides are reached in the same way.</summary>
internal static class UnixSocket
{
    public static GrpcChannel Channel(string path) => GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
    {
        HttpClient = Client(path),
        DisposeHttpClient = true,
        MaxReceiveMessageSize = 64 << 20,
    });

    public static HttpClient Client(string path)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            ConnectCallback = (_, cancellation) => Open(path, cancellation),
        };
        return new HttpClient(handler)
        {
            Timeout = Timeout.InfiniteTimeSpan, BaseAddress = new Uri("http://localhost"),
        };
    }

    private static async ValueTask<Stream> Open(string path, CancellationToken cancellation)
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
