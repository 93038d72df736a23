namespace DmAgents.Kernel.DeviceMapper;

/// <summary>What udev's device-mapper rules are told, in the upper half of the event number (libdevmapper.h).</summary>
/// <remarks>
/// Where udev runs it must neither scan the agent's devices (an open at the wrong moment makes a removal busy) nor
/// keep the nodes: the boundary makes those itself, at once, so that nothing ever waits for udev. No semaphore is
/// named in the lower half; the rules' last step finds none and goes on.
/// </remarks>
internal static class DmUdev
{
    private const uint DisableMapperRules = 0x0001;
    private const uint DisableSubsystemRules = 0x0002;
    private const uint DisableDiskRules = 0x0004;
    private const uint DisableOtherRules = 0x0008;
    private const uint PrimarySource = 0x0040;

    public const uint LeaveAlone = (DisableMapperRules | DisableSubsystemRules | DisableDiskRules
        | DisableOtherRules | PrimarySource) << 16;
}
