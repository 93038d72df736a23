using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Takeover;

/// <summary>
/// What keeps Docker from assembling a second pool of the same loop files, to the end of both: a read-only device under
/// the name that Docker would give its pool. A Docker that starts finds it, sees that it is no thin pool, and ends with
/// just these words.
/// </summary>
/// <param name="Directory">Docker's devicemapper/, after which it names its pool.</param>
/// <param name="Shown">The device that is seen under the name: Docker's base, which nobody removes or uses.</param>
/// <param name="Size">Its size.</param>
public sealed record PoolGuard(MountPath Directory, ThinId Shown, ByteSize Size)
{
    /// <summary>Null for a pool that was never Docker's, or that Docker did not assemble itself.</summary>
    public static PoolGuard? Of(PoolState state) =>
        state is { Takeover: { } takeover, Identity.Backing: PoolBacking.LoopFiles }
        && state.Devices.Values.Where(d => d.Kind == DeviceKind.Base && d.IsPresent && takeover.Thins.Contains(d.Id))
            .MinBy(d => d.Id) is { } shown
            ? new PoolGuard(takeover.Directory, shown.Id, shown.Size)
            : null;
}
