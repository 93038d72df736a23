using Akka.Actor;
using Akka.Cluster;
using Akka.Remote;
using DmAgents.Domain.Fleet;

namespace DmAgents.Actors.Fleet;

/// <summary>What a fleet's system reports to its keeper.</summary>
internal abstract record FleetNews
{
    private FleetNews()
    {
    }

    /// <summary>The current view of the fleet.</summary>
    public sealed record Seen(FleetView View) : FleetNews;

    public sealed record Downed(string Why) : FleetNews;

    public sealed record Quarantined(string Why) : FleetNews;
}

/// <summary>Turns the cluster's events into a view of the fleet. An actor of the fleet's system.</summary>
internal sealed class FleetWatch : UntypedActor
{
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly Action<FleetNews> _tell;
    private readonly TimeProvider _time;
    private readonly Dictionary<UniqueAddress, Member> _members = [];
    private FleetView _view;

    /// <summary>The last side on which this host counted: the reason of a downing refers to it.</summary>
    private FleetSide _side = FleetSide.Of([]);

    public FleetWatch(Action<FleetNews> tell, TimeProvider time)
    {
        (_tell, _time) = (tell, time);
        _view = FleetView.Of(AddressOf(_cluster.SelfAddress));
    }

    public static Props Props(Action<FleetNews> tell, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new FleetWatch(tell, time));

    protected override void PreStart()
    {
        _cluster.Subscribe(
            Self, ClusterEvent.InitialStateAsSnapshot, typeof(ClusterEvent.IMemberEvent),
            typeof(ClusterEvent.IReachabilityEvent), typeof(ClusterEvent.LeaderChanged));
        Context.System.EventStream.Subscribe(Self, typeof(ThisActorSystemQuarantinedEvent));
    }

    protected override void PostStop() => _cluster.Unsubscribe(Self);

    protected override void OnReceive(object message)
    {
        // A terminating cluster reports all its members as removed, which is no news about the fleet.
        if (_cluster.IsTerminated)
            return;
        switch (message)
        {
            case ClusterEvent.CurrentClusterState state:
                foreach (var member in state.Members)
                    See(member);
                foreach (var member in state.Unreachable)
                    Reach(member, _time.GetUtcNow());
                _view = _view with { Leader = Known(state.Leader) };
                break;
            case ClusterEvent.MemberRemoved removed:
                _members.Remove(removed.Member.UniqueAddress);
                _view = _view.Without(AddressOf(removed.Member.Address), removed.Member.UniqueAddress.Uid);
                break;
            case ClusterEvent.IMemberEvent changed:
                See(changed.Member);
                break;
            case ClusterEvent.UnreachableMember unreachable:
                Reach(unreachable.Member, _time.GetUtcNow());
                break;
            case ClusterEvent.ReachableMember reachable:
                Reach(reachable.Member, since: null);
                break;
            case ClusterEvent.LeaderChanged changed:
                _view = _view with { Leader = Known(changed.Leader) };
                break;
            case ThisActorSystemQuarantinedEvent quarantined:
                _tell(new FleetNews.Quarantined(
                    $"the agent at {AddressOf(quarantined.RemoteAddress)} takes no message of this host any more"));
                return;
            default:
                Unhandled(message);
                return;
        }
        Tell();
    }

    private void Tell()
    {
        if (Twin() is { } twin)
        {
            _tell(new FleetNews.Quarantined(
                $"host {HostOf(twin)} is in the fleet already, at {AddressOf(twin.Address)}, and this host has a copy "
                + "of its files; next: remove them here, which revokes nothing: dmagent fleet leave --force; then join "
                + "under another name"));
            return;
        }
        _view = _view with { Oldest = Oldest() };
        _tell(new FleetNews.Seen(_view));
        if (_view.IsUp)
            _side = _view.Side;
        else if (_view.Members.TryGetValue(_view.Self, out var self) && self.State == FleetMemberState.Down)
            _tell(new FleetNews.Downed(_side.Words));
    }

    /// <summary>A member with this host's name and another address that was admitted before. A host that moved to
    /// another address has none: its old address does not respond.</summary>
    private Member? Twin()
    {
        var self = _cluster.SelfMember;
        return _members.Values.FirstOrDefault(member => member.Status == MemberStatus.Up
            && member.Address != self.Address && HostOf(member) == HostOf(self) && member.IsOlderThan(self)
            && !_cluster.State.Unreachable.Contains(member));
    }

    private void See(Member member)
    {
        _members[member.UniqueAddress] = member;
        _view = _view.With(new FleetMember(
            HostOf(member), AddressOf(member.Address), member.UniqueAddress.Uid, member.AppVersion.Version,
            StateOf(member.Status), _time.GetUtcNow(), UnreachableSince: null));
    }

    private void Reach(Member member, DateTimeOffset? since) =>
        _view = _view.Reach(AddressOf(member.Address), member.UniqueAddress.Uid, since);

    private FleetAddress? Oldest()
    {
        var up = _members.Values.Where(member => member.Status is MemberStatus.Up or MemberStatus.Leaving).ToList();
        return up.Count == 0 ? null : AddressOf(up.Min(Member.AgeOrdering)!.Address);
    }

    internal static HostName? HostOf(Member member)
    {
        var role = member.Roles.FirstOrDefault(
            role => role.StartsWith(FleetConfig.HostRole, StringComparison.Ordinal));
        return HostName.TryParse(role?[FleetConfig.HostRole.Length..], out var host) ? host : null;
    }

    private static FleetAddress? Known(Address? address) => address is null ? null : AddressOf(address);

    internal static FleetAddress AddressOf(Address address) => new(address.Host ?? "", address.Port ?? 0);

    private static FleetMemberState StateOf(MemberStatus status) => status switch
    {
        MemberStatus.Joining or MemberStatus.WeaklyUp => FleetMemberState.Joining,
        MemberStatus.Up => FleetMemberState.Up,
        MemberStatus.Leaving => FleetMemberState.Leaving,
        MemberStatus.Exiting => FleetMemberState.Exiting,
        _ => FleetMemberState.Down,
    };
}
