using DmAgents.Actors.Fleet;
using DmAgents.Fleet.Peers;
using DmAgents.Fleet.Tests.Support;

namespace DmAgents.Actors.Tests.Fleet;

public sealed class RefusedPeersTests
{
    private readonly SetTime _time = new();
    private readonly RefusedPeers _refused;
    private int _changes;

    public RefusedPeersTests() => _refused = new RefusedPeers(_time, () => _changes++);

    [Fact]
    public void One_reason_is_one_entry_that_counts_and_is_logged_once_in_a_while()
    {
        Assert.True(_refused.Add("10.0.0.1:5000", Refusal("web9")));
        _time.Now += TimeSpan.FromSeconds(5);
        Assert.False(_refused.Add("10.0.0.1:5001", Refusal("web9")));

        var seen = Assert.Single(_refused.Latest);
        Assert.Equal(("10.0.0.1:5001", 2, SetTime.Start, _time.Now), (seen.Peer, seen.Count, seen.First, seen.Last));
        Assert.Equal(2, _changes);
        _time.Now = SetTime.Start + RefusedPeers.LogInterval;
        Assert.True(_refused.Add("10.0.0.1:5002", Refusal("web9")));
    }

    [Fact]
    public void The_latest_come_first_and_their_number_is_bounded()
    {
        var logged = 0;
        for (var number = 0; number < 3 * RefusedPeers.Most; number++)
        {
            if (_refused.Add("10.0.0.1:5000", Refusal($"web{number}")))
                logged++;
        }

        Assert.Equal(RefusedPeers.Most, _refused.Latest.Length);
        Assert.Equal($"web{3 * RefusedPeers.Most - 1}", _refused.Latest[0].Why);
        Assert.Equal(RefusedPeers.Most, logged);
    }

    private static PeerRefusal Refusal(string why) => new(PeerRefusalReason.OtherFleet, why, "next");
}
