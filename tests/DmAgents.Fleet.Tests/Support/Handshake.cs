using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Peers;

namespace DmAgents.Fleet.Tests.Support;

/// <summary>A real handshake of two SslStreams, and a byte in each direction.</summary>
/// <param name="Server">What the server thinks of the client; null if it was not asked.</param>
/// <param name="Client">What the client thinks of the server.</param>
/// <param name="ServerRead">The server got the client's byte.</param>
/// <param name="ClientRead">The client got the server's byte.</param>
internal sealed record Handshake(PeerVerdict? Server, PeerVerdict? Client, bool ServerRead, bool ClientRead)
{
    public static async Task<Handshake> MakeAsync(
        PeerValidator validator, X509Certificate2 server, X509Certificate2? client, string? called = null,
        string? caller = null)
    {
        PeerVerdict? byServer = null;
        PeerVerdict? byClient = null;
        return await MakeAsync(
            FleetTls.Server(server, validator.Callback(Name(caller), verdict => byServer = verdict)),
            FleetTls.Client(client, validator.Callback(Name(called), verdict => byClient = verdict), null, null),
            (serverRead, clientRead) => new Handshake(byServer, byClient, serverRead, clientRead));
    }

    public static async Task<Handshake> MakeAsync(
        SslServerAuthenticationOptions server, SslClientAuthenticationOptions client,
        Func<bool, bool, Handshake> result)
    {
        using var patience = new CancellationTokenSource(Loopback.Patience);
        var (serverEnd, clientEnd) = await Loopback.ConnectAsync(patience.Token);
        var serving = RunAsync(serverEnd, tls => tls.AuthenticateAsServerAsync(server, patience.Token), patience.Token);
        var calling = RunAsync(clientEnd, tls => tls.AuthenticateAsClientAsync(client, patience.Token), patience.Token);
        return result(await serving, await calling);
    }

    private static async Task<bool> RunAsync(
        Stream end, Func<SslStream, Task> authenticate, CancellationToken cancellation)
    {
        await using var tls = new SslStream(end);
        try
        {
            await authenticate(tls);
            await tls.WriteAsync(new byte[] { 42 }, cancellation);
            var read = new byte[1];
            return await tls.ReadAsync(read, cancellation) == 1 && read[0] == 42;
        }
        catch (Exception cause) when (cause is AuthenticationException or IOException)
        {
            return false;
        }
    }

    private static HostName? Name(string? text) => text is null ? null : new HostName(text);
}
