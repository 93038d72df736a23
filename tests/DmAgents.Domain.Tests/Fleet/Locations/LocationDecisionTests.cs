using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using static DmAgents.Domain.Tests.Fleet.GivenFleet;

namespace DmAgents.Domain.Tests.Fleet.Locations;

public sealed class LocationDecisionTests
{
    private LocationState _state = LocationState.Empty;

    [Fact]
    public void Two_contents_of_one_layer_live_side_by_side_and_serve_only_their_equals()
    {
        Whole(A, 1, Holding(1, content: 1));
        Whole(B, 1, Holding(1, content: 2));
        Whole(C, 1, Holding(1, content: 1, verified: false));
        Assert.Equal([A, B, C], _state.Layers.CopiesOf(Layer(1)).Select(copy => copy.Host));
        Assert.Equal([A], _state.EqualTo(Layer(1), Content(1), other: B).Select(copy => copy.Host));
        Assert.Empty(_state.EqualTo(Layer(1), Content(2), other: B));
    }

    [Fact]
    public void A_copy_is_as_old_as_its_content_whatever_becomes_known_of_it()
    {
        Whole(A, 1, Holding(1, content: 1, verified: false));
        Do(new LocationCommands.Announce(A, LayerAnnouncement.Change(Stamped(2), [Holding(1, 1)], []), After(9)));
        Assert.Equal((At, true), (Copy(1, A).Since, Copy(1, A).Verified));
        Do(new LocationCommands.Announce(A, LayerAnnouncement.Change(Stamped(3), [Holding(1, 2)], []), After(10)));
        Assert.Equal(After(10), Copy(1, A).Since);
    }

    [Fact]
    public void A_layer_by_SHA_512_and_one_without_a_digest_are_given_back_as_they_came()
    {
        var layer = ChainId.Parse("sha512:" + Layer(1).Digest.Hex + Layer(2).Digest.Hex);
        Whole(A, 1, new LayerHolding(layer, Digest: null, Verified: false));
        var (found, copies) = Assert.Single(_state.Layers.All);
        Assert.Equal(layer, found);
        Assert.Null(copies[0].Digest);
    }

    [Fact]
    public void A_whole_announcement_after_a_gap_journals_only_what_differs()
    {
        Whole(A, 1, Holding(1), Holding(2));
        var gap = Assert.IsType<LocationReplies.NeedsWhole>(Do(new LocationCommands.Announce(
            A, LayerAnnouncement.Change(Stamped(3), [Holding(3)], []), At)).Reply);
        Assert.Equal(Stamped(3), gap.Stamp);
        var heard = Assert.IsType<LocationEvents.HostHeard>(
            Assert.Single(Whole(A, 4, Holding(2), Holding(3)).Events));
        Assert.Equal([Holding(3)], heard.Present.AsEnumerable());
        Assert.Equal([Layer(1)], heard.Absent.AsEnumerable());
        Assert.Equal(2, _state.Layers.Count);
    }

    [Fact]
    public void A_host_that_is_gone_takes_its_copies_and_leases_with_it_and_its_late_messages_are_nothing()
    {
        Whole(A, 1, Holding(1));
        Whole(B, 1, Holding(1), Holding(2));
        Begin(2, A);
        Begin(1, C);
        Do(new LocationCommands.NoteGone(A, new Incarnation(1), At));
        Assert.Equal([B], _state.Layers.CopiesOf(Layer(1)).Select(copy => copy.Host));
        Assert.Empty(_state.Copies);
        Assert.IsType<LocationReplies.Ended>(Whole(A, 9, Holding(1)).Reply);
        Assert.Empty(Do(new LocationCommands.NoteGone(A, new Incarnation(1), At)).Events);

        Do(new LocationCommands.Announce(
            A, LayerAnnouncement.Everything(Stamped(1, incarnation: 2), [Holding(1)]), After(1)));
        Assert.Equal(After(1), Copy(1, A).Since);
        Assert.Empty(Do(new LocationCommands.NoteGone(A, new Incarnation(1), At)).Events);
        Assert.IsType<LocationReplies.Ended>(Whole(A, 10).Reply);
        Assert.Equal(1, _state.Layers.CopiesOf(Layer(1)).Count(copy => copy.Host == A));
    }

    [Fact]
    public void A_host_that_begins_anew_with_the_same_layers_changes_nothing_and_its_next_change_brings_everything()
    {
        Whole(A, 1, Holding(1), Holding(2));
        LocationReply Say(LayerAnnouncement said, bool isWritten)
        {
            var decision = Do(new LocationCommands.Announce(A, said, At));
            Assert.Equal(isWritten, !decision.Events.IsEmpty);
            return decision.Reply;
        }

        var same = LayerAnnouncement.Everything(Stamped(1, incarnation: 2), [Holding(1), Holding(2)]);
        Assert.IsType<LocationReplies.Heard>(Say(same, isWritten: false));
        Assert.IsType<LocationReplies.NeedsWhole>(Say(
            LayerAnnouncement.Change(Stamped(2, incarnation: 2), [], [Layer(2)]), isWritten: false));
        Assert.IsType<LocationReplies.Heard>(Say(
            LayerAnnouncement.Everything(Stamped(3, incarnation: 2), [Holding(1)]), isWritten: true));
        Assert.Equal(1, _state.Layers.Count);
        Assert.Equal(new Incarnation(2), _state.Hosts[A].Last.Incarnation);
    }

    [Fact]
    public void A_copy_has_one_source_until_its_lease_lapses_and_the_load_is_spread()
    {
        Whole(A, 1, Holding(1));
        Whole(B, 1, Holding(1));
        var first = Assert.IsType<LocationReplies.CopyFrom>(Begin(1, C).Reply);
        Assert.Equal((A, (ContentDigest?)Content(0), At + Lease), (first.Source, first.Digest, first.Until));
        Assert.Equal(first, Begin(1, C).Reply);
        Assert.Equal(B, Assert.IsType<LocationReplies.CopyFrom>(Begin(1, new HostName("d")).Reply).Source);
        Assert.Equal(2, _state.Copies.Length);

        Do(new LocationCommands.RenewCopy(Layer(1), C, Lease, After(20)));
        Do(new LocationCommands.Tick(After(31)));
        Assert.Equal([C], _state.Copies.Select(copy => copy.Target));
        Assert.Equal(After(50), _state.Copies[0].Until);
        Assert.IsType<LocationReplies.NoCopy>(
            Do(new LocationCommands.RenewCopy(Layer(1), C, Lease, After(51))).Reply);
        Assert.Empty(_state.Copies);
    }

    [Fact]
    public void A_copy_ends_by_word_and_by_the_announcement_of_the_layer()
    {
        Whole(A, 1, Holding(1));
        Begin(1, B);
        Do(new LocationCommands.EndCopy(Layer(1), B, At));
        Assert.Empty(_state.Copies);
        Assert.Empty(Do(new LocationCommands.EndCopy(Layer(1), B, At)).Events);
        Begin(1, B);
        Whole(B, 1, Holding(1));
        Assert.Empty(_state.Copies);
        Assert.IsType<LocationReplies.Held>(Begin(1, B).Reply);
    }

    [Fact]
    public void A_verified_copy_is_the_source_before_another_and_a_named_source_has_to_have_it()
    {
        Whole(A, 1, Holding(1, verified: false));
        Whole(B, 1, Holding(1));
        Assert.Equal(B, Assert.IsType<LocationReplies.CopyFrom>(Begin(1, C).Reply).Source);
        Assert.Equal(A, Assert.IsType<LocationReplies.CopyFrom>(Begin(1, C, source: A).Reply).Source);
        Assert.Equal(A, Assert.Single(_state.Copies).Source);
        var refusal = Assert.IsType<LocationReplies.Refused>(Begin(2, C, source: A).Reply).Refusal;
        Assert.Equal((RefusalKind.NotFound, "a has no copy of it"), (refusal.Kind, refusal.Why));
        Assert.IsType<LocationReplies.Refused>(Begin(1, new HostName("d"), source: C).Reply);
        Assert.IsType<LocationReplies.Refused>(Do(
            new LocationCommands.BeginCopy(Layer(1), new HostName("d"), null, TimeSpan.Zero, At)).Reply);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_copy_ends_if_its_source_has_lost_the_layer(bool whole)
    {
        Whole(A, 1, Holding(1), Holding(2));
        Whole(B, 1, Holding(1));
        Assert.Equal(A, Assert.IsType<LocationReplies.CopyFrom>(Begin(1, C).Reply).Source);
        Begin(2, C);
        if (whole)
            Whole(A, 2, Holding(2));
        else
            Do(new LocationCommands.Announce(A, LayerAnnouncement.Change(Stamped(2), [], [Layer(1)]), At));
        Assert.Equal([Layer(2)], _state.Copies.Select(copy => copy.Layer));
        Assert.IsType<LocationReplies.NoCopy>(Do(new LocationCommands.RenewCopy(Layer(1), C, Lease, At)).Reply);
        Assert.Equal(B, Assert.IsType<LocationReplies.CopyFrom>(Begin(1, C).Reply).Source);
    }

    [Fact]
    public void A_copy_ends_if_its_source_has_another_content_and_not_if_that_is_verified()
    {
        Whole(A, 1, Holding(1, verified: false));
        Begin(1, C);
        Whole(A, 2, Holding(1));
        Assert.Single(_state.Copies);
        Whole(A, 3, Holding(1, content: 7));
        Assert.Empty(_state.Copies);
    }

    [Fact]
    public void A_copy_without_a_digest_is_no_source()
    {
        var unread = new LayerHolding(Layer(1), Digest: null, Verified: false);
        Whole(A, 1, unread);
        var refusal = Assert.IsType<LocationReplies.Refused>(Begin(1, C).Reply).Refusal;
        Assert.Equal(
            (RefusalKind.Busy, "no other host has computed the digest of its copy yet"), (refusal.Kind, refusal.Why));
        Whole(B, 1, Holding(1, verified: false));
        var from = Assert.IsType<LocationReplies.CopyFrom>(Begin(1, C).Reply);
        Assert.Equal((B, Content(0)), (from.Source, from.Digest));
        refusal = Assert.IsType<LocationReplies.Refused>(Begin(1, C, source: A).Reply).Refusal;
        Assert.Equal("a has not computed the digest of its copy yet", refusal.Why);

        Whole(B, 2, unread);
        Assert.Empty(_state.Copies);
    }

    [Fact]
    public void Locating_a_layer_shows_copies_and_those_under_way()
    {
        Whole(A, 1, Holding(1));
        Begin(1, B);
        var located = Assert.IsType<LocationReplies.Located>(Do(new LocationCommands.Locate(Layer(1), At)).Reply);
        Assert.Equal([A], located.Copies.Select(copy => copy.Host));
        Assert.Equal([B], located.UnderWay.Select(copy => copy.Target));
        located = Assert.IsType<LocationReplies.Located>(Do(new LocationCommands.Locate(Layer(1), After(99))).Reply);
        Assert.Empty(located.UnderWay);
    }

    [Fact]
    public void What_is_of_no_known_kind_throws()
    {
        Assert.Throws<InvalidOperationException>(() => LocationState.Empty.Apply(new UnknownEvent()));
        Assert.Throws<InvalidOperationException>(() =>
            LocationDecider.Decide(LocationState.Empty, new UnknownCommand()));
    }

    private FleetDecision<LocationEvent, LocationReply> Whole(
        HostName host, ulong sequence, params LayerHolding[] holdings) =>
        Do(new LocationCommands.Announce(host, LayerAnnouncement.Everything(Stamped(sequence), holdings), At));

    private FleetDecision<LocationEvent, LocationReply> Begin(int layer, HostName target, HostName? source = null) =>
        Do(new LocationCommands.BeginCopy(Layer(layer), target, source, Lease, At));

    private FleetDecision<LocationEvent, LocationReply> Do(LocationCommand command)
    {
        var decision = LocationDecider.Decide(_state, command);
        _state = decision.Events.Aggregate(_state, (state, e) => state.Apply(e));
        return decision;
    }

    private LayerCopy Copy(int layer, HostName host) => _state.Layers.CopyAt(Layer(layer), host)!.Value;

    private sealed record UnknownEvent() : LocationEvent(GivenFleet.At);

    private sealed record UnknownCommand() : LocationCommand(GivenFleet.At);
}
