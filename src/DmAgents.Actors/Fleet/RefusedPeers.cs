using System.Collections.Immutable;
using DmAgents.Fleet.Peers;

namespace DmAgents.Actors.Fleet;

/// <summary>Peers that were refused at the TLS handshake. A refused peer does not learn why and retries every few
/// seconds. The refusing side therefore names it, counts it and logs it once in a while. Bounded, since any peer may
/// connect.</summary>
internal sealed class RefusedPeers(TimeProvider time, Action changed)
{
    /// <summary>Maximum number of peers kept: the ones refused last.</summary>
    internal const int Most = 16;

    /// <summary>Minimum interval between two logs of one reason.</summary>
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

    /// <summary>Records a refusal; true if it is to be logged.</summary>
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
            // Keyed by the reason, which names the host and its fleet: the other end's port differs each time.
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
