namespace DmAgents.Kernel.DeviceMapper;

/// <summary>Flags for udev's device-mapper rules, in the upper half of the event number (libdevmapper.h).</summary>
/// <remarks>
/// If udev runs, it must not scan the agent's devices (an open at the wrong moment makes a removal busy). Nor must it
/// maintain the nodes: the agent creates those itself, at once, so that it never waits for udev. The lower half names
/// no semaphore; the rules' last step finds none and continues.
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
