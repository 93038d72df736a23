using DmAgents.Actors.Pools;
using DmAgents.Agent.Fleet;
using DmAgents.Agent.Imports;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Spread;

/// <summary>The number of hosts that should have an image, and the reasons for its placement.</summary>
internal sealed class ImageSpread(FleetEntityAccess access, PoolGateway gateway, TimeProvider time)
{
    /// <summary>How long computing the contents of an imported image's layers may take: until then the fleet does not
    /// know it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    public const string CannotSet = "cannot set copies";
    public const string CannotExplain = "cannot explain image";

    /// <summary>Sets how many verified copies the fleet keeps; the fleet creates and drops copies gradually.</summary>
    /// <returns>The image as the fleet has it.</returns>
    public async Task<ImageState> SetCopies(
        RequestId request, string image, int copies, CancellationToken cancellation)
    {
        var reference = ReferenceOf(CannotSet, image);
        var entities = access.Demand(CannotSet, reference.Value);
        var (reply, refusal) = await entities.Ask(
            reference, new ImageCommands.SetCopies(request, copies, gateway.Now), cancellation).ConfigureAwait(false);
        return reply switch
        {
            ImageReplies.CopiesSet => await Explain(image, cancellation).ConfigureAwait(false),
            ImageReplies.Refused refused => throw Refusals.Of(refused.Refusal),
            _ => throw Refusals.Of(refusal!),
        };
    }

    /// <summary>Refuses before an import what would be refused after it.</summary>
    /// <exception cref="RefusedException">The fleet accepts no changes at present.</exception>
    public void Demand(string image) => access.Demand(CannotSet, image);

    /// <summary>The same for an image that was just imported, as soon as the fleet knows it.</summary>
    public async Task SetCopiesWhenKnown(
        RequestId request, ImageReference image, int copies, CancellationToken cancellation)
    {
        var begun = time.GetTimestamp();
        while (true)
        {
            try
            {
                await SetCopies(request, image.Value, copies, cancellation).ConfigureAwait(false);
                return;
            }
            catch (RefusedException unknown) when (unknown.Refusal.Kind == RefusalKind.NotFound)
            {
                if (time.GetElapsedTime(begun) > Patience)
                {
                    throw Refusals.Because(
                        RefusalKind.TimedOut, CannotSet, image.Value,
                        "it was imported, and the fleet does not know it yet", "set them later: dmagent image copies");
                }
            }
            await Task.Delay(Pause, time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>The image as the fleet has it, with its latest decisions.</summary>
    public async Task<ImageState> Explain(string image, CancellationToken cancellation)
    {
        var reference = ReferenceOf(CannotExplain, image);
        var entities = access.Demand(CannotExplain, reference.Value);
        var (state, refusal) = await entities.Show(reference, cancellation).ConfigureAwait(false);
        return state switch
        {
            { IsKnown: true } => state,
            null => throw Refusals.Of(refusal!),
            _ => throw Refusals.NotFound(
                CannotExplain, reference.Value, "the fleet has no image of this name",
                "import it on a host of the fleet: dmagent image import --help"),
        };
    }

    /// <summary>A refusal if the fleet has no image of this name; null if it has one. A new import is announced
    /// soon.</summary>
    public async Task<Refusal?> Unknown(string image, CancellationToken cancellation)
    {
        try
        {
            await Explain(image, cancellation).ConfigureAwait(false);
            return null;
        }
        catch (RefusedException unknown) when (unknown.Refusal.Kind == RefusalKind.NotFound)
        {
            return unknown.Refusal;
        }
    }

    /// <summary>The pool of this host that has the image; null if none has it at this moment.</summary>
    public PoolName? PoolWith(string image) => gateway.Board.All.FirstOrDefault(
        pool => pool.Phase == PoolPhase.Open && Found(CannotExplain, pool, image) is not null)?.Name;

    /// <summary>The image's reference in a pool of this host, if one has it; accepts a short name or an id,
    /// too.</summary>
    private ImageReference ReferenceOf(string what, string image)
    {
        foreach (var pool in gateway.Board.All)
        {
            if (Found(what, pool, image) is { } found)
                return found;
        }
        return ImageReference.TryParse(image, out var reference)
            ? reference
            : throw Refusals.NotFound(
                what, image, "it is no image reference, and this host has no image of such an id",
                "give the reference that it was imported with");
    }

    private static ImageReference? Found(string what, PoolPicture pool, string image)
    {
        try
        {
            return ImageFinder.Find(what, pool, image).Reference;
        }
        catch (RefusedException missing) when (missing.Refusal.Kind == RefusalKind.NotFound)
        {
            return null;
        }
    }
}
