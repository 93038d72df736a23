using System.Collections.Concurrent;
using DmAgents.Actors.Fleet;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;

namespace DmAgents.Agent.Fleet.Inventory;

/// <summary>A host as the cluster sees it and as the fleet's ledger knows it.</summary>
/// <param name="Member">Null: it is no member at this moment.</param>
internal sealed record KnownHost(HostName Host, FleetMember? Member, HostLedger Ledger);

/// <summary>The locations of a layer.</summary>
internal sealed record LocatedAt(ChainId Layer, LocationReplies.Located Where);

/// <summary>Looks up what the hosts of the fleet have: the same from any host. Refused at once while the entities are
/// unavailable.</summary>
internal sealed class FleetLookup(FleetEntityAccess access, FleetBoard board, FleetIdentity identity, TimeProvider time)
{
    private const int Beside = 8;

    public HostName? Self => identity.Current?.Host;

    public async Task<IReadOnlyList<KnownHost>> Hosts(CancellationToken cancellation)
    {
        const string What = "cannot list hosts";
        var entities = access.Demand(What, "fleet");
        var heard = Must(await entities.Hosts(cancellation).ConfigureAwait(false));
        var all = heard.Concat(board.Current.Members.Select(member => member.Host).OfType<HostName>()).Distinct();
        return await Each(all, (host, end) => Host(entities, host, end), host => host.Host.Value, cancellation)
            .ConfigureAwait(false);
    }

    /// <exception cref="RefusedException">The fleet has never heard of it.</exception>
    public async Task<KnownHost> Host(HostName name, CancellationToken cancellation)
    {
        const string What = "cannot show host";
        var host = await Host(access.Demand(What, name.Value), name, cancellation).ConfigureAwait(false);
        return host is { Member: null, Ledger.Hearing: null }
            ? throw Refusals.NotFound(
                What, name.Value, "the fleet has no host of this name", "list them: dmagent host list")
            : host;
    }

    /// <summary>The images of which a host has something.</summary>
    public async Task<IReadOnlyList<ImageState>> Images(CancellationToken cancellation)
    {
        var entities = access.Demand("cannot list images", "fleet");
        var names = Must(await entities.Images(cancellation).ConfigureAwait(false));
        var images = await Each(
            names, async (image, end) => Must(await entities.Show(image, end).ConfigureAwait(false)),
            image => image.Reference.Value, cancellation).ConfigureAwait(false);
        return [.. images.Where(image => image.Hosts.Values.Any(host => host.Holding is not null)
            || !image.Copies.IsEmpty)];
    }

    /// <param name="text">A chain id, or an image's reference.</param>
    /// <returns>From the lowest to the top.</returns>
    public async Task<IReadOnlyList<LocatedAt>> Locate(string text, CancellationToken cancellation)
    {
        const string What = "cannot locate layer";
        var entities = access.Demand(What, text);
        if (Digest.TryParse(text, out var digest))
        {
            var located = await Locate(entities, new ChainId(digest), cancellation).ConfigureAwait(false);
            return located.Where is { Copies.IsEmpty: true, UnderWay.IsEmpty: true }
                ? throw Refusals.NotFound(
                    What, text, "no host of the fleet has it", "see what there is: dmagent image list --fleet")
                : [located];
        }
        if (!ImageReference.TryParse(text, out var reference))
        {
            throw Refusals.Invalid(
                What, text, "it is neither a chain id nor an image's reference", "list images: dmagent image list --fleet");
        }
        var image = Must(await entities.Show(reference, cancellation).ConfigureAwait(false));
        if (!image.IsKnown)
        {
            throw Refusals.NotFound(
                What, reference.Value, "the fleet has no image of this name", "list them: dmagent image list --fleet");
        }
        var layers = new List<LocatedAt>();
        foreach (var layer in image.Lineage)
            layers.Add(await Locate(entities, layer.Layer, cancellation).ConfigureAwait(false));
        return layers;
    }

    private async Task<KnownHost> Host(FleetEntities entities, HostName name, CancellationToken cancellation)
    {
        var ledger = Must(await entities.Show(name, cancellation).ConfigureAwait(false));
        var member = board.Current.Members.Where(each => each.Host == name && each.State != FleetMemberState.Down)
            .OrderByDescending(each => each.IsReached).FirstOrDefault();
        return new KnownHost(name, member, ledger);
    }

    private bool IsMember(HostName host) => board.Current.Members.Any(
        member => member.Host == host && member.State != FleetMemberState.Down);

    private async Task<LocatedAt> Locate(FleetEntities entities, ChainId layer, CancellationToken cancellation)
    {
        var reply = Must(await entities.Ask(
            LayerBucket.Of(layer), new LocationCommands.Locate(layer, time.GetUtcNow()), cancellation)
            .ConfigureAwait(false));
        var where = (LocationReplies.Located)reply;
        // A host that restarts keeps its locations, but serves nothing at this moment.
        return new LocatedAt(layer, where with { Copies = where.Copies.RemoveAll(copy => !IsMember(copy.Host)) });
    }

    private static async Task<IReadOnlyList<TFound>> Each<TName, TFound>(
        IEnumerable<TName> names, Func<TName, CancellationToken, Task<TFound>> show, Func<TFound, string> order,
        CancellationToken cancellation)
    {
        var found = new ConcurrentBag<TFound>();
        await Parallel.ForEachAsync(
            names, new ParallelOptions { MaxDegreeOfParallelism = Beside, CancellationToken = cancellation },
            async (name, end) => found.Add(await show(name, end).ConfigureAwait(false))).ConfigureAwait(false);
        return [.. found.OrderBy(order, StringComparer.Ordinal)];
    }

    private static TReply Must<TReply>(EntityAnswer<TReply> answer)
        where TReply : class => answer.Reply ?? throw Refusals.Of(answer.Refusal!);
}
