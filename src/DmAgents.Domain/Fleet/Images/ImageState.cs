using System.Collections.Immutable;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Fleet.Images;

/// <summary>The truth about an image of the fleet, by its journal. Immutable; only <see cref="Apply"/> changes
/// it.</summary>
public sealed record ImageState(ImageReference Reference)
{
    /// <summary>The number of recorded decisions, which an operator can query.</summary>
    public const int MaxDecisions = 8;

    /// <summary>The number of remembered requests. A late repeat then does not take effect again.</summary>
    public const int MaxRequests = 32;

    /// <summary>Null: the fleet does not know the image yet.</summary>
    public Digest? Config { get; private init; }

    public ImmutableArray<LineageLayer> Lineage { get; private init; } = [];

    /// <summary>How many hosts should have the whole image.</summary>
    public int Wanted { get; private init; }

    public ImmutableSortedDictionary<HostName, ImageHost> Hosts { get; private init; } =
        ImmutableSortedDictionary.Create<HostName, ImageHost>(HostNameOrder.Instance);

    /// <summary>Copies under way, by number.</summary>
    public ImmutableSortedDictionary<ulong, ImageCopy> Copies { get; private init; } =
        ImmutableSortedDictionary<ulong, ImageCopy>.Empty;

    /// <summary>The number of the last decided copy.</summary>
    public ulong LastCopy { get; private init; }

    /// <summary>The pins, each once, in the order of the requests.</summary>
    public ImmutableArray<ImagePin> Pins { get; private init; } = [];

    /// <summary>Hosts that must get and keep a copy.</summary>
    public ImmutableSortedSet<HostName> Pinned { get; private init; } =
        ImmutableSortedSet.Create<HostName>(HostNameOrder.Instance);

    /// <summary>Hosts that must drop their copy.</summary>
    public ImmutableSortedSet<HostName> Releasing { get; private init; } =
        ImmutableSortedSet.Create<HostName>(HostNameOrder.Instance);

    public ImmutableSortedDictionary<HostName, CopyTrouble> Troubles { get; private init; } =
        ImmutableSortedDictionary.Create<HostName, CopyTrouble>(HostNameOrder.Instance);

    /// <summary>The latest decisions, the oldest first.</summary>
    public ImmutableArray<PlacementRecord> Decisions { get; private init; } = [];

    public ImmutableArray<RequestId> Requests { get; private init; } = [];

    public bool IsKnown => Config is not null;

    /// <summary>The host is present, has the whole image, verified, and wants to keep it.</summary>
    public bool Holds(HostName host) =>
        Hosts.GetValueOrDefault(host) is { Hearing.Gone: false, Holding: { Kind: HoldingKind.Whole } holding }
        && holding.Config == Config;

    public IEnumerable<HostName> Holders => Hosts.Keys.Where(Holds);

    /// <summary>Lost hosts whose copy still counts: they may come back.</summary>
    public IEnumerable<HostName> Awaited(TimeSpan restoreAfter, DateTimeOffset at) =>
        Hosts.Where(host => host.Value is { LostSince: { } since, Holding: { Kind: HoldingKind.Whole } holding }
            && holding.Config == Config && at - since < restoreAfter).Select(host => host.Key);

    public ImageCopy? CopyTo(HostName host) => Copies.Values.FirstOrDefault(copy => copy.Target == host);

    public PoolSpace Space => Lineage.Aggregate(default(PoolSpace), (sum, layer) => sum + layer.Space);

    /// <summary>Restores a stored state.</summary>
    public ImageState Restored(
        (Digest? Config, ImmutableArray<LineageLayer> Lineage, int Wanted, ulong LastCopy) image,
        IEnumerable<KeyValuePair<HostName, ImageHost>> hosts, IEnumerable<ImageCopy> copies,
        ImmutableArray<ImagePin> pins, IEnumerable<HostName> releasing,
        IEnumerable<KeyValuePair<HostName, CopyTrouble>> troubles, ImmutableArray<PlacementRecord> decisions,
        ImmutableArray<RequestId> requests) => this with
        {
            Config = image.Config,
            Lineage = image.Lineage,
            Wanted = image.Wanted,
            LastCopy = image.LastCopy,
            Hosts = Hosts.Clear().AddRange(hosts),
            Copies = copies.ToImmutableSortedDictionary(copy => copy.Id.Number, copy => copy),
            Pins = pins,
            Pinned = Pinned.Clear().Union(pins.Select(pin => pin.Host)),
            Releasing = Releasing.Clear().Union(releasing),
            Troubles = Troubles.Clear().AddRange(troubles),
            Decisions = decisions,
            Requests = requests,
        };

    /// <exception cref="InvalidOperationException">An event of an unknown kind.</exception>
    public ImageState Apply(ImageEvent e) => e switch
    {
        ImageEvents.Defined defined => With(defined.Request) with
        {
            Config = defined.Config,
            Lineage = defined.Lineage,
            Wanted = defined.Copies,
            // What fails for one image may succeed for another.
            Troubles = Troubles.Clear(),
        },
        ImageEvents.CopiesSet set => With(set.Request) with { Wanted = set.Copies },
        ImageEvents.Pinned pinned => With(pinned.Request).With(Pins.Add(new ImagePin(pinned.Host, pinned.For))),
        ImageEvents.Unpinned unpinned => With(unpinned.Request).With(
            Pins.Remove(new ImagePin(unpinned.Host, For: null))),
        ImageEvents.PinReleased released => With(Pins.Remove(new ImagePin(released.Host, released.Of))),
        ImageEvents.HoldingChanged changed => this with
        {
            Hosts = Hosts.SetItem(changed.Host, new ImageHost(
                new HostHearing(changed.Stamp, Gone: false), changed.Holding, LostSince: null)),
        },
        ImageEvents.HostGone gone => this with
        {
            Hosts = Hosts.SetItem(gone.Host, Gone(Hosts.GetValueOrDefault(gone.Host), gone)),
            Releasing = Releasing.Remove(gone.Host),
        },
        ImageEvents.CopyPlanned planned => With(new PlacementRecord(
            planned.At, planned.Target, planned.Why, planned.Candidates)) with
        {
            LastCopy = planned.Copy,
            Copies = Copies.Add(planned.Copy, new ImageCopy(
                new CopyId(Reference, planned.Copy), planned.Target, planned.Incarnation, CopyPhase.Planned,
                Pool: null, planned.Space, planned.Until)),
        },
        ImageEvents.NoHostFits none => With(new PlacementRecord(none.At, Chosen: null, none.Why, none.Candidates)),
        ImageEvents.CopyStarted started => this with
        {
            Copies = Copies.SetItem(started.Copy, Copies[started.Copy] with
            {
                Phase = CopyPhase.Started, Pool = started.Pool, Until = started.Until,
            }),
        },
        ImageEvents.CopyRenewed renewed => this with
        {
            Copies = Copies.SetItem(renewed.Copy, Copies[renewed.Copy] with { Until = renewed.Until }),
        },
        ImageEvents.CopyEnded ended => this with
        {
            Copies = Copies.Remove(ended.Copy),
            Troubles = ended.Rest is { } rest
                ? Troubles.SetItem(Copies[ended.Copy].Target, new CopyTrouble(
                    FailuresAt(Copies[ended.Copy].Target) + 1, rest, ended.Why))
                : ended.End == CopyEnd.Done ? Troubles.Remove(Copies[ended.Copy].Target) : Troubles,
        },
        ImageEvents.ReleaseOrdered ordered => this with { Releasing = Releasing.Add(ordered.Host) },
        ImageEvents.ReleaseWithdrawn withdrawn => this with { Releasing = Releasing.Remove(withdrawn.Host) },
        // The host's copy has not counted since it asked.
        ImageEvents.DropAllowed => this,
        _ => throw new InvalidOperationException($"an event of no known kind: {e}"),
    };

    public int FailuresAt(HostName host) => Troubles.GetValueOrDefault(host)?.Failures ?? 0;

    private static ImageHost Gone(ImageHost? known, ImageEvents.HostGone gone) => new(
        HostHearing.AfterGone(known?.Hearing, gone.Incarnation) ?? known!.Hearing,
        // A host that left takes its copies with it; a lost host may bring them back.
        gone.Absence == HostAbsence.Left ? null : known?.Holding,
        gone.Absence == HostAbsence.Left ? null : known?.LostSince ?? gone.At);

    private ImageState With(RequestId request) => this with
    {
        Requests = Requests.Length < MaxRequests ? Requests.Add(request) : Requests.RemoveAt(0).Add(request),
    };

    private ImageState With(ImmutableArray<ImagePin> pins) => this with
    {
        Pins = pins, Pinned = Pinned.Clear().Union(pins.Select(pin => pin.Host)),
    };

    private ImageState With(PlacementRecord decision) => this with
    {
        Decisions = Decisions.Length < MaxDecisions ? Decisions.Add(decision) : Decisions.RemoveAt(0).Add(decision),
    };
}
