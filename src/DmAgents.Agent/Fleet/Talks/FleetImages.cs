using System.Collections.Concurrent;
using System.Collections.Immutable;
using DmAgents.Agent.Transfers;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Images;

namespace DmAgents.Agent.Fleet.Talks;

/// <summary>An image on a host of the fleet.</summary>
internal sealed record HeldImage(HostName Host, SaidImage Image);

/// <summary>A running copy of an image to a host.</summary>
internal sealed record CopyTo(HostName Host, SaidCopy Copy);

/// <summary>The hosts of the fleet that have an image.</summary>
internal sealed record FleetImage(
    ImmutableArray<HeldImage> Hosts, ImmutableArray<CopyTo> Copies, ImmutableArray<SilentHost> Silent);

/// <summary>The running copies of images to the hosts of the fleet.</summary>
internal sealed record FleetCopies(ImmutableArray<CopyTo> Copies, ImmutableArray<SilentHost> Silent);

/// <summary>Asks each host of the fleet what it has of an image, and which copies of it run there. The answers are
/// current, and need no database.</summary>
internal sealed class FleetImages(FleetPeers fleet, HostAsker asker)
{
    private const string Sha256 = "sha256:";

    /// <summary>Names no image: a host answers with its copies alone.</summary>
    private const string NoImage = "";

    /// <summary>Minimum number of digits of an id that identify it.</summary>
    private const int MinId = 4;

    /// <param name="name">A reference, an id, or an unambiguous prefix of an id.</param>
    /// <returns>Null: this host is in no fleet.</returns>
    public async Task<FleetImage?> FindAsync(string name, CancellationToken cancellation)
    {
        if (fleet.Self is not { } self)
            return null;
        var (said, silent) = await AskAllAsync(self, name, cancellation).ConfigureAwait(false);
        var held = Chosen(name, [.. said.SelectMany(each => each.Said.Images.Select(
            image => new HeldImage(each.Host, image)))]);
        var ids = held.Select(image => image.Image.Id).ToHashSet();
        return new FleetImage(
            [
                .. held.OrderBy(image => image.Host.Value, StringComparer.Ordinal)
                    .ThenBy(image => image.Image.Pool, StringComparer.Ordinal)
                    .ThenBy(image => image.Image.Reference, StringComparer.Ordinal),
            ],
            [.. Copies(said).Where(copy => IsOf(name, ids, copy.Copy))],
            silent);
    }

    /// <summary>The copies of all images.</summary>
    /// <exception cref="RefusedException">This host is in no fleet.</exception>
    public async Task<FleetCopies> CopiesAsync(CancellationToken cancellation)
    {
        var self = fleet.Demand("cannot list transfers", "fleet");
        var (said, silent) = await AskAllAsync(self, NoImage, cancellation).ConfigureAwait(false);
        return new FleetCopies([.. Copies(said)], silent);
    }

    private static IEnumerable<CopyTo> Copies(IEnumerable<(HostName Host, SaidImages Said)> said) => said
        .SelectMany(each => each.Said.Copies.Select(copy => new CopyTo(each.Host, copy)))
        .OrderBy(copy => copy.Host.Value, StringComparer.Ordinal).ThenBy(copy => copy.Copy.StartedAt);

    private async Task<(IReadOnlyCollection<(HostName Host, SaidImages Said)> Said, ImmutableArray<SilentHost> Silent)>
        AskAllAsync(HostName self, string name, CancellationToken cancellation)
    {
        var others = fleet.Others();
        var (said, silent) = (new ConcurrentBag<(HostName Host, SaidImages Said)>(), new ConcurrentBag<SilentHost>());
        await Task.WhenAll(others.Where(peer => peer.Absent is null).Select(peer => peer.Host).Append(self)
            .Select(host => AskAsync(host, name, said, silent, cancellation))).ConfigureAwait(false);
        foreach (var peer in others.Where(peer => peer.Absent is not null))
            silent.Add(new SilentHost(peer.Host, peer.Absent!));
        return (said, [.. silent.OrderBy(host => host.Host.Value, StringComparer.Ordinal)]);
    }

    /// <summary>Compares references; <paramref name="name"/> may omit what Docker's clients omit.</summary>
    public static bool IsReferenceOf(string name, string reference) =>
        ImageReference.TryParse(name, out var asked) && ImageReference.TryParse(reference, out var has)
        && asked.Whole == has.Whole;

    public static bool IsIdOf(string name, string id)
    {
        var digits = name.StartsWith(Sha256, StringComparison.Ordinal) ? name[Sha256.Length..] : name;
        return digits.Length >= MinId && id.StartsWith(Sha256 + digits, StringComparison.Ordinal);
    }

    /// <summary>The images whose reference on any host is the name; if there are none, those whose id it is.</summary>
    private static ImmutableArray<HeldImage> Chosen(string name, ImmutableArray<HeldImage> found)
    {
        var named = found.Where(image => IsReferenceOf(name, image.Image.Reference)).ToImmutableArray();
        if (!named.IsEmpty)
            return named;
        var byId = found.Where(image => IsIdOf(name, image.Image.Id)).ToImmutableArray();
        var ids = byId.Select(image => image.Image.Id).Distinct().Count();
        return ids < 2 ? byId : throw Refusals.Invalid(
            "cannot show image", name, $"{ids} images of the fleet have an id that begins like this",
            "give more of the id, or a reference");
    }

    private static bool IsOf(string name, HashSet<string> ids, SaidCopy copy) =>
        (copy.Id is { } id && (ids.Contains(id) || IsIdOf(name, id)))
        || IsReferenceOf(name, copy.Image) || (copy.Reference is { } reference && IsReferenceOf(name, reference))
        || ids.Any(held => IsIdOf(copy.Image, held));

    private async Task AskAsync(
        HostName host, string name, ConcurrentBag<(HostName Host, SaidImages Said)> said,
        ConcurrentBag<SilentHost> silent, CancellationToken cancellation)
    {
        try
        {
            var answers = asker.AskAsync(host, new HostQuestion { Image = name }, cancellation);
            await foreach (var answer in answers.ConfigureAwait(false))
            {
                said.Add((host, answer.Images ?? throw new IOException("it says something else")));
                return;
            }
        }
        catch (IOException fault)
        {
            silent.Add(new SilentHost(host, PeerText.Of(fault.Message)));
        }
    }
}
