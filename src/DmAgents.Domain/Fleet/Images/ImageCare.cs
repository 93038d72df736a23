using System.Collections.Immutable;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Locations;

namespace DmAgents.Domain.Fleet.Images;

/// <summary>What an image's driver reads from the ledgers and the buckets before the image decides. Pure.</summary>
public static class ImageCare
{
    /// <summary>A copy or release is under way, the state differs from what is wanted, or time alone may change it: the
    /// image is considered often. Any other image is considered on events, and occasionally.</summary>
    public static bool IsNeeded(ImageState state) => state.IsKnown
        && (!state.Copies.IsEmpty || !state.Releasing.IsEmpty || HasSurplus(state)
            || state.Holders.Count() < state.Wanted || state.Pinned.Any(host => !state.Holds(host))
            || state.Hosts.Values.Any(host => host is { LostSince: not null, Holding: not null }));

    /// <summary>Hosts that are gone by their ledgers but present in the image's state.</summary>
    public static IEnumerable<ImageCommands.NoteGone> Gone(
        ImageState state, IEnumerable<HostLedger> ledgers, DateTimeOffset at) =>
        from ledger in ledgers
        where ledger is { Hearing.Gone: true, Absence: not null }
        let gone = new ImageCommands.NoteGone(
            ledger.Host, ledger.Hearing!.Last.Incarnation, ledger.Absence!.Value, at)
        where !ImageDecider.Decide(state, gone).Events.IsEmpty
        select gone;

    /// <summary>Pins whose container may be gone: nothing on their host uses the copy at this moment. Most pins need no
    /// query, because their container exists.</summary>
    public static IEnumerable<ImagePin> UncertainPins(ImageState state) => state.Pins.Where(pin =>
        pin.For is not null && state.Hosts.GetValueOrDefault(pin.Host) is not { Holding.InUse: true });

    /// <summary>The hosts as places for the image.</summary>
    /// <param name="located">The hosts of each layer of the lineage; empty: unknown.</param>
    public static ImmutableArray<HostOffer> Offers(
        ImageState state, IEnumerable<HostLedger> ledgers, ImmutableArray<ImmutableArray<LayerCopy>> located,
        DateTimeOffset at) =>
    [
        .. ledgers.Select(ledger => ledger.Offer(at)).OfType<HostOffer>()
            .Select(offer => offer with { HeldLayers = HeldLayers(state, located, offer.Host) }),
    ];

    /// <summary>How many layers the host has verified, from the lowest without a gap, with the content of a host that
    /// has the whole image.</summary>
    public static int HeldLayers(
        ImageState state, ImmutableArray<ImmutableArray<LayerCopy>> located, HostName host) =>
        state.Holds(host)
            ? state.Lineage.Length
            : located.TakeWhile(copies => copies.Any(copy => copy is { Verified: true, Digest: not null }
                && copy.Host == host && copies.Any(other => other.Verified && other.Digest == copy.Digest
                    && other.Host != host && state.Holds(other.Host)))).Count();

    /// <summary>Space that the ledgers still promise to ended copies of the image.</summary>
    public static IEnumerable<(HostName Host, CopyId Copy)> Forgotten(
        ImageState state, IEnumerable<HostLedger> ledgers) =>
        from ledger in ledgers
        from promise in ledger.Promises
        where promise.Copy.Image == state.Reference && !state.Copies.ContainsKey(promise.Copy.Number)
            // A higher number is a copy that this state does not know yet: the ledger is ahead of it.
            && promise.Copy.Number <= state.LastCopy
        select (ledger.Host, promise.Copy);

    private static bool HasSurplus(ImageState state) => state.Holders.Count() > state.Wanted
        && state.Holders.Any(host => !state.Pinned.Contains(host) && !state.Hosts[host].Holding!.Stays);
}
