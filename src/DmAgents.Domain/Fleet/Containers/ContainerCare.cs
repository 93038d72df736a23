using DmAgents.Domain.Fleet.Inventory;

namespace DmAgents.Domain.Fleet.Containers;

/// <summary>What a container's driver reads before it carries out the container's work. Pure.</summary>
public static class ContainerCare
{
    /// <summary>After this number of failed image copies the container is placed on another host.</summary>
    public const int MaxImageFailures = 2;

    /// <summary>The host must keep its copy of the image for the container of this epoch.</summary>
    public static bool NeedsImage(ContainerState state, HostName host, ContainerEpoch epoch) =>
        state.Epoch == epoch && state.Host == host
        && state.Phase is not (ContainerPhase.None or ContainerPhase.Vanished);

    /// <summary>The container has work for others.</summary>
    public static bool IsNeeded(ContainerState state) => ContainerWork.Of(state).Any();

    /// <summary>Hosts that are gone by their ledgers but present in the container's state.</summary>
    public static IEnumerable<ContainerCommands.NoteGone> Gone(
        ContainerState state, IEnumerable<HostLedger> ledgers, DateTimeOffset at) =>
        from ledger in ledgers
        where ledger is { Hearing.Gone: true, Absence: not null }
        let gone = new ContainerCommands.NoteGone(
            ledger.Host, ledger.Hearing!.Last.Incarnation, ledger.Absence!.Value, at)
        where !ContainerDecider.Decide(state, gone).Events.IsEmpty
        select gone;
}
