using System.Collections.Immutable;
using DmAgents.Agent.Transfers;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Fleet.Talks;

/// <summary>A cancelled copy, and the host that made it; null: this one, which is in no fleet.</summary>
internal sealed record CancelledCopy(HostName? Host, SaidCopy Copy);

/// <summary>Cancels a copy of an image on the host of the fleet that makes it, and waits until that host has undone
/// it.</summary>
internal sealed class TransferCancelling(
    ImageCopies copies, HostTalks own, FleetPeers fleet, FleetImages images, HostAsker asker)
{
    private const string What = "cannot cancel transfer";

    /// <summary>Number of digits shown of an id: no two running copies share them.</summary>
    private const int Digits = 8;

    /// <param name="id">The copy's id, or an unambiguous prefix of it.</param>
    /// <exception cref="RefusedException">No host has it, several have, it has ended, or its host does not
    /// answer.</exception>
    public async Task<CancelledCopy> CancelAsync(string id, CancellationToken cancellation)
    {
        var here = copies.All.Select(copy => copy.Job.Request.ToString()).Where(each => IsOf(id, each)).ToList();
        // The other hosts are not needed if the copy is certainly this one's.
        if (fleet.Self is not { } self || (here.Count == 1 && id.Length >= Digits))
            return await EndAsync(fleet.Self, One(id, here), cancellation).ConfigureAwait(false);
        var (all, silent) = await images.CopiesAsync(cancellation).ConfigureAwait(false);
        var found = all.Where(copy => IsOf(id, copy.Copy.Request)).ToList();
        if (found.Count == 0 && !silent.IsEmpty)
            throw Missing(id, silent);
        var request = One(id, [.. found.Select(copy => copy.Copy.Request)]);
        return await EndAsync(found[0].Host, request, cancellation).ConfigureAwait(false);
    }

    private static bool IsOf(string id, string request) =>
        id.Length > 0 && request.StartsWith(id, StringComparison.OrdinalIgnoreCase);

    private static string One(string id, List<string> found) => found.Count switch
    {
        1 => found[0],
        0 => throw Refusals.NotFound(
            What, id, "there is no transfer of this id", "list them: dmagent transfer list --fleet"),
        _ => throw Refusals.Invalid(
            What, id, $"{found.Count} transfers have an id that begins like this", "give more of it"),
    };

    private static RefusedException Missing(string id, ImmutableArray<SilentHost> silent) => Refusals.Because(
        RefusalKind.TimedOut, What, id,
        "no host that answers has a transfer of this id; "
        + string.Join("; ", silent.Select(host => $"{host.Host} does not answer: {host.Why}")),
        "try again when the hosts answer: dmagent fleet status");

    private async Task<CancelledCopy> EndAsync(HostName? host, string request, CancellationToken cancellation)
    {
        var question = new HostQuestion { Cancel = request };
        var answers = host is { } asked
            ? asker.AskAsync(asked, question, cancellation)
            : own.AnswerAsync(question, cancellation);
        try
        {
            await foreach (var answer in answers.ConfigureAwait(false))
            {
                if (!answer.IsBeat)
                    return Ended(host, request, answer.Cancel ?? throw new IOException("it says something else"));
            }
            throw new IOException("it closed the connection");
        }
        catch (IOException fault)
        {
            throw Refusals.Because(
                RefusalKind.TimedOut, What, request,
                $"host {host} did not say that the transfer has ended: {PeerText.Of(fault.Message)}",
                "see whether it is still under way: dmagent transfer list --fleet");
        }
    }

    private static CancelledCopy Ended(HostName? host, string request, SaidCancel said) => said switch
    {
        { End: CancelEnd.Undone, Copy: { } copy } => new CancelledCopy(host, copy),
        { End: CancelEnd.Done, Copy: { } copy } => throw Refusals.Because(
            RefusalKind.WrongState, What, request, "it has ended: the image is there",
            $"remove it{(host is null ? "" : $" on {host}")}: dmagent image remove {PeerText.Of(copy.Image)}"),
        _ => throw Refusals.NotFound(
            What, request, "it ended before it was cancelled",
            "see which hosts have the image: dmagent image list --fleet"),
    };
}
