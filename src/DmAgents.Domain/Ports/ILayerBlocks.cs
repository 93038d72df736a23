using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Ports;

/// <summary>Opens live devices whose blocks travel between hosts: past the page cache.</summary>
public interface ILayerBlocks
{
    /// <summary>Opens a device for reading. It stays live until it is closed.</summary>
    /// <returns>NotFound if it is not live.</returns>
    KernelResult<IOpenBlocks> OpenForReading(MappedName device);

    /// <summary>
    /// Opens a thin device that a layer is received into, and claims it (O_EXCL): until it is closed it cannot be
    /// mounted or formatted, and no other device, swap or second reception can use it. Its node belongs to root alone,
    /// and udev was told to leave it alone. Only a process of root that opens it without a claim could still read it.
    /// </summary>
    /// <param name="device">Live, of the length that the layer is to have, and writable.</param>
    /// <param name="block">Its pool's, for what is zeroed.</param>
    /// <returns>NotFound if it is not live; Busy if it is mounted, claimed, or part of another device; ReadOnly or
    /// NotPermitted if it cannot be written.</returns>
    KernelResult<IOpenReceivingDevice> OpenForReceiving(MappedName device, PoolBlockSize block);
}

/// <summary>An open device. To dispose of it closes it; no call may be under way, and none may follow.</summary>
public interface IOpenBlocks : IBlockReader, IDisposable;

/// <summary>As <see cref="IOpenBlocks"/>, to be written. What was not synced before the disposal may be lost.</summary>
public interface IOpenReceivingDevice : IReceivingDevice, IDisposable;
