using System.Collections.Immutable;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Actors.Fleet.Spread;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Fleet.Orders;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;

namespace DmAgents.Actors.Tests.Fleet.Spread;

/// <summary>The driver is killed at this step.</summary>
internal sealed class KilledException : Exception;

/// <summary>
/// The entities of a fleet in memory, decided by the deciders that ship, with hosts that heed orders when the test says
/// so. Each question and each order is a step; before or after any of them the driver can be killed. One thread, one
/// clock.
/// </summary>
internal sealed class SteppedFleet : TimeProvider, IFleetEntities, IHostMail
{
    public static readonly ImageReference Image = new("app:1");
    public static readonly Digest Config = Digest.Of("config"u8);
    public static readonly PoolName Pool = new("fast");
    public static readonly PoolSpace Small = new(ByteSize.MiB(100), ByteSize.MiB(1));

    private static readonly PoolSpace Large = new(ByteSize.GiB(10), ByteSize.GiB(1));
    private readonly Dictionary<HostName, HostLedger> _ledgers = [];
    private readonly Dictionary<ChainId, ImmutableArray<LayerCopy>> _located = [];
    private readonly Dictionary<HostName, Stamp> _stamps = [];
    private readonly HashSet<HostName> _cut = [];

    public DateTimeOffset Now { get; private set; } = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public SpreadSettings Settings { get; } = new(TimeSpan.FromMinutes(10), _ => { });

    public ImageState State { get; private set; } = new(Image);

    public List<ImageEvent> Journal { get; } = [];

    public ContainerState Web { get; private set; } = new(new ContainerName("web"));

    private int WebEvents { get; set; }

    public DateTimeOffset? ReadySince { get; set; } = DateTimeOffset.MinValue;

    /// <summary>Hosts whose ledgers do not answer.</summary>
    public HashSet<HostName> Silent { get; } = [];

    /// <summary>Sent and not lost.</summary>
    public List<(HostName Host, HostOrder Order)> Orders { get; } = [];

    /// <summary>Steps of the round so far.</summary>
    public int Steps { get; private set; }

    /// <summary>The driver dies at this step; null: it lives.</summary>
    public int? KilledAt { get; set; }

    /// <summary>The step at which it dies is done: what is lost is the answer.</summary>
    public bool IsDone { get; set; }

    public IReadOnlyCollection<HostName> Reached => [.. _ledgers.Keys.Where(host => !_cut.Contains(host))];

    public override DateTimeOffset GetUtcNow() => Now;

    public override long GetTimestamp() => Now.UtcTicks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Wait(TimeSpan time) => Now += time;

    public HostLedger LedgerOf(HostName host) => _ledgers[host];

    public void Define(int copies) => Do(new ImageCommands.Define(
        NewRequest(), Config, [new(LayerOf(1), Small), new(LayerOf(2), Small)], copies, Replace: true, Now));

    public static ChainId LayerOf(int number) => new(Digest.Of([(byte)number]));

    public void SetCopies(int copies) => Do(new ImageCommands.SetCopies(NewRequest(), copies, Now));

    /// <summary>The host announces itself, and what it has of the image.</summary>
    public void Announce(HostName host, HoldingKind? holding = null, bool inUse = false, PoolSpace? free = null)
    {
        var stamp = _stamps[host] = _stamps.TryGetValue(host, out var last)
            ? last with { Sequence = last.Sequence + 1 } : new Stamp(new Incarnation(1), 1);
        Do(host, new HostCommands.Announce(stamp, new HostCapacity(
            [new PoolCapacity(Pool, Large, free ?? Large, Admits: true)], "1"), Now));
        if (holding is not null || State.Hosts.ContainsKey(host))
        {
            Do(new ImageCommands.Announce(
                host, stamp, holding is { } kind ? new ImageHolding(Config, kind, inUse) : null, Now));
        }
    }

    /// <summary>What the host was told when it asked whether its copy may go.</summary>
    public ImageReply AskToRelease(HostName host)
    {
        var stamp = _stamps[host] = _stamps[host] with { Sequence = _stamps[host].Sequence + 1 };
        return Do(new ImageCommands.Announce(
            host, stamp, new ImageHolding(Config, HoldingKind.Releasing, InUse: false), Now));
    }

    public void Has(HostName host, int layer) => _located[LayerOf(layer)] =
        [.. _located.GetValueOrDefault(LayerOf(layer), []), new LayerCopy(
            host, new ContentDigest(new byte[32]), verified: true, Now)];

    /// <summary>The cluster has given the host up.</summary>
    public void Lose(HostName host)
    {
        _cut.Add(host);
        Do(host, new HostCommands.NoteGone(_stamps[host].Incarnation, HostAbsence.Lost, Now));
    }

    /// <summary>The host is back, as another member.</summary>
    public void Return(HostName host, HoldingKind holding)
    {
        _cut.Remove(host);
        _stamps[host] = new Stamp(new Incarnation(_stamps[host].Incarnation.Number + 1), 0);
        Announce(host, holding);
    }

    /// <summary>Rounds as the driver makes them: until nothing changes the image any more.</summary>
    public async Task Drive()
    {
        for (var rounds = 0; ; rounds++)
        {
            Assert.True(rounds < 50, "the driver never rests");
            var before = Journal.Count + WebEvents;
            await Round();
            if (Journal.Count + WebEvents == before)
                return;
        }
    }

    /// <summary>A round of a driver that knows nothing but the journal.</summary>
    public async Task Round()
    {
        Steps = 0;
        var ledgers = new KnownLedgers(this, this);
        await RoundOfImage(ledgers);
        await new ContainerRound(this, this, ledgers, this).RunAsync(Web, default);
    }

    public Task RoundOfImage() => RoundOfImage(new KnownLedgers(this, this));

    private Task RoundOfImage(KnownLedgers ledgers) => new ImageRound(this, this, ledgers, Settings, this).RunAsync(
        Journal.Aggregate(new ImageState(Image), (state, e) => state.Apply(e)), default);

    public void Send(HostName host, HostOrder order) => Step(() =>
    {
        Orders.Add((host, order));
        return order;
    });

    public Task<EntityAnswer<LocationReply>> Ask(
        LayerBucket bucket, LocationCommand command, CancellationToken cancellation) => Answer<LocationReply>(() =>
            new LocationReplies.Located(
                ((LocationCommands.Locate)command).Layer,
                _located.GetValueOrDefault(((LocationCommands.Locate)command).Layer, []), []));

    public Task<EntityAnswer<HostReply>> Ask(
        HostName host, HostCommand command, CancellationToken cancellation) => Answer(() => Do(host, command));

    public Task<EntityAnswer<HostLedger>> Show(HostName host, CancellationToken cancellation) =>
        Silent.Contains(host)
            ? Task.FromResult(new EntityAnswer<HostLedger>(null, new Refusal(
                RefusalKind.TimedOut, "cannot read ledger", host.Value, "no answer", "try again")))
            : Answer(() => _ledgers.GetValueOrDefault(host, new HostLedger(host)));

    public Task<EntityAnswer<ImageReply>> Ask(
        ImageReference image, ImageCommand command, CancellationToken cancellation) => Answer(() => Do(command));

    public Task<EntityAnswer<ImageState>> Show(ImageReference image, CancellationToken cancellation) =>
        Answer(() => State);

    public Task<EntityAnswer<ContainerReply>> Ask(
        ContainerName container, ContainerCommand command, CancellationToken cancellation) =>
        Answer(() => Do(command));

    public Task<EntityAnswer<ContainerState>> Show(ContainerName container, CancellationToken cancellation) =>
        Answer(() => Web);

    public ImageReply Do(ImageCommand command)
    {
        var decision = ImageDecider.Decide(State, command);
        foreach (var e in decision.Events)
        {
            State = State.Apply(e);
            Journal.Add(e);
        }
        return decision.Reply;
    }

    public ContainerReply Do(ContainerCommand command)
    {
        var decision = ContainerDecider.Decide(Web, command);
        Web = decision.Events.Aggregate(Web, (state, e) => state.Apply(e));
        WebEvents += decision.Events.Length;
        return decision.Reply;
    }

    /// <summary>As an operator asks for it, on any host.</summary>
    public ContainerReply Create(HostName? host = null) => Do(new ContainerCommands.Create(
        NewRequest(), Image, host, State.Lineage,
        ImageCare.Offers(State, _ledgers.Values.Where(ledger => Reached.Contains(ledger.Host)), [], Now), Now));

    /// <summary>The host says what it has of this name.</summary>
    public ContainerReply Say(HostName host, ContainerEpoch? epoch)
    {
        var stamp = _stamps[host] = _stamps[host] with { Sequence = _stamps[host].Sequence + 1 };
        return Do(new ContainerCommands.Announce(host, stamp, epoch, Now));
    }

    public HostReply Do(HostName host, HostCommand command)
    {
        var ledger = _ledgers.GetValueOrDefault(host, new HostLedger(host));
        var decision = HostLedgerDecider.Decide(ledger, command);
        _ledgers[host] = decision.Events.Aggregate(ledger, (state, e) => state.Apply(e));
        return decision.Reply;
    }

    private static RequestId NewRequest() => new(Guid.NewGuid());

    private Task<EntityAnswer<T>> Answer<T>(Func<T> answer)
        where T : class
    {
        try
        {
            return Task.FromResult(new EntityAnswer<T>(Step(answer), null));
        }
        catch (KilledException killed)
        {
            return Task.FromException<EntityAnswer<T>>(killed);
        }
    }

    private T Step<T>(Func<T> step)
    {
        var isKilled = ++Steps == KilledAt;
        if (isKilled && !IsDone)
            throw new KilledException();
        var done = step();
        return isKilled ? throw new KilledException() : done;
    }
}
