using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Ports;

/// <summary>Reports which mapped devices had an event.</summary>
/// <remarks>For one thread. An event is only a hint to read the status: several events become one, and a pool that is
/// resumed below its mark raises none.</remarks>
public interface IDeviceEvents : IDisposable
{
    /// <summary>
    /// Waits until a device has an event, until <paramref name="timeout"/> passes, or until it is cancelled; in the
    /// last two cases the list is empty. A device is reported as changed when it is first seen.
    /// </summary>
    KernelResult<IReadOnlyList<MappedName>> Wait(TimeSpan timeout, CancellationToken cancellation);
}
