using System.Security.Cryptography;
using System.Text;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Orders;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Fleet.Spread;

/// <summary>One round for a container: notes what happened to its hosts, and sends the container's requests to its
/// image and to hosts. Stateless, like <see cref="ImageRound"/>.</summary>
internal sealed class ContainerRound(
    IFleetEntities entities, IHostMail hosts, KnownLedgers ledgers, TimeProvider time)
{
    public async Task RunAsync(ContainerState state, CancellationToken cancellation)
    {
        var concerned = state.Host is { } owner ? state.Hosts.Keys.Append(owner) : state.Hosts.Keys;
        var known = await ledgers.OfAsync(concerned, cancellation).ConfigureAwait(false);
        if (known is null)
            return;
        var gone = ContainerCare.Gone(state, known, time.GetUtcNow()).ToList();
        foreach (var host in gone)
            await entities.Ask(state.Name, host, cancellation).ConfigureAwait(false);
        if (gone.Count > 0 || !ContainerCare.IsNeeded(state))
            return;
        // Without a message the container would leave memory while it waits.
        await entities.Show(state.Name, cancellation).ConfigureAwait(false);
        foreach (var work in ContainerWork.Of(state))
            await DoAsync(state, work, cancellation).ConfigureAwait(false);
    }

    /// <summary>The same id at each repetition: the image gets one wish for this epoch.</summary>
    internal static RequestId PinOf(ContainerName name, ContainerEpoch epoch) => new(new Guid(
        SHA256.HashData(Encoding.UTF8.GetBytes($"image for container {name} {epoch}")).AsSpan(0, 16)));

    private async Task DoAsync(ContainerState state, ContainerWork work, CancellationToken cancellation)
    {
        switch (work)
        {
            case ContainerWork.BringImage bring:
                await BringAsync(state, bring, cancellation).ConfigureAwait(false);
                break;
            case ContainerWork.ReleaseImage release:
                await ReleaseAsync(release, cancellation).ConfigureAwait(false);
                break;
            case ContainerWork.Create create:
                hosts.Send(create.Host, new HostOrders.CreateContainer(create.Name, create.Epoch, create.Image));
                break;
            case ContainerWork.Remove remove:
                hosts.Send(remove.Host, new HostOrders.RemoveContainer(remove.Name, remove.Epoch));
                break;
            case ContainerWork.Fence fence:
                hosts.Send(fence.Host, new HostOrders.FenceContainer(fence.Name, fence.Epoch));
                break;
            default:
                throw new InvalidOperationException($"work of no known kind: {work}");
        }
    }

    /// <summary>The image's entity creates the copy, and its driver restores it; only the outcome counts
    /// here.</summary>
    private async Task BringAsync(
        ContainerState state, ContainerWork.BringImage work, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var pinned = await entities.Ask(
            work.Image, new ImageCommands.Pin(
                PinOf(state.Name, work.Epoch), work.Host, now, new PinOwner(state.Name, work.Epoch)), cancellation)
            .ConfigureAwait(false);
        ContainerCommand? next = pinned.Reply switch
        {
            ImageReplies.Pinned { Holds: true } => new ContainerCommands.NoteImage(work.Host, work.Epoch, now),
            ImageReplies.Pinned => await FailureAsync(work, cancellation).ConfigureAwait(false) is { } why
                ? new ContainerCommands.NoteFailure(work.Host, work.Epoch, why, now) : null,
            ImageReplies.Refused refused => new ContainerCommands.NoteFailure(
                work.Host, work.Epoch, refused.Refusal.Why, now),
            _ => null,
        };
        if (next is not null)
            await entities.Ask(state.Name, next, cancellation).ConfigureAwait(false);
        // The host does not need the image for a container that it does not get.
        if (next is ContainerCommands.NoteFailure)
        {
            await entities.Ask(work.Image, new ImageCommands.ReleasePins(
                new PinOwner(state.Name, work.Epoch), now), cancellation).ConfigureAwait(false);
        }
    }

    private async Task ReleaseAsync(ContainerWork.ReleaseImage work, CancellationToken cancellation)
    {
        var released = await entities.Ask(work.Image, new ImageCommands.ReleasePins(
            new PinOwner(work.Name, work.Epoch), time.GetUtcNow()), cancellation).ConfigureAwait(false);
        if (released.Reply is ImageReplies.PinsReleased)
        {
            await entities.Ask(work.Name, new ContainerCommands.NoteImageReleased(
                work.Epoch, time.GetUtcNow()), cancellation).ConfigureAwait(false);
        }
    }

    private async Task<string?> FailureAsync(ContainerWork.BringImage work, CancellationToken cancellation)
    {
        var (image, _) = await entities.Show(work.Image, cancellation).ConfigureAwait(false);
        return image?.Troubles.GetValueOrDefault(work.Host) is { Failures: >= ContainerCare.MaxImageFailures } trouble
            ? $"the image cannot be copied there: {trouble.Why}" : null;
    }
}
