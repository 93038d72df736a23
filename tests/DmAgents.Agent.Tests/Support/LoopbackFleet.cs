using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DmAgents.Agent.Transfers;
using DmAgents.Domain.Fleet;

namespace DmAgents.Agent.Tests.Support;

/// <summary>Agents that reach each other's ports for layers over TLS on loopback, with certificates of the test.
/// </summary>
internal sealed class LoopbackFleet : IAsyncDisposable
{
    public static readonly FleetId Id = new(new Guid("99999999-2222-3333-4444-555555555555"));

    private readonly ConcurrentDictionary<HostName, Served> _hosts = new();
    private readonly CancellationTokenSource _end = new();
    private readonly X509Certificate2 _certificate = Certificate();
    private readonly List<Task> _serving = [];
    private long _blockBytes;
    private readonly ConcurrentDictionary<HostName, int> _asked = new();
    private readonly ConcurrentDictionary<HostName, long> _sent = new();

    /// <summary>Bytes of blocks that a connection carries before it breaks; null: it does not.</summary>
    public long? BreaksAfter { get; set; }

    /// <summary>Bytes of blocks after which a connection waits; null: it does not.</summary>
    public long? WaitsAfter { get; set; }

    /// <summary>What each new connection for blocks waits for.</summary>
    public Func<Task> BeforeBlocks { get; set; } = () => Task.CompletedTask;

    /// <summary>What each question for layers waits for.</summary>
    public Func<HostName, Task> BeforeLayers { get; set; } = _ => Task.CompletedTask;

    /// <summary>Whether a connection for blocks from this host may go on, after so many bytes of its own: it waits
    /// until then.</summary>
    public Func<HostName, long, bool> GoesOn { get; set; } = (_, _) => true;

    /// <summary>Bytes that left this host over connections for blocks, TLS and all.</summary>
    public long BytesFrom(HostName host) => _sent.GetValueOrDefault(host);

    /// <summary>How many questions for layers this host has asked.</summary>
    public int AskedBy(HostName host) => _asked.GetValueOrDefault(host);

    /// <summary>Bytes that came over connections for blocks, TLS and all.</summary>
    public long BlockBytes => Interlocked.Read(ref _blockBytes);

    public ILayerPeers PeersOf(HostName self) => new Peers(this, self);

    /// <summary>Lets the others reach this agent, in place of an earlier one of its name.</summary>
    public void Serve(HostName host, ServedAgent agent)
    {
        if (_hosts.TryGetValue(host, out var before))
        {
            before.Agent = agent;
            return;
        }
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var served = new Served(listener) { Agent = agent };
        _hosts[host] = served;
        _serving.Add(AcceptAsync(served));
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        foreach (var served in _hosts.Values)
            served.Listener.Stop();
        await Task.WhenAll(_serving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _certificate.Dispose();
        _end.Dispose();
    }

    private async Task AcceptAsync(Served served)
    {
        while (!_end.IsCancellationRequested)
        {
            var client = await served.Listener.AcceptTcpClientAsync(_end.Token);
            _ = Task.Run(async () =>
            {
                using (client)
                {
                    await served.Agent.Get<LayerPort>().ServeAsync(
                        client.GetStream(), Id, new SslServerAuthenticationOptions
                        {
                            ServerCertificate = _certificate, EnabledSslProtocols = SslProtocols.Tls13,
                        }, _end.Token);
                }
            });
        }
    }

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=a host of the test", key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
    }

    private sealed class Served(TcpListener listener)
    {
        public TcpListener Listener => listener;

        public required ServedAgent Agent { get; set; }
    }

    private sealed class Peers(LoopbackFleet fleet, HostName self) : ILayerPeers
    {
        public LayerPeer Self => new(Id, self);

        public IEnumerable<HostName> Reached => fleet._hosts.Keys.Where(host => host != self);

        public bool Knows(HostName host) => fleet._hosts.ContainsKey(host);

        public async Task<Stream> ConnectAsync(
            HostName host, SslApplicationProtocol protocol, CancellationToken cancellation)
        {
            if (protocol == LayerProtocols.Blocks)
                await fleet.BeforeBlocks().WaitAsync(cancellation);
            if (protocol == LayerProtocols.Layers)
            {
                fleet._asked.AddOrUpdate(self, 1, (_, before) => before + 1);
                await fleet.BeforeLayers(host).WaitAsync(cancellation);
            }
            var client = new TcpClient();
            await client.ConnectAsync((IPEndPoint)fleet._hosts[host].Listener.LocalEndpoint, cancellation);
            Stream stream = protocol == LayerProtocols.Blocks
                ? new Counted(client.GetStream(), fleet, host)
                : client.GetStream();
            var tls = new SslStream(stream, leaveInnerStreamOpen: false);
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "a host of the test", EnabledSslProtocols = SslProtocols.Tls13,
                ApplicationProtocols = [protocol],
                RemoteCertificateValidationCallback = (_, shown, _, _) =>
                    shown?.GetCertHashString() == fleet._certificate.GetCertHashString(),
            }, cancellation);
            return tls;
        }
    }

    private sealed class Counted(NetworkStream inner, LoopbackFleet fleet, HostName from) : Stream
    {
        private long _read;

        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            _read += read;
            Interlocked.Add(ref fleet._blockBytes, read);
            fleet._sent.AddOrUpdate(from, read, (_, sent) => sent + read);
            while (!fleet.GoesOn(from, _read))
                await Task.Delay(20, cancellationToken);
            if (_read > fleet.WaitsAfter)
                await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
            return _read <= (fleet.BreaksAfter ?? long.MaxValue) ? read : throw new IOException("the link broke");
        }

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.WriteAsync(buffer, cancellationToken);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            inner.WriteAsync(buffer, offset, count, cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

        public override void Flush() => inner.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
