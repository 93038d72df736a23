using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DmAgents.Transfer.Connections;
using DmAgents.Transfer.Pacing;
using DmAgents.Transfer.Sending;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Tests.Loopback;

/// <summary>A sending host on a loopback port behind mutual TLS, with certificates made for the test.</summary>
internal sealed class TlsLink : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ended = new();
    private readonly HostBandwidth _bandwidth = new(null, TimeProvider.System);
    private readonly X509Certificate2 _server = Certificate("sender");
    private readonly X509Certificate2 _client = Certificate("receiver");
    private readonly List<Task<string?>> _served = [];
    private readonly Task _accepting;
    private long _wireBytes;

    public TlsLink(TransferParty pool, ILayerSources sources)
    {
        _listener.Start();
        _accepting = AcceptAsync(pool, sources);
    }

    /// <summary>Bytes that came to the receivers, TLS and all.</summary>
    public long WireBytes => Interlocked.Read(ref _wireBytes);

    public int Connections => _served.Count;

    /// <summary>What went wrong with each connection.</summary>
    public Task<string?[]> FaultsAsync() => Task.WhenAll(_served);

    /// <param name="breaksAfter">Bytes that come before the connection breaks; null: it does not.</param>
    public async Task<Stream> ConnectAsync(long? breaksAfter = null)
    {
        var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)_listener.LocalEndpoint);
        var counted = new CountedStream(client.GetStream(), this, breaksAfter ?? long.MaxValue);
        var stream = new SslStream(new ReadAheadStream(counted), leaveInnerStreamOpen: false);
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = "sender",
            ClientCertificates = [_client],
            EnabledSslProtocols = SslProtocols.Tls13,
            RemoteCertificateValidationCallback = (_, peer, _, _) => Is(peer, _server),
        };
        try
        {
            await stream.AuthenticateAsClientAsync(options);
            return stream;
        }
        catch (Exception)
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _listener.Stop();
        await _accepting;
        await FaultsAsync();
        _bandwidth.Dispose();
        _ended.Dispose();
        _server.Dispose();
        _client.Dispose();
    }

    private async Task AcceptAsync(TransferParty pool, ILayerSources sources)
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_ended.Token);
                _served.Add(ServeAsync(client, pool, sources));
            }
        }
        catch (OperationCanceledException)
        {
            // The test is done.
        }
    }

    private async Task<string?> ServeAsync(TcpClient client, TransferParty pool, ILayerSources sources)
    {
        using var owned = client;
        await using var stream = new SslStream(client.GetStream(), leaveInnerStreamOpen: false);
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificate = _server,
            ClientCertificateRequired = true,
            EnabledSslProtocols = SslProtocols.Tls13,
            RemoteCertificateValidationCallback = (_, peer, _, _) => Is(peer, _client),
        };
        try
        {
            await stream.AuthenticateAsServerAsync(options, _ended.Token);
        }
        catch (Exception e) when (e is IOException or AuthenticationException or OperationCanceledException)
        {
            return e.Message;
        }
        var connection = new SendingConnection(
            pool, sources, _bandwidth, new ConnectionSettings(), TimeProvider.System);
        return await connection.RunAsync(stream, _ended.Token);
    }

    private static bool Is(X509Certificate? peer, X509Certificate2 expected) =>
        peer is not null && peer.GetRawCertData().AsSpan().SequenceEqual(expected.RawData);

    private static X509Certificate2 Certificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

    private sealed class CountedStream(Stream inner, TlsLink link, long breaksAfter) : OuterStream(inner)
    {
        private long _left = breaksAfter;

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_left <= 0)
                throw new IOException("the connection broke");
            var read = await Inner.ReadAsync(buffer, cancellationToken);
            _left -= read;
            Interlocked.Add(ref link._wireBytes, read);
            return read;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                Inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
