using System.Collections.Immutable;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;

namespace DmAgents.Actors.Tests.Serialization;

/// <summary>One object of each kind that a fleet's entities journal or that hosts send them, with every field set.
/// </summary>
internal static partial class FleetSamples
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

    /// <summary>By the golden line's name: the manifest, and a variant where one kind has several shapes.</summary>
    public static IReadOnlyDictionary<string, object> All => _all.Value;

    /// <summary>Late: the values of all of the class's files are there then.</summary>
    private static readonly Lazy<Dictionary<string, object>> _all = new(() => new[]
    {
        Envelopes, LocationMessages, LocationJournal, LedgerMessages, LedgerJournal, ImageMessages, ImageJournal,
        ContainerMessages, ContainerJournal, Orders,
    }.SelectMany(samples => samples).ToDictionary());

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
}
