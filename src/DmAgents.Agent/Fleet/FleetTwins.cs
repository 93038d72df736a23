using DmAgents.Actors.Fleet;
using DmAgents.Domain.Fleet;

namespace DmAgents.Agent.Fleet;

/// <summary>Finds a member with the identity of a host that announces its leave: one of the two runs from a copy of the
/// other's disk. A host leaves the cluster before it announces its leave.</summary>
internal sealed class FleetTwins(FleetBoard board, TimeProvider time)
{
    /// <summary>Time for the news that the host itself has left the cluster. Half of an exchange's timeout; gossip
    /// needs a few seconds.</summary>
    internal TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(15);

    /// <returns>The twin's address; null if there is none.</returns>
    public async Task<string?> OfAsync(HostName leaving, CancellationToken cancellation)
    {
        FleetMember? Member(FleetStatus status) => status.Members.FirstOrDefault(
            member => member.Host == leaving && member.State == FleetMemberState.Up && member.IsReached);
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            await board.When(status => Member(status) is null, either.Token).ConfigureAwait(false);
            return null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Member(board.Current)?.Address.ToString();
        }
    }
}
