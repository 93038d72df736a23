using System.Collections.Immutable;
using DmAgents.Fleet.Peers;

namespace DmAgents.Actors.Fleet;

/// <summary>
/// Peers that were refused at the TLS handshake. A refused peer learns nothing and tries again every few seconds: it
/// is named here, on the side that refused it, counted, and logged once in a while. Bounded, since anyone may connect.
/// </summary>
internal sealed class RefusedPeers(TimeProvider time, Action changed)
{
    /// <summary>How many different ones are kept: those that were refused last.</summary>
    internal const int Most = 16;

    /// <summary>How often one reason is logged.</summary>
    internal static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private ImmutableArray<RefusedPeer> _peers = [];
    private ImmutableDictionary<string, DateTimeOffset> _logged = ImmutableDictionary<string, DateTimeOffset>.Empty;

    public ImmutableArray<RefusedPeer> Latest
    {
        get
        {
            lock (_lock)
                return _peers;
        }
    }

    /// <summary>True if it is to be logged.</summary>
    /// <param name="peer">The connection's other end.</param>
    public bool Add(string peer, PeerRefusal refusal)
    {
        var isToLog = Remember(peer, refusal);
        changed();
        return isToLog;
    }

    private bool Remember(string peer, PeerRefusal refusal)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            // By the reason, which names the host and its fleet: the port of the other end is another each time.
            var known = _peers.FirstOrDefault(each => each.Why == refusal.Why);
            var seen = known is null
                ? new RefusedPeer(peer, refusal.Why, refusal.Next, now, now, 1)
                : known with { Peer = peer, Last = now, Count = known.Count + 1 };
            _peers = [seen, .. _peers.Where(each => each != known).Take(Most - 1)];
            _logged = _logged.RemoveRange(
                _logged.Where(each => now - each.Value >= LogInterval).Select(each => each.Key));
            if (_logged.ContainsKey(refusal.Why) || _logged.Count >= Most)
                return false;
            _logged = _logged.Add(refusal.Why, now);
            return true;
        }
    }
}
