using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Ports;

/// <summary>Tells which mapped devices had an event.</summary>
/// <remarks>For one thread. An event is a hint to look, never the fact itself: several become one, and a pool that is
/// resumed below its mark raises none.</remarks>
public interface IDeviceEvents : IDisposable
{
    /// <summary>
    /// Waits until a device has an event, at most for <paramref name="timeout"/>, or until it is cancelled: then the
    /// list is empty. A device first seen is told as changed.
    /// </summary>
    KernelResult<IReadOnlyList<MappedName>> Wait(TimeSpan timeout, CancellationToken cancellation);
}
