using System.Collections.Immutable;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Fleet.Containers;

/// <summary>The phase of a container of the fleet.</summary>
public enum ContainerPhase
{
    /// <summary>There is no container: never created, failed, or removed.</summary>
    None,

    /// <summary>The host is chosen, and does not have the image.</summary>
    BringingImage,

    /// <summary>The host must create it.</summary>
    Creating,

    /// <summary>Its host has it.</summary>
    Owned,

    /// <summary>Its host had it, and no longer has it.</summary>
    Vanished,

    /// <summary>Its host must remove it.</summary>
    Removing,
}

/// <summary>A container entity's knowledge of a host.</summary>
/// <param name="Epoch">The epoch of the container on the host; null: the host does not have it.</param>
public sealed record ContainerHost(HostHearing Hearing, ContainerEpoch? Epoch);

/// <summary>A decided request.</summary>
/// <param name="Epoch">The epoch of the container that it created or removes, and not of a later one with the same
/// name.</param>
public sealed record ContainerRequest(RequestId Id, ContainerEpoch Epoch);

/// <summary>The truth about a container of the fleet, by its journal. Immutable; only <see cref="Apply"/> changes
/// it.</summary>
public sealed record ContainerState(ContainerName Name)
{
    /// <summary>The number of remembered requests. A late repeat then neither creates nor removes a later container of
    /// the same name.</summary>
    public const int MaxRequests = 32;

    public ContainerPhase Phase { get; private init; }

    /// <summary>The latest epoch given to any host. A container that is created again gets a higher one.</summary>
    public ContainerEpoch Epoch { get; private init; }

    /// <summary>The host of that epoch; null: none.</summary>
    public HostName? Host { get; private init; }

    /// <summary>An operator named the host.</summary>
    public bool Chosen { get; private init; }

    /// <summary>Null: unknown, because a host created the container itself.</summary>
    public ImageReference? Image { get; private init; }

    /// <summary>The image was asked to keep a copy on a host for it.</summary>
    public bool HasPin { get; private init; }

    /// <summary>The container is gone, and the image may still keep a copy for it.</summary>
    public bool ReleasesImage =>
        HasPin && Image is not null && Phase is (ContainerPhase.None or ContainerPhase.Vanished);

    /// <summary>The request that created it; null: not a request of the fleet.</summary>
    public RequestId? MadeBy { get; private init; }

    /// <summary>The latest requests, the oldest first, each once.</summary>
    public ImmutableArray<ContainerRequest> Requests { get; private init; } = [];

    /// <summary>The weighed hosts, the best first.</summary>
    public ImmutableArray<Candidate> Candidates { get; private init; } = [];

    /// <summary>The reason for the present phase, for people.</summary>
    public string Why { get; private init; } = "";

    public ImmutableSortedDictionary<HostName, ContainerHost> Hosts { get; private init; } =
        ImmutableSortedDictionary.Create<HostName, ContainerHost>(HostNameOrder.Instance);

    /// <summary>Hosts that got an epoch in this placement and did not create it.</summary>
    public ImmutableSortedSet<HostName> Tried { get; private init; } =
        ImmutableSortedSet.Create<HostName>(HostNameOrder.Instance);

    /// <summary>The host has a fenced container: its epoch has ended.</summary>
    public bool IsFenced(HostName host) =>
        Hosts.GetValueOrDefault(host) is { Epoch: { Number: > 0 } epoch } && (epoch != Epoch || Host != host)
        && epoch <= Epoch;

    /// <summary>Restores a stored state.</summary>
    public ContainerState Restored(
        (ContainerPhase Phase, ContainerEpoch Epoch, HostName? Host, bool Chosen, string Why) now,
        (ImageReference? Image, bool HasPin, RequestId? MadeBy, ImmutableArray<Candidate> Candidates) made,
        IEnumerable<HostName> tried, IEnumerable<KeyValuePair<HostName, ContainerHost>> hosts,
        ImmutableArray<ContainerRequest> requests) => this with
        {
            Phase = now.Phase,
            Epoch = now.Epoch,
            Host = now.Host,
            Chosen = now.Chosen,
            Why = now.Why,
            Image = made.Image,
            HasPin = made.HasPin,
            MadeBy = made.MadeBy,
            Candidates = made.Candidates,
            Tried = Tried.Clear().Union(tried),
            Hosts = Hosts.Clear().AddRange(hosts),
            Requests = requests,
        };

    /// <exception cref="InvalidOperationException">An event of an unknown kind.</exception>
    public ContainerState Apply(ContainerEvent e) => e switch
    {
        ContainerEvents.Placed placed => With(placed.Request, placed.Epoch) with
        {
            Phase = placed.HasImage ? ContainerPhase.Creating : ContainerPhase.BringingImage,
            Epoch = placed.Epoch,
            Host = placed.Host,
            Chosen = placed.Chosen,
            Image = placed.Image,
            HasPin = HasPin || !placed.HasImage,
            // Another request starts again with all hosts; the same one continues.
            Tried = MadeBy == placed.Request && Host is { } failed ? Tried.Add(failed) : Tried.Clear(),
            MadeBy = placed.Request,
            Candidates = placed.Candidates,
            Why = placed.Why,
        },
        ContainerEvents.ImageArrived => this with { Phase = ContainerPhase.Creating },
        ContainerEvents.ImageReleased => this with { HasPin = false },
        ContainerEvents.Owned owned => Of(owned.Epoch) with
        {
            Phase = ContainerPhase.Owned, Epoch = owned.Epoch, Host = owned.Host, Why = "",
        },
        ContainerEvents.HostHeard heard => this with
        {
            Hosts = Hosts.SetItem(
                heard.Host, new ContainerHost(new HostHearing(heard.Stamp, Gone: false), heard.Epoch)),
        },
        ContainerEvents.HostGone gone => this with
        {
            Hosts = Hosts.SetItem(gone.Host, new ContainerHost(
                HostHearing.AfterGone(Hosts.GetValueOrDefault(gone.Host)?.Hearing, gone.Incarnation)
                    ?? Hosts[gone.Host].Hearing,
                Hosts.GetValueOrDefault(gone.Host)?.Epoch)),
        },
        ContainerEvents.CreationFailed failed => this with
        {
            Phase = ContainerPhase.None, Host = null, Why = failed.Why,
        },
        ContainerEvents.Vanished => this with { Phase = ContainerPhase.Vanished, Why = "its host lost it" },
        ContainerEvents.RemovalIntended intended => With(intended.Request, Epoch) with
        {
            Phase = ContainerPhase.Removing, Why = "",
        },
        ContainerEvents.RemovalFailed failed => this with { Why = failed.Why },
        ContainerEvents.Removed => this with { Phase = ContainerPhase.None, Host = null, Why = "it was removed" },
        _ => throw new InvalidOperationException($"an event of no known kind: {e}"),
    };

    /// <summary>The request, if it is remembered.</summary>
    public ContainerRequest? Find(RequestId request) => Requests.FirstOrDefault(known => known.Id == request);

    /// <summary>If the epoch differs it is another container, which no request of this entity created.</summary>
    private ContainerState Of(ContainerEpoch epoch) => epoch == Epoch
        ? this
        : this with
        {
            MadeBy = null, Image = null, Chosen = false, Candidates = [], Tried = Tried.Clear(),
        };

    private ContainerState With(RequestId request, ContainerEpoch epoch)
    {
        var others = Requests.RemoveAll(known => known.Id == request);
        return this with
        {
            Requests = (others.Length < MaxRequests ? others : others.RemoveAt(0))
                .Add(new ContainerRequest(request, epoch)),
        };
    }
}

/// <summary>
/// A container entity's present work for others. It follows from the state alone. Each order names its epoch, so it may
/// be repeated, late or duplicated without harm.
/// </summary>
public abstract record ContainerWork
{
    private ContainerWork()
    {
    }

    /// <summary>To the image's entity: give the host a copy, and report when it has one (<see
    /// cref="ContainerCommands.NoteImage"/>).</summary>
    public sealed record BringImage(ImageReference Image, HostName Host, ContainerEpoch Epoch) : ContainerWork;

    /// <summary>To the image's entity: the container no longer needs a copy.</summary>
    public sealed record ReleaseImage(ImageReference Image, ContainerName Name, ContainerEpoch Epoch) : ContainerWork;

    /// <summary>To the host, which obeys only an epoch above all that it knows for the name.</summary>
    public sealed record Create(ContainerName Name, ImageReference Image, HostName Host, ContainerEpoch Epoch)
        : ContainerWork;

    /// <summary>To the host: it removes the container of this epoch or a lower one, and never creates one of these
    /// again.</summary>
    public sealed record Remove(ContainerName Name, HostName Host, ContainerEpoch Epoch) : ContainerWork;

    /// <summary>To the host: its container's epoch has ended.</summary>
    public sealed record Fence(ContainerName Name, HostName Host, ContainerEpoch Epoch) : ContainerWork;

    public static IEnumerable<ContainerWork> Of(ContainerState state)
    {
        if (state is { Phase: ContainerPhase.BringingImage, Host: { } lacks, Image: { } image })
            yield return new BringImage(image, lacks, state.Epoch);
        if (state is { Phase: ContainerPhase.Creating, Host: { } maker, Image: { } of })
            yield return new Create(state.Name, of, maker, state.Epoch);
        if (state is { ReleasesImage: true, Image: { } pinned })
            yield return new ReleaseImage(pinned, state.Name, state.Epoch);
        if (state is { Phase: ContainerPhase.Removing, Host: { } owner })
            yield return new Remove(state.Name, owner, state.Epoch);
        foreach (var (host, known) in state.Hosts)
        {
            if (!known.Hearing.Gone && state.IsFenced(host))
                yield return new Fence(state.Name, host, known.Epoch!.Value);
        }
    }
}
