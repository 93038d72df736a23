using System.Collections.Immutable;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Fleet.Orders;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;

namespace DmAgents.Actors.Tests.Serialization;

/// <summary>One object of each kind that a fleet's entities journal or that hosts send them, with every field set.
/// </summary>
internal static class FleetSamples
{
    private static readonly DateTimeOffset At = Samples.At;
    private static readonly DateTimeOffset Later = At.AddMinutes(1);
    private static readonly HostName A = new("a");
    private static readonly HostName B = new("b");
    private static readonly ContentDigest Content = Samples.Content;
    private static readonly PoolSpace Space = new(ByteSize.GiB(1), ByteSize.MiB(2));
    private static readonly CopyId Copy = new(Samples.Reference, 7);
    private static readonly SpacePromise Promise = new(Copy, Samples.Name, Space, Later);
    private static readonly Stamp Stamped = new(new Incarnation(3), 4);
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(90);

    private static readonly ChainId Layer =
        ChainId.Parse("sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");

    private static readonly ChainId Long = ChainId.Parse($"sha512:{new string('a', 128)}");

    private static readonly LayerHolding[] Holdings =
        [new(Layer, Content, Verified: true), new(Long, Digest: null, Verified: false)];

    private static readonly LayerAnnouncement Said =
        LayerAnnouncement.Change(Stamped, Holdings, [Layer]);

    private static readonly HostCapacity Capacity = new(
        [new PoolCapacity(Samples.Name, Space, new PoolSpace(ByteSize.MiB(3), ByteSize.KiB(4)), Admits: true)], "1.2.3");

    private static readonly Refusal Refused =
        new(RefusalKind.NotFound, "cannot copy layer", "sha256:1", "no other host has it", "import it");

    private static readonly LayerCopy Held = new(A, Content, verified: true, At);

    private static readonly RequestId Request = Samples.Request;
    private static readonly Digest Config = Layer.Digest;
    private static readonly ImmutableArray<LineageLayer> Lineage = [new(Layer, Space), new(Long, default)];
    private static readonly ImageHolding Holding = new(Config, HoldingKind.Whole, InUse: true, Kept: true);
    private static readonly Incarnation Third = new(3);
    private static readonly ImagePolicy Policy = new(Lease, TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(3));
    private static readonly HostOffer Offer = new(B, Third, Samples.Name, Space, Space, default, HeldLayers: 1);
    private static readonly ContainerName Container = new("web");
    private static readonly ContainerEpoch Epoch = new(5);
    private static readonly PinOwner Owner = new(Container, Epoch);

    private static readonly ImmutableArray<Candidate> Candidates =
    [
        new(B, CandidateVerdict.Fits, Space, 900, 100, 1000), new(A, CandidateVerdict.LowData, Space, -1, 0, -1),
    ];

    /// <summary>By the golden line's name: the manifest, and a variant if one kind has several shapes.</summary>
    public static IReadOnlyDictionary<string, object> All { get; } = new[]
    {
        Envelopes, LocationMessages, LocationJournal, LedgerMessages, LedgerJournal, ImageMessages, ImageJournal,
        ContainerMessages, ContainerJournal, Orders,
    }.SelectMany(samples => samples).ToDictionary();

    private static Dictionary<string, object> Envelopes => new()
    {
        ["entity-message.v1"] = new EntityMessages.ToEntity("17", new LocationCommands.Locate(Layer, At)),
        ["entity-show.v1"] = new EntityMessages.Show(2),
        ["entity-shown.v1"] = new EntityMessages.Shown(12, 1, 2, "location-state.v1", [1, 2, 3]),
        ["entity-unavailable.v1"] = new EntityMessages.Unavailable(Refused),
        ["location-announce-part.v1"] = new EntityMessages.AnnouncePart(
            A, new AnnouncementPart(Stamped, Whole: true, 1, 3, [.. Holdings], [Layer]), At),
        ["location-part-kept.v1"] = new EntityMessages.PartKept(Stamped, 1),
    };

    private static Dictionary<string, object> LocationMessages => new()
    {
        ["location-announce.v1"] = new LocationCommands.Announce(A, Said, At),
        ["location-note-gone.v1"] = new LocationCommands.NoteGone(A, new Incarnation(3), At),
        ["location-begin-copy.v1"] = new LocationCommands.BeginCopy(Layer, B, A, Lease, At),
        ["location-begin-copy.v1+any"] = new LocationCommands.BeginCopy(Layer, B, Source: null, Lease, At),
        ["location-renew-copy.v1"] = new LocationCommands.RenewCopy(Layer, B, Lease, At),
        ["location-end-copy.v1"] = new LocationCommands.EndCopy(Layer, B, At),
        ["location-locate.v1"] = new LocationCommands.Locate(Layer, At),
        ["location-tick.v1"] = new LocationCommands.Tick(At),
        ["location-reply-heard.v1"] = new LocationReplies.Heard(Stamped),
        ["location-reply-needs-whole.v1"] = new LocationReplies.NeedsWhole(Stamped),
        ["location-reply-ended.v1"] = new LocationReplies.Ended(Stamped),
        ["location-reply-gone.v1"] = new LocationReplies.Gone(A),
        ["location-reply-copy-from.v1"] = new LocationReplies.CopyFrom(Layer, A, Content, Later),
        ["location-reply-held.v1"] = new LocationReplies.Held(Layer, Held),
        ["location-reply-no-copy.v1"] = new LocationReplies.NoCopy(Layer, B),
        ["location-reply-located.v1"] = new LocationReplies.Located(
            Layer, [Held, new LayerCopy(B, digest: null, verified: false, Later)],
            [new CopyLease(Layer, B, A, Later)]),
        ["location-reply-ticked.v1"] = new LocationReplies.Ticked(),
        ["location-reply-refused.v1"] = new LocationReplies.Refused(Refused),
    };

    private static Dictionary<string, object> LocationJournal => new()
    {
        ["location-host-heard.v1"] = new LocationEvents.HostHeard(A, Stamped, [.. Holdings], [Layer], At),
        ["location-host-gone.v1"] = new LocationEvents.HostGone(A, new Incarnation(3), At),
        ["location-copy-begun.v1"] = new LocationEvents.CopyBegun(Layer, B, A, Later, At),
        ["location-copy-renewed.v1"] = new LocationEvents.CopyRenewed(Layer, B, Later, At),
        ["location-copy-ended.v1"] = new LocationEvents.CopyEnded(Layer, B, Lapsed: true, At),
        ["location-state.v1"] = LocationState.Empty
            .Apply(new LocationEvents.HostHeard(A, Stamped, [.. Holdings], [], At))
            .Apply(new LocationEvents.HostHeard(B, Stamped, [Holdings[0]], [], Later))
            .Apply(new LocationEvents.HostGone(new HostName("c"), new Incarnation(9), At))
            .Apply(new LocationEvents.CopyBegun(Long, B, A, Later, At)),
        ["location-state.v1+empty"] = LocationState.Empty,
    };

    private static Dictionary<string, object> LedgerMessages => new()
    {
        ["ledger-announce.v1"] = new HostCommands.Announce(Stamped, Capacity, At),
        ["ledger-note-gone.v1"] = new HostCommands.NoteGone(new Incarnation(3), HostAbsence.Left, At),
        ["ledger-promise.v1"] = new HostCommands.Promise(Copy, new Incarnation(3), Space, Lease, At),
        ["ledger-release.v1"] = new HostCommands.Release(Copy, At),
        ["ledger-tick.v1"] = new HostCommands.Tick(At),
        ["ledger-reply-heard.v1"] = new HostReplies.Heard(Stamped),
        ["ledger-reply-ended.v1"] = new HostReplies.Ended(Stamped),
        ["ledger-reply-noted-gone.v1"] = new HostReplies.NotedGone(new Incarnation(3)),
        ["ledger-reply-kept.v1"] = new HostReplies.Kept(Promise),
        ["ledger-reply-released.v1"] = new HostReplies.Released(Copy),
        ["ledger-reply-ticked.v1"] = new HostReplies.Ticked(),
        ["ledger-reply-refused.v1"] = new HostReplies.Refused(Copy, Refused),
    };

    private static Dictionary<string, object> LedgerJournal => new()
    {
        ["ledger-announced.v1"] = new HostLedgerEvents.Announced(Stamped, Capacity, At),
        ["ledger-gone.v1"] = new HostLedgerEvents.Gone(new Incarnation(3), HostAbsence.Lost, At),
        ["ledger-promised.v1"] = new HostLedgerEvents.Promised(Promise, At),
        ["ledger-promise-ended.v1"] = new HostLedgerEvents.PromiseEnded(Copy, Lapsed: true, At),
        ["ledger-state.v1"] = new HostLedger(A)
            .Apply(new HostLedgerEvents.Announced(Stamped, Capacity, At))
            .Apply(new HostLedgerEvents.Promised(Promise, At)),
        ["ledger-state.v1+gone"] = new HostLedger(A)
            .Apply(new HostLedgerEvents.Announced(Stamped, Capacity, At))
            .Apply(new HostLedgerEvents.Gone(new Incarnation(3), HostAbsence.Lost, Later)),
        ["ledger-state.v1+empty"] = new HostLedger(A),
    };

    private static Dictionary<string, object> ImageMessages => new()
    {
        ["image-define.v1"] = new ImageCommands.Define(Request, Config, Lineage, 2, Replace: true, At),
        ["image-set-copies.v1"] = new ImageCommands.SetCopies(Request, 2, At),
        ["image-pin.v1"] = new ImageCommands.Pin(Request, B, At),
        ["image-pin.v1+container"] = new ImageCommands.Pin(Request, B, At, Owner),
        ["image-release-pins.v1"] = new ImageCommands.ReleasePins(Owner, At),
        ["image-reply-pins-released.v1"] = new ImageReplies.PinsReleased(Owner),
        ["image-unpin.v1"] = new ImageCommands.Unpin(Request, B, At),
        ["image-announce.v1"] = new ImageCommands.Announce(A, Stamped, Holding, At),
        ["image-announce.v1+released"] = new ImageCommands.Announce(
            A, Stamped, new ImageHolding(Config, HoldingKind.Releasing, InUse: false), At),
        ["image-announce.v1+nothing"] = new ImageCommands.Announce(A, Stamped, Holding: null, At),
        ["image-note-gone.v1"] = new ImageCommands.NoteGone(A, Third, HostAbsence.Lost, At),
        ["image-consider.v1"] = new ImageCommands.Consider([Offer], Policy, At),
        ["image-note-promise.v1"] = new ImageCommands.NotePromise(7, Samples.Name, Lease, At),
        ["image-note-progress.v1"] = new ImageCommands.NoteProgress(7, Lease, At),
        ["image-note-failure.v1"] = new ImageCommands.NoteFailure(7, "no space", Lease, At),
        ["image-reply-defined.v1"] = new ImageReplies.Defined(Request, 2),
        ["image-reply-copies-set.v1"] = new ImageReplies.CopiesSet(Request, 2),
        ["image-reply-pinned.v1"] = new ImageReplies.Pinned(Request, B, Holds: true),
        ["image-reply-unpinned.v1"] = new ImageReplies.Unpinned(Request, B),
        ["image-reply-heard.v1"] = new ImageReplies.Heard(Stamped, Known: true),
        ["image-reply-may-drop.v1"] = new ImageReplies.MayDrop(Stamped),
        ["image-reply-must-keep.v1"] = new ImageReplies.MustKeep(Stamped, Refused),
        ["image-reply-ended.v1"] = new ImageReplies.Ended(Stamped),
        ["image-reply-noted-gone.v1"] = new ImageReplies.NotedGone(A),
        ["image-reply-considered.v1"] = new ImageReplies.Considered(1),
        ["image-reply-copy-continues.v1"] = new ImageReplies.CopyContinues(7, Later),
        ["image-reply-no-such-copy.v1"] = new ImageReplies.NoSuchCopy(7),
        ["image-reply-refused.v1"] = new ImageReplies.Refused(Request, Refused),
    };

    private static Dictionary<string, object> ImageJournal => new()
    {
        ["image-defined.v1"] = new ImageEvents.Defined(Request, Config, Lineage, 2, At),
        ["image-copies-set.v1"] = new ImageEvents.CopiesSet(Request, 2, At),
        ["image-pinned.v1"] = new ImageEvents.Pinned(Request, B, At),
        ["image-pinned.v1+container"] = new ImageEvents.Pinned(Request, B, At, Owner),
        ["image-pin-released.v1"] = new ImageEvents.PinReleased(B, Owner, At),
        ["image-unpinned.v1"] = new ImageEvents.Unpinned(Request, B, At),
        ["image-holding-changed.v1"] = new ImageEvents.HoldingChanged(A, Stamped, Holding, At),
        ["image-holding-changed.v1+nothing"] = new ImageEvents.HoldingChanged(A, Stamped, Holding: null, At),
        ["image-host-gone.v1"] = new ImageEvents.HostGone(A, Third, HostAbsence.Lost, At),
        ["image-copy-planned.v1"] = Planned,
        ["image-no-host-fits.v1"] = new ImageEvents.NoHostFits("1 of 2 copies are there", Candidates, At),
        ["image-copy-started.v1"] = new ImageEvents.CopyStarted(7, Samples.Name, Later, At),
        ["image-copy-renewed.v1"] = new ImageEvents.CopyRenewed(7, Later, At),
        ["image-copy-ended.v1"] = new ImageEvents.CopyEnded(7, CopyEnd.Failed, "no space", Later, At),
        ["image-copy-ended.v1+done"] = new ImageEvents.CopyEnded(7, CopyEnd.Done, "", Rest: null, At),
        ["image-release-ordered.v1"] = new ImageEvents.ReleaseOrdered(A, "3 copies are there", At),
        ["image-drop-allowed.v1"] = new ImageEvents.DropAllowed(A, Stamped, At),
        ["image-release-withdrawn.v1"] = new ImageEvents.ReleaseWithdrawn(A, At),
        ["image-state.v1"] = new ImageEvent[]
        {
            new ImageEvents.Defined(Request, Config, Lineage, 2, At), new ImageEvents.Pinned(Request, B, At),
            new ImageEvents.Pinned(Request, A, At, Owner),
            new ImageEvents.HoldingChanged(A, Stamped, Holding, At),
            Planned with { Copy = 6 }, new ImageEvents.CopyEnded(6, CopyEnd.Failed, "no space", Later, At),
            Planned, new ImageEvents.CopyStarted(7, Samples.Name, Later, At),
            new ImageEvents.NoHostFits("1 of 3 copies are there", Candidates, At),
            new ImageEvents.ReleaseOrdered(A, "3 copies are there", At),
            new ImageEvents.HostGone(new("c"), Third, HostAbsence.Lost, At),
        }.Aggregate(new ImageState(Samples.Reference), (state, e) => state.Apply(e)),
        ["image-state.v1+empty"] = new ImageState(Samples.Reference),
    };

    private static Dictionary<string, object> ContainerMessages => new()
    {
        ["container-create.v1"] = new ContainerCommands.Create(Request, Samples.Reference, B, Lineage, [Offer], At),
        ["container-create.v1+anywhere"] =
            new ContainerCommands.Create(Request, Samples.Reference, Host: null, Lineage, [Offer], At),
        ["container-remove.v1"] = new ContainerCommands.Remove(Request, At),
        ["container-announce.v1"] = new ContainerCommands.Announce(B, Stamped, Epoch, At),
        ["container-announce.v1+none"] = new ContainerCommands.Announce(B, Stamped, Epoch: null, At),
        ["container-note-gone.v1"] = new ContainerCommands.NoteGone(B, Third, HostAbsence.Left, At),
        ["container-note-image.v1"] = new ContainerCommands.NoteImage(B, Epoch, At),
        ["container-note-image-released.v1"] = new ContainerCommands.NoteImageReleased(Epoch, At),
        ["container-note-removed.v1"] = new ContainerCommands.NoteRemoved(B, Epoch, At),
        ["container-note-failure.v1"] = new ContainerCommands.NoteFailure(B, Epoch, "no space", At),
        ["container-reply-placed.v1"] = new ContainerReplies.Placed(Request, B, Epoch, ContainerPhase.BringingImage),
        ["container-reply-removing.v1"] = new ContainerReplies.Removing(Request, Gone: true),
        ["container-reply-heard.v1"] = new ContainerReplies.Heard(Stamped),
        ["container-reply-owns.v1"] = new ContainerReplies.Owns(Stamped, Epoch),
        ["container-reply-fenced.v1"] = new ContainerReplies.Fenced(Stamped, Epoch),
        ["container-reply-name-taken.v1"] = new ContainerReplies.NameTaken(Stamped, Refused),
        ["container-reply-ended.v1"] = new ContainerReplies.Ended(Stamped),
        ["container-reply-noted-gone.v1"] = new ContainerReplies.NotedGone(B),
        ["container-reply-continues.v1"] = new ContainerReplies.Continues(Epoch),
        ["container-reply-epoch-ended.v1"] = new ContainerReplies.EpochEnded(Epoch),
        ["container-reply-refused.v1"] = new ContainerReplies.Refused(Request, Refused),
    };

    private static Dictionary<string, object> Orders => new()
    {
        ["order-copy-image.v1"] = new HostOrders.CopyImage(
            Copy, Third, Samples.Name, [A, B]),
        ["order-release-image.v1"] = new HostOrders.ReleaseImage(Samples.Reference),
        ["order-create-container.v1"] = new HostOrders.CreateContainer(Container, Epoch, Samples.Reference),
        ["order-remove-container.v1"] = new HostOrders.RemoveContainer(Container, Epoch),
        ["order-fence-container.v1"] = new HostOrders.FenceContainer(Container, Epoch),
    };

    private static Dictionary<string, object> ContainerJournal => new()
    {
        ["container-placed.v1"] = Placed,
        ["container-image-arrived.v1"] = new ContainerEvents.ImageArrived(Epoch, At),
        ["container-image-released.v1"] = new ContainerEvents.ImageReleased(Epoch, At),
        ["container-owned.v1"] = new ContainerEvents.Owned(B, Epoch, At),
        ["container-host-heard.v1"] = new ContainerEvents.HostHeard(B, Stamped, Epoch, At),
        ["container-host-gone.v1"] = new ContainerEvents.HostGone(B, Third, HostAbsence.Lost, At),
        ["container-creation-failed.v1"] = new ContainerEvents.CreationFailed(Epoch, "no space", At),
        ["container-vanished.v1"] = new ContainerEvents.Vanished(Epoch, At),
        ["container-removal-intended.v1"] = new ContainerEvents.RemovalIntended(Request, At),
        ["container-removal-failed.v1"] = new ContainerEvents.RemovalFailed(Epoch, "it is mounted", At),
        ["container-removed.v1"] = new ContainerEvents.Removed(Epoch, At),
        ["container-state.v1"] = new ContainerEvent[]
        {
            Placed with { Host = A, Epoch = new ContainerEpoch(4) }, Placed,
            new ContainerEvents.HostHeard(A, Stamped, new ContainerEpoch(4), At),
            new ContainerEvents.HostHeard(B, Stamped, Epoch: null, At),
        }.Aggregate(new ContainerState(Container), (state, e) => state.Apply(e)),
        ["container-state.v1+empty"] = new ContainerState(Container),
    };

    private static ImageEvents.CopyPlanned Planned => new(
        7, B, Third, Space, Later, "1 of 2 copies are there", Candidates, At);

    private static ContainerEvents.Placed Placed => new(
        Request, Samples.Reference, B, Chosen: true, Epoch, HasImage: false, Candidates, "it was named", At);
}
