using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Peers;

namespace DmAgents.Agent.Transfers;

/// <summary>The connections of other hosts to this one, by their certificates. A certificate is validated once, at the
/// handshake: a later revocation ends the host's connections here.</summary>
internal sealed class PeerConnections : IDisposable
{
    private readonly Lock _lock = new();
    private readonly HashSet<PeerConnection> _open = [];
    private readonly TrustHolder _trust;

    public PeerConnections(TrustHolder trust)
    {
        _trust = trust;
        _trust.Changed += EndRevoked;
    }

    /// <param name="end">Cancelled with the port.</param>
    public PeerConnection Add(CancellationToken end)
    {
        var connection = new PeerConnection(this, end);
        lock (_lock)
            _open.Add(connection);
        return connection;
    }

    public void Dispose() => _trust.Changed -= EndRevoked;

    internal void Remove(PeerConnection connection)
    {
        lock (_lock)
            _open.Remove(connection);
    }

    /// <summary>Also called right after a handshake: the host may have been revoked since its certificate was
    /// validated.</summary>
    internal void EndRevoked()
    {
        var revocations = _trust.Current.Revocations;
        PeerConnection[] revoked;
        lock (_lock)
        {
            revoked = [.. _open.Where(each =>
                each.Serial is { } serial && revocations.Find(serial) is not null)];
        }
        foreach (var connection in revoked)
            connection.Revoke();
    }
}

/// <summary>One connection, from its handshake to its end.</summary>
internal sealed class PeerConnection : IDisposable
{
    private readonly PeerConnections _all;
    private readonly CancellationTokenSource _end;
    private CertificateSerialBox? _serial;

    public PeerConnection(PeerConnections all, CancellationToken end)
    {
        _all = all;
        _end = CancellationTokenSource.CreateLinkedTokenSource(end);
        End = _end.Token;
    }

    /// <summary>Cancelled if the peer is revoked, and with the port.</summary>
    public CancellationToken End { get; }

    public bool IsRevoked { get; private set; }

    /// <summary>Null until the peer's certificate is accepted.</summary>
    public CertificateSerial? Serial => Volatile.Read(ref _serial)?.Serial;

    public void Accept(CertificateSerial serial)
    {
        Volatile.Write(ref _serial, new CertificateSerialBox(serial));
        _all.EndRevoked();
    }

    /// <summary>Work that waits on the connection ends on other threads: the calling thread is the one that
    /// revoked.</summary>
    public void Revoke()
    {
        IsRevoked = true;
        _ = _end.CancelAsync();
    }

    /// <summary>The cancellation source is left to the garbage collector: a revocation may happen at the same
    /// moment.</summary>
    public void Dispose() => _all.Remove(this);

    private sealed record CertificateSerialBox(CertificateSerial Serial);
}
