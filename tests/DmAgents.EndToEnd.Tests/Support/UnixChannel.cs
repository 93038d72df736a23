using System.Net.Sockets;
using Grpc.Net.Client;

namespace DmAgents.EndToEnd.Tests.Support;

/// <summary>gRPC over a Unix socket; a channel survives the server's restart.</summary>
internal static class UnixChannel
{
    public static GrpcChannel To(string socket)
    {
        var handler = new SocketsHttpHandler { ConnectCallback = (_, cancellation) => Connect(socket, cancellation) };
        return GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
        {
            HttpClient = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan }, DisposeHttpClient = true,
        });
    }

    private static async ValueTask<Stream> Connect(string path, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
