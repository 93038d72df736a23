using System.Collections.Immutable;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using static DmAgents.Domain.Tests.Fleet.GivenFleet;

namespace DmAgents.Domain.Tests.Fleet.Simulation;

/// <summary>
/// Three hosts, an image, a container and the hosts' ledgers on a virtual network under one clock. The entities are the
/// ones that ship; what is here is what actors will do: deliver, repeat, and ask the entities once a second what is to
/// be done.
/// </summary>
internal sealed class VirtualFleet
{
    public static readonly ImageReference Reference = new("app:1");

    public static readonly Digest Config = Digest.Of("config"u8);

    private static readonly ImagePolicy Policy =
        new(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1));

    private static readonly PoolSpace LayerSpace = new(ByteSize.MiB(100), ByteSize.KiB(100));

    private static readonly ImmutableArray<LineageLayer> Lineage =
        [new(Layer(1), LayerSpace), new(Layer(2), LayerSpace)];

    private readonly Dice _dice;
    private readonly Dictionary<HostName, VirtualEntity<HostLedger, HostLedgerEvent>> _ledgers = [];
    private readonly Dictionary<HostName, long> _unreachableSince = [];
    private readonly HashSet<(HostName Host, ulong Incarnation)> _lost = [];

    public VirtualFleet(ulong seed)
    {
        _dice = new Dice(seed);
        Network = new VirtualNetwork(_dice);
        foreach (var host in Hosts)
        {
            _ledgers[host.Name] = new VirtualEntity<HostLedger, HostLedgerEvent>(
                new HostLedger(host.Name), (state, e) => state.Apply(e));
        }
        Hosts[0].HasImage = true;
        ToImage("operator", new ImageCommands.Define(NewRequest(), Config, Lineage, Copies: 2, Replace: true, Clock));
    }

    public VirtualNetwork Network { get; }

    public VirtualHost[] Hosts { get; } = [new(A), new(B), new(C)];

    public VirtualEntity<ImageState, ImageEvent> Image { get; } =
        new(new ImageState(Reference), (state, e) => state.Apply(e));

    public VirtualEntity<ContainerState, ContainerEvent> Container { get; } =
        new(new ContainerState(new ContainerName("web")), (state, e) => state.Apply(e));

    /// <summary>Which hosts have ever made the container under an epoch.</summary>
    public Dictionary<ContainerEpoch, HashSet<HostName>> Makers { get; } = [];

    private DateTimeOffset Clock => At + TimeSpan.FromMilliseconds(Network.Now);

    private int _requests;

    public RequestId NewRequest() => new(new Guid(++_requests, 0, 0, new byte[8]));

    public void Run(int seconds)
    {
        for (; seconds > 0; seconds--)
        {
            foreach (var host in Hosts)
                Turn(host);
            TurnOfMembership();
            TurnOfEntities(instance: 0);
            if (_dice.Chance(30))
                TurnOfEntities(instance: 1);
            Network.RunUntil(Network.Now + 1000, Deliver);
        }
    }

    public void SetCopies(int copies) =>
        Network.Send("operator", "image", new ImageCommands.SetCopies(NewRequest(), copies, Clock));

    public void CreateContainer(HostName? host) =>
        Network.Send("operator", "container", new ContainerCommands.Create(
            NewRequest(), Reference, host, Lineage, Offers(), Clock));

    public void RemoveContainer() =>
        Network.Send("operator", "container", new ContainerCommands.Remove(NewRequest(), Clock));

    /// <summary>An operator wants the host to let its copy go.</summary>
    public void Drop(VirtualHost host)
    {
        if (host is { IsDown: false, HasImage: true, Container: null, Asks: null })
            host.Ask(HoldingKind.Dropping, Network.Now);
    }

    private void Turn(VirtualHost host)
    {
        if (host.IsDown)
            return;
        if (host.Copying is { } copying && copying.Done <= Network.Now)
        {
            host.Copying = null;
            if (Hosts.Any(other => other != host && other is { IsDown: false, HasImage: true }
                && !Network.IsCut(other.Name.Value) && !Network.IsCut(host.Name.Value)))
                host.HasImage = true;
            else
            {
                Send(host, "image", new ImageCommands.NoteFailure(
                    copying.Id.Number, "no source", Policy.RetryAfter, Clock));
            }
        }
        if (host.Asks is not null && Network.Now - host.AskedAt > 15_000)
            host.Asks = null;
        if (host.Copying is { } goesOn)
            Send(host, "image", new ImageCommands.NoteProgress(goesOn.Id.Number, Policy.CopyLease, Clock));
        var holding = host.Holding(Config);
        Send(host, "image", new ImageCommands.Announce(host.Name, host.StampOf("image", holding), holding, Clock));
        Send(host, "container", new ContainerCommands.Announce(
            host.Name, host.StampOf("container", host.Container), host.Container, Clock));
        var used = host.HasImage ? ByteSize.MiB(200) : ByteSize.Zero;
        var capacity = new HostCapacity(
            [
                new PoolCapacity(
                    new PoolName("pool"), new PoolSpace(ByteSize.GiB(2), ByteSize.MiB(8)),
                    new PoolSpace(ByteSize.GiB(2) - used, ByteSize.MiB(7)), Admits: true),
            ],
            "1");
        Send(host, Ledger(host.Name), new HostCommands.Announce(host.StampOf("ledger", capacity), capacity, Clock));
    }

    /// <summary>Gives up hosts that are unreachable for 20 s, and repeats it.</summary>
    private void TurnOfMembership()
    {
        foreach (var host in Hosts)
        {
            if (!host.IsDown && !Network.IsCut(host.Name.Value))
                _unreachableSince.Remove(host.Name);
            else if (_unreachableSince.TryAdd(host.Name, Network.Now) is false
                && Network.Now - _unreachableSince[host.Name] > 20_000)
                _lost.Add((host.Name, host.Incarnation));
        }
        foreach (var (host, number) in _lost.OrderBy(lost => lost.Host.Value, StringComparer.Ordinal))
        {
            var incarnation = new Incarnation(number);
            Network.Send("members", "image", new ImageCommands.NoteGone(host, incarnation, HostAbsence.Lost, Clock));
            Network.Send(
                "members", "container", new ContainerCommands.NoteGone(host, incarnation, HostAbsence.Lost, Clock));
            Network.Send("members", Ledger(host), new HostCommands.NoteGone(incarnation, HostAbsence.Lost, Clock));
        }
    }

    private void TurnOfEntities(int instance)
    {
        var considered = ImageDecider.Decide(
            Image.StateOf(instance), new ImageCommands.Consider(Offers(), Policy, Clock));
        CommitImage(instance, considered.Events);
        foreach (var work in ImageWork.Of(Image.StateOf(instance)))
        {
            var (to, message) = work switch
            {
                ImageWork.Promise w => (Ledger(w.Host), (object)new HostCommands.Promise(
                    w.Id, w.Incarnation, w.Space, Policy.CopyLease, Clock)),
                ImageWork.Copy w => (w.Host.Value, w),
                ImageWork.Release w => (w.Host.Value, w),
                _ => throw new InvalidOperationException($"{work}"),
            };
            Network.Send("image", to, message);
        }
        var gone = ImageCare.UncertainPins(Image.StateOf(instance)).Where(pin =>
            !ContainerCare.NeedsImage(Container.Latest, pin.Host, pin.For!.Epoch)).ToList();
        foreach (var pin in gone)
            Network.Send("members", "image", new ImageCommands.ReleasePins(pin.For!, Clock));
        foreach (var work in ContainerWork.Of(Container.StateOf(instance)))
        {
            var (to, message) = work switch
            {
                ContainerWork.BringImage w => ("image", (object)new ImageCommands.Pin(
                    PinOf(w.Epoch), w.Host, Clock, new PinOwner(Container.StateOf(instance).Name, w.Epoch))),
                ContainerWork.ReleaseImage w => ("image", new ImageCommands.ReleasePins(
                    new PinOwner(w.Name, w.Epoch), Clock)),
                ContainerWork.Create w => (w.Host.Value, w),
                ContainerWork.Remove w => (w.Host.Value, w),
                ContainerWork.Fence w => (w.Host.Value, w),
                _ => throw new InvalidOperationException($"{work}"),
            };
            Network.Send("container", to, message);
        }
    }

    private void Deliver(string from, string to, object message)
    {
        if (Hosts.FirstOrDefault(host => host.Name.Value == to) is { } host)
        {
            if (!host.IsDown)
                ToHost(host, message);
        }
        else if (to == "image")
        {
            ToImage(from, message);
        }
        else if (to == "container")
        {
            ToContainer(from, message);
        }
        else if (message is HostCommand command)
        {
            var ledger = _ledgers[new HostName(to["ledger-".Length..])];
            var instance = Instance();
            var decision = HostLedgerDecider.Decide(ledger.StateOf(instance), command);
            if (ledger.Commit(instance, decision.Events))
                Network.Send(to, from, decision.Reply);
        }
    }

    private void ToImage(string from, object message)
    {
        ImageCommand? command = message switch
        {
            ImageCommand c => c,
            HostReplies.Kept kept => new ImageCommands.NotePromise(
                kept.Promise.Copy.Number, kept.Promise.Pool, Policy.CopyLease, Clock),
            HostReplies.Refused refused => new ImageCommands.NoteFailure(
                refused.Copy.Number, refused.Refusal.Why, Policy.RetryAfter, Clock),
            _ => null,
        };
        if (command is null)
            return;
        var instance = Instance();
        // The time of a command is the time at which it is decided.
        var decision = ImageDecider.Decide(Image.StateOf(instance), command with { At = Clock });
        if (CommitImage(instance, decision.Events))
            Network.Send("image", from, decision.Reply);
    }

    private bool CommitImage(int instance, ImmutableArray<ImageEvent> events)
    {
        var state = Image.StateOf(instance);
        if (!Image.Commit(instance, events))
            return false;
        foreach (var e in events)
        {
            state = state.Apply(e);
            if (e is ImageEvents.CopyPlanned planned)
                Check(state, planned);
        }
        return true;
    }

    /// <summary>A decision to copy never exceeds the wanted number, and never names a host twice.</summary>
    private void Check(ImageState state, ImageEvents.CopyPlanned planned)
    {
        Network.Note($"copy {planned.Copy} to {planned.Target}: {planned.Why}");
        Assert.False(state.Holds(planned.Target));
        Assert.Single(state.Copies.Values, copy => copy.Target == planned.Target);
        var counted = state.Holders.Concat(state.Awaited(Policy.RestoreAfter, Clock))
            .Concat(state.Copies.Values.Select(copy => copy.Target)).Distinct().Count();
        if (!state.Pinned.Contains(planned.Target))
            Assert.InRange(counted, 0, state.Wanted);
    }

    private void ToContainer(string from, object message)
    {
        ContainerCommand? command = message switch
        {
            ContainerCommand c => c,
            ImageReplies.Pinned { Holds: true } pinned => new ContainerCommands.NoteImage(
                pinned.Host, EpochOf(pinned.Request), Clock),
            ImageReplies.PinsReleased { Of: var of } => new ContainerCommands.NoteImageReleased(of.Epoch, Clock),
            _ => null,
        };
        if (command is null)
            return;
        var instance = Instance();
        var decision = ContainerDecider.Decide(Container.StateOf(instance), command with { At = Clock });
        if (Container.Commit(instance, decision.Events))
            Network.Send("container", from, decision.Reply);
    }

    private void ToHost(VirtualHost host, object message)
    {
        switch (message)
        {
            case ImageReplies.Ended { Stamp: var stamp }:
                BeginAnew(host, stamp);
                break;
            case ContainerReplies.Ended { Stamp: var stamp }:
                BeginAnew(host, stamp);
                break;
            case HostReplies.Ended { Stamp: var stamp }:
                BeginAnew(host, stamp);
                break;
            case ImageWork.Copy order when order.Incarnation.Number == host.Incarnation && !host.HasImage
                && order.Id.Number > host.LastCopy:
                host.LastCopy = order.Id.Number;
                host.Copying = (order.Id, Network.Now + 3000 + _dice.Below(5000));
                break;
            case ImageWork.Release when host is { HasImage: true, Container: null, Asks: null }:
                host.Ask(HoldingKind.Releasing, Network.Now);
                break;
            case ImageReplies.MayDrop { Stamp: var stamp } when host.Asks is not null && host.IsLatest("image", stamp):
                Network.Note($"{host.Name} drops");
                (host.HasImage, host.Asks) = (false, null);
                Assert.Contains(Hosts, other => other.HasImage);
                break;
            case ImageReplies.MustKeep { Stamp: var stamp } when host.IsLatest("image", stamp):
                host.Asks = null;
                break;
            case ContainerWork.Create order when order.Epoch > host.LastEpoch:
                Make(host, order);
                break;
            case ContainerWork.Remove order:
                host.LastEpoch = host.LastEpoch > order.Epoch ? host.LastEpoch : order.Epoch;
                if (host.Container <= order.Epoch)
                    host.Container = null;
                Send(host, "container", new ContainerCommands.NoteRemoved(host.Name, order.Epoch, Clock));
                break;
            case ContainerWork.Fence order when host.Container == order.Epoch:
                host.Container = null;
                break;
            // It may have made another since it said so.
            case ContainerReplies.Fenced { Stamp: var stamp }
                when host.StampOf("container", host.Container) == stamp:
                host.Container = null;
                break;
        }
    }

    private void Make(VirtualHost host, ContainerWork.Create order)
    {
        if (!host.HasImage)
        {
            Send(host, "container", new ContainerCommands.NoteFailure(host.Name, order.Epoch, "no image", Clock));
            return;
        }
        (host.Container, host.LastEpoch, host.Asks) = (order.Epoch, order.Epoch, null);
        if (!Makers.TryGetValue(order.Epoch, out var makers))
            Makers[order.Epoch] = makers = [];
        makers.Add(host.Name);
        Network.Note($"{host.Name} makes the container under {order.Epoch}");
    }

    private void BeginAnew(VirtualHost host, Stamp stamp)
    {
        if (stamp.Incarnation.Number != host.Incarnation)
            return;
        host.BeginAnew();
        Network.Note($"{host.Name} begins anew as {host.Incarnation}");
    }

    private ImmutableArray<HostOffer> Offers() =>
    [
        .. Hosts.Where(host => _ledgers[host.Name].Latest.Offer(Clock) is not null)
            .Select(host => _ledgers[host.Name].Latest.Offer(Clock)! with { HeldLayers = host.HasImage ? 2 : 0 }),
    ];

    private int Instance() => _dice.Chance(80) ? 0 : 1;

    private void Send(VirtualHost host, string to, object message) => Network.Send(host.Name.Value, to, message);

    private static string Ledger(HostName host) => $"ledger-{host}";

    private static RequestId PinOf(ContainerEpoch epoch) => new(new Guid((int)epoch.Number, 1, 0, new byte[8]));

    private static ContainerEpoch EpochOf(RequestId pin) => new(BitConverter.ToUInt32(pin.Value.ToByteArray()));
}
