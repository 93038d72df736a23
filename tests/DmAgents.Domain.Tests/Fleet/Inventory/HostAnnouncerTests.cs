using System.Collections.Immutable;
using System.Text;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using static DmAgents.Domain.Tests.Fleet.GivenFleet;

namespace DmAgents.Domain.Tests.Fleet.Inventory;

/// <summary>The host's side of all announcements, with the entities that ship on the other.</summary>
public sealed class HostAnnouncerTests
{
    private static readonly ImageReference App = new("app:1");

    [Fact]
    public void The_ledger_is_told_first_and_the_others_once_it_has_answered()
    {
        var announcer = Begin().Offer(Has(layers: [1, 2], images: [1]));

        var ledger = Assert.IsType<HostAnnouncement.ToLedger>(Assert.Single(announcer.Due));
        announcer = announcer.Answered(new HostReplies.Heard(ledger.Stamp));

        Assert.Equal(3, announcer.Due.Count());
        Assert.DoesNotContain(announcer.Due, due => due is HostAnnouncement.ToLedger);
    }

    [Fact]
    public void What_is_new_is_in_the_traces_before_it_is_due_and_leaves_them_when_its_absence_was_heard()
    {
        var entities = new Entities();
        var announcer = entities.Hear(Begin().Offer(Has(layers: [1], images: [1])));
        Assert.Equal(["app1:latest"], announcer.Traces.Images);
        Assert.Single(announcer.Traces.Buckets);

        announcer = announcer.Offer(Has());

        Assert.Equal(["app1:latest"], announcer.Traces.Images);
        announcer = entities.Hear(announcer);
        Assert.True(announcer.Traces.IsSame(FleetTraces.None));
        Assert.Empty(announcer.Due);
    }

    [Fact]
    public void Traces_of_an_earlier_incarnation_are_announced_as_absent()
    {
        var entities = new Entities();
        var before = entities.Hear(Begin().Offer(Has(layers: [1], images: [1], containers: [1])));

        entities.Hear(new HostAnnouncer(new Incarnation(2), before.Traces).Offer(Has()));

        entities.Agree(Has());
    }

    [Fact]
    public void An_image_that_the_fleet_does_not_know_is_to_be_defined_and_one_that_took_its_name_in_its_place()
    {
        var announcer = Begin().Offer(Image(config: 1));
        announcer = announcer.Answered(new HostReplies.Heard(Stamped(1)));
        announcer = announcer.Answered(App, new ImageReplies.Heard(Stamped(1), Known: false));
        Assert.Null(Assert.Single(announcer.Undefined).Value);
        announcer = announcer.Defined(App);

        announcer = announcer.Offer(Image(config: 2)).Answered(App, new ImageReplies.Heard(Stamped(2), Known: true));

        Assert.Equal(ConfigOf(1), Assert.Single(announcer.Undefined).Value);
        // It went before it was defined.
        Assert.Empty(announcer.Offer(Has()).Undefined);
    }

    [Fact]
    public void A_question_has_a_stamp_of_its_own_also_if_it_is_asked_twice()
    {
        var asks = Image(config: 1, HoldingKind.Dropping, Guid.NewGuid());
        var announcer = Begin().Offer(asks).Answered(new HostReplies.Heard(Stamped(1)));
        announcer = announcer.Answered(App, new ImageReplies.MustKeep(Stamped(1), Refusal()));
        Assert.Empty(announcer.Due);
        Assert.Empty(announcer.Offer(asks).Due);

        var again = announcer.Offer(Image(config: 1, HoldingKind.Dropping, Guid.NewGuid()));

        Assert.Equal(Stamped(2), Assert.IsType<HostAnnouncement.ToImage>(Assert.Single(again.Due)).Stamp);
    }

    [Fact]
    public void An_incarnation_that_has_ended_says_nothing_more_and_an_earlier_ones_end_does_not_end_it()
    {
        var announcer = new HostAnnouncer(new Incarnation(2), FleetTraces.None).Offer(Has(layers: [1]));

        Assert.False(announcer.Answered(new HostReplies.Ended(Stamped(9, incarnation: 1))).Ended);
        announcer = announcer.Answered(new HostReplies.Ended(Stamped(1, incarnation: 2)));

        Assert.True(announcer.Ended);
        Assert.Empty(announcer.Due);
        Assert.Empty(announcer.Offer(Has(layers: [1, 2])).Due);
    }

    /// <summary>What the host has changes; announcements and answers are lost, come twice, late and in any order; the
    /// host dies at any moment and is given up now and then. In the end the fleet believes what is so.</summary>
    [Fact]
    public void After_any_history_the_entities_believe_what_the_host_has()
    {
        for (var seed = 0; seed < 400; seed++)
            new History(seed).Run();
    }

    private static HostAnnouncer Begin() => new(new Incarnation(1), FleetTraces.None);

    private static Digest ConfigOf(int number) => Digest.Of(Encoding.ASCII.GetBytes($"config {number}"));

    private static Refusal Refusal() => new(RefusalKind.WrongState, "", "", "", "");

    private static HostInventory Image(int config, HoldingKind kind = HoldingKind.Whole, Guid? question = null) =>
        Has() with
        {
            Images = ImmutableDictionary<ImageReference, HeldImage>.Empty.Add(App, new HeldImage(
                new ImageHolding(ConfigOf(config), kind, InUse: false), null, question)),
        };

    private static HostInventory Has(int[]? layers = null, int[]? images = null, int[]? containers = null) => new(
        new HostCapacity(
            [
                new PoolCapacity(
                    new PoolName("fast"), new PoolSpace(ByteSize.GiB(9), ByteSize.GiB(1)),
                    new PoolSpace(ByteSize.GiB(9 - (ulong)(layers ?? []).Length % 8), ByteSize.GiB(1)), Admits: true),
            ], "1"),
        [.. (layers ?? []).Select(layer => Holding(layer))],
        (images ?? []).ToImmutableDictionary(
            image => new ImageReference($"app{image}"),
            image => new HeldImage(new ImageHolding(ConfigOf(image), HoldingKind.Whole, InUse: false), null)),
        (containers ?? []).ToImmutableDictionary(
            container => new ContainerName($"web{container}"), _ => ContainerEpoch.None));

    /// <summary>The fleet's side.</summary>
    private sealed class Entities
    {
        private readonly Dictionary<LayerBucket, LocationState> _buckets = [];
        private readonly Dictionary<ImageReference, ImageState> _images = [];
        private readonly Dictionary<ContainerName, ContainerState> _containers = [];

        public HostLedger Ledger { get; private set; } = new(A);

        /// <summary>Everything that is due, and what that brings about, is heard and answered.</summary>
        public HostAnnouncer Hear(HostAnnouncer announcer)
        {
            while (announcer.Due.ToList() is { Count: > 0 } due)
                announcer = due.Aggregate(announcer, (before, each) => Hear(each)(before));
            return announcer;
        }

        public Func<HostAnnouncer, HostAnnouncer> Hear(HostAnnouncement said)
        {
            switch (said)
            {
                case HostAnnouncement.ToLedger to:
                    var host = HostLedgerDecider.Decide(Ledger, new HostCommands.Announce(to.Stamp, to.Capacity, At));
                    Ledger = host.Events.Aggregate(Ledger, (state, e) => state.Apply(e));
                    return each => each.Answered(host.Reply);
                case HostAnnouncement.ToBucket to:
                    var bucket = Decide(
                        _buckets, to.Bucket, LocationState.Empty,
                        state => LocationDecider.Decide(state, new LocationCommands.Announce(A, to.Announcement, At)),
                        (state, e) => state.Apply(e));
                    return each => each.Answered(to.Bucket, bucket);
                case HostAnnouncement.ToImage to:
                    var image = Decide(
                        _images, to.Image, new ImageState(to.Image), state => ImageDecider.Decide(
                            state, new ImageCommands.Announce(A, to.Stamp, to.Said.Holding, At)),
                        (state, e) => state.Apply(e));
                    return each => each.Answered(to.Image, image);
                case HostAnnouncement.ToContainer to:
                    var container = Decide(
                        _containers, to.Container, new ContainerState(to.Container), state => ContainerDecider.Decide(
                            state, new ContainerCommands.Announce(A, to.Stamp, to.Epoch, At)),
                        (state, e) => state.Apply(e));
                    return each => each.Answered(to.Container, container);
                default:
                    throw new InvalidOperationException($"no known kind: {said}");
            }
        }

        /// <summary>The host is given up in its present incarnation, by all that know it.</summary>
        public void GiveUp()
        {
            if (Ledger.Hearing is not { Last.Incarnation: var incarnation })
                return;
            var gone = HostLedgerDecider.Decide(Ledger, new HostCommands.NoteGone(incarnation, HostAbsence.Lost, At));
            Ledger = gone.Events.Aggregate(Ledger, (state, e) => state.Apply(e));
            foreach (var bucket in _buckets.Keys.ToList())
            {
                Decide(
                    _buckets, bucket, LocationState.Empty, state => LocationDecider.Decide(
                        state, new LocationCommands.NoteGone(A, incarnation, At)), (state, e) => state.Apply(e));
            }
        }

        public void Agree(HostInventory now)
        {
            Assert.Equal(now.Capacity, Ledger.Capacity);
            Assert.Equal(
                now.Layers.Select(layer => layer.Layer.Value).Order(StringComparer.Ordinal),
                _buckets.Values.SelectMany(bucket => bucket.Layers.HeldBy(A)).Select(layer => layer.Value)
                    .Order(StringComparer.Ordinal));
            Assert.Equal(
                now.Images.Keys.Select(image => image.Value).Order(StringComparer.Ordinal),
                _images.Where(image => image.Value.Hosts.GetValueOrDefault(A)?.Holding is not null)
                    .Select(image => image.Key.Value).Order(StringComparer.Ordinal));
            Assert.Equal(
                now.Containers.Keys.Select(container => container.Value).Order(StringComparer.Ordinal),
                _containers.Where(container => container.Value.Hosts.GetValueOrDefault(A)?.Epoch is not null)
                    .Select(container => container.Key.Value).Order(StringComparer.Ordinal));
        }

        private static TReply Decide<TKey, TState, TEvent, TReply>(
            Dictionary<TKey, TState> all, TKey key, TState initial,
            Func<TState, Domain.Fleet.FleetDecision<TEvent, TReply>> decide, Func<TState, TEvent, TState> apply)
            where TKey : notnull
        {
            var state = all.GetValueOrDefault(key, initial);
            var decision = decide(state);
            all[key] = decision.Events.Aggregate(state, apply);
            return decision.Reply;
        }
    }

    private sealed class History(int seed)
    {
        private readonly Random _random = new(seed);
        private readonly Entities _entities = new();
        private readonly List<HostAnnouncement> _onTheWay = [];
        private readonly List<Func<HostAnnouncer, HostAnnouncer>> _answers = [];

        // The host's disk.
        private ulong _incarnation;
        private FleetTraces _traces = FleetTraces.None;

        private HostInventory _has = Has();
        private HostAnnouncer _announcer = null!;

        public void Run()
        {
            BeginAnew();
            for (var step = 0; step < 60; step++)
                Step();
            // Nothing is lost any more.
            for (var round = 0; round < 5; round++)
            {
                if (_announcer.Ended)
                    BeginAnew();
                Offer();
                // A host that was given up and has nothing to say learns so when it repeats what it said.
                _announcer = _entities.Hear(_announcer.Repeat());
            }
            Assert.False(_announcer.Ended, $"seed {seed}");
            _entities.Agree(_has);
        }

        private void Step()
        {
            switch (_random.Next(10))
            {
                case 0 or 1:
                    _has = Has(Some(6), Some(3), Some(3));
                    break;
                case 2:
                    Offer();
                    break;
                case 3 or 4:
                    _onTheWay.AddRange(_announcer.Due);
                    break;
                case 5 or 6 when _onTheWay.Count > 0:
                    // Any of them, and it may come again.
                    var said = _onTheWay[_random.Next(_onTheWay.Count)];
                    var answer = _entities.Hear(said);
                    if (_random.Next(3) > 0)
                        _answers.Add(answer);
                    break;
                case 7 when _answers.Count > 0:
                    _announcer = _answers[_random.Next(_answers.Count)](_announcer);
                    break;
                case 8 when _random.Next(4) == 0:
                    BeginAnew();
                    break;
                case 9 when _random.Next(6) == 0:
                    _entities.GiveUp();
                    break;
                default:
                    if (_random.Next(5) == 0)
                        _announcer = _announcer.Repeat();
                    break;
            }
            if (_announcer.Ended)
                BeginAnew();
        }

        /// <summary>The traces are on disk before anything of it is sent; the host may die between the two.</summary>
        private void Offer()
        {
            _announcer = _announcer.Offer(_has);
            _traces = _announcer.Traces;
            if (_random.Next(20) == 0)
                BeginAnew();
        }

        private void BeginAnew()
        {
            _incarnation = Math.Max(_incarnation, _entities.Ledger.Hearing?.Last.Incarnation.Number ?? 0) + 1;
            _announcer = new HostAnnouncer(new Incarnation(_incarnation), _traces);
        }

        private int[] Some(int of) => [.. Enumerable.Range(1, of).Where(_ => _random.Next(2) == 0)];
    }
}
