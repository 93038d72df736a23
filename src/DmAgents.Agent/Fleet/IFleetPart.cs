namespace DmAgents.Agent.Fleet;

/// <summary>A task of the agent while its host is a member of a fleet, such as listening at one of the member's ports.
/// Registered as a service; <see cref="FleetHost"/> runs it after entering.</summary>
internal interface IFleetPart
{
    /// <summary>Runs until it is cancelled: the host leaves, or the agent stops. The certificate may change meanwhile:
    /// <see cref="FleetIdentity.Current"/>.</summary>
    Task RunAsync(FleetPlace place, CancellationToken end);
}
