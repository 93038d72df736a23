using System.Collections.Immutable;
using CsCheck;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Locations;
using static DmAgents.Domain.Tests.Fleet.GivenFleet;

namespace DmAgents.Domain.Tests.Fleet.Locations;

/// <summary>A bucket and the announcers of three hosts, with parts lost, repeated and late between them, restarts on
/// both sides and hosts that are given up.</summary>
public sealed class LocationHistoryTests
{
    private static readonly HostName[] Names = [A, B, C];

    private static readonly Gen<(int Kind, int Host, int Value)[]> Histories =
        Gen.Select(Gen.Int[0, 11], Gen.Int[0, 2], Gen.Int[0, 1_000_000]).Array[0, 120];

    [Fact]
    public void Once_the_network_is_quiet_the_bucket_knows_what_the_hosts_have_and_replay_equals_life() =>
        Histories.Sample(history =>
        {
            var world = new World();
            foreach (var (kind, host, value) in history)
                world.Do(kind, host, value);
            world.Quiet();
            foreach (var (name, host) in Names.Zip(world.Hosts))
            {
                Assert.Equal(
                    host.Layers.OrderBy(h => h.Layer.Value, StringComparer.Ordinal),
                    world.State.Layers.All.SelectMany(l => l.Copies.Where(c => c.Host == name)
                        .Select(c => new LayerHolding(l.Layer, c.Digest, c.Verified))));
            }
            Assert.Equal(Text(world.State), Text(world.Replayed));
        }, iter: 2000);

    private static string Text(LocationState state) => string.Join('\n',
        state.Layers.All.Select(l => $"{l.Layer} {string.Join(' ', l.Copies)}")
            .Concat(state.Hosts.Select(h => h.ToString())).Concat(state.Copies.Select(c => c.ToString())));

    private sealed class Host
    {
        public BucketAnnouncer Announcer { get; set; } = new(new Incarnation(1));

        public ImmutableHashSet<LayerHolding> Layers { get; set; } = [];

        public void Remove(int layer) => Layers = Layers.Except(Layers.Where(h => h.Layer == GivenFleet.Layer(layer)));
    }

    private sealed class World
    {
        private readonly List<(int Host, AnnouncementPart Part)> _toBucket = [];
        private readonly List<(int Host, LocationReply Reply)> _toHosts = [];
        private readonly List<LocationEvent> _journal = [];
        private AnnouncementAssembly _assembly = AnnouncementAssembly.Empty;

        public Host[] Hosts { get; } = [new(), new(), new()];

        public LocationState State { get; private set; } = LocationState.Empty;

        public LocationState Replayed => _journal.Aggregate(LocationState.Empty, (state, e) => state.Apply(e));

        public void Do(int kind, int index, int value)
        {
            var host = Hosts[index];
            switch (kind)
            {
                case 0 or 1:
                    host.Remove(value % 9);
                    host.Layers = host.Layers.Add(Holding(value % 9, value % 2, value % 3 > 0));
                    break;
                case 2:
                    host.Remove(value % 9);
                    break;
                case 3 or 4:
                    Send(index);
                    break;
                case 5 or 6 when _toBucket.Count > 0:
                    Deliver(value % _toBucket.Count, repeat: value % 4 == 0);
                    break;
                case 7 when _toHosts.Count > 0:
                    Answer(value % _toHosts.Count);
                    break;
                case 8 when _toBucket.Count > 0 && value % 2 == 0:
                    _toBucket.RemoveAt(value % _toBucket.Count);
                    break;
                case 8 when _toHosts.Count > 0:
                    _toHosts.RemoveAt(value % _toHosts.Count);
                    break;
                case 9 when value % 2 == 0:
                    host.Announcer = new BucketAnnouncer(new Incarnation(host.Announcer.Incarnation.Number + 1));
                    break;
                case 9:
                    (State, _assembly) = (Replayed, AnnouncementAssembly.Empty);
                    break;
                case 10 when value % 3 == 0:
                    Decide(new LocationCommands.NoteGone(Names[index], host.Announcer.Incarnation, At));
                    break;
                case 11:
                    Decide(new LocationCommands.BeginCopy(Layer(value % 9), Names[index], null, Lease, At));
                    break;
            }
        }

        public void Quiet()
        {
            for (var round = 0; round < 20; round++)
            {
                for (var index = 0; index < Hosts.Length; index++)
                {
                    if (Hosts[index].Announcer.Ended)
                        Do(9, index, 0);
                    Send(index, repeat: true);
                }
                while (_toBucket.Count > 0)
                    Deliver(0, repeat: false);
                while (_toHosts.Count > 0)
                    Answer(0);
            }
        }

        private void Send(int index, bool repeat = false)
        {
            var host = Hosts[index];
            host.Announcer = host.Announcer.Offer(host.Layers);
            if (repeat)
                host.Announcer = host.Announcer.Repeat();
            if (host.Announcer.UnderWay is not { } announcement)
                return;
            // In two parts, so that parts are lost and mixed up, too.
            var cut = announcement.Present.Length / 2;
            _toBucket.Add((index, new AnnouncementPart(
                announcement.Stamp, announcement.Whole, 0, 2, announcement.Present[..cut], announcement.Absent)));
            _toBucket.Add((index, new AnnouncementPart(
                announcement.Stamp, announcement.Whole, 1, 2, announcement.Present[cut..], [])));
        }

        private void Deliver(int at, bool repeat)
        {
            var (host, part) = _toBucket[at];
            if (!repeat)
                _toBucket.RemoveAt(at);
            (_assembly, var complete) = _assembly.Add(Names[host], part);
            if (complete is not null)
                _toHosts.Add((host, Decide(new LocationCommands.Announce(Names[host], complete, At))));
        }

        private void Answer(int at)
        {
            var (host, reply) = _toHosts[at];
            _toHosts.RemoveAt(at);
            Hosts[host].Announcer = Hosts[host].Announcer.Answered(reply);
        }

        private LocationReply Decide(LocationCommand command)
        {
            var decision = LocationDecider.Decide(State, command);
            _journal.AddRange(decision.Events);
            State = decision.Events.Aggregate(State, (state, e) => state.Apply(e));
            return decision.Reply;
        }
    }
}
