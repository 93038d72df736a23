using DmAgents.Domain.Fleet.Inventory;

namespace DmAgents.Domain.Fleet.Containers;

/// <summary>What the driver of a container reads before it does what the container asks for. Pure.</summary>
public static class ContainerCare
{
    /// <summary>A host to which the image could not be copied so often is given up as the container's place.</summary>
    public const int MaxImageFailures = 2;

    /// <summary>The host is to keep its copy of the image for the container of this epoch.</summary>
    public static bool NeedsImage(ContainerState state, HostName host, ContainerEpoch epoch) =>
        state.Epoch == epoch && state.Host == host
        && state.Phase is not (ContainerPhase.None or ContainerPhase.Vanished);

    /// <summary>Something is asked of others.</summary>
    public static bool IsNeeded(ContainerState state) => ContainerWork.Of(state).Any();

    /// <summary>Hosts that are gone by their ledgers and that the container believes to be there.</summary>
    public static IEnumerable<ContainerCommands.NoteGone> Gone(
        ContainerState state, IEnumerable<HostLedger> ledgers, DateTimeOffset at) =>
        from ledger in ledgers
        where ledger is { Hearing.Gone: true, Absence: not null }
        let gone = new ContainerCommands.NoteGone(
            ledger.Host, ledger.Hearing!.Last.Incarnation, ledger.Absence!.Value, at)
        where !ContainerDecider.Decide(state, gone).Events.IsEmpty
        select gone;
}
