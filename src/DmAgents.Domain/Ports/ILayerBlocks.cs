using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Ports;

/// <summary>Opens live devices whose blocks are copied between hosts. I/O bypasses the page cache.</summary>
public interface ILayerBlocks
{
    /// <summary>Opens a device for reading. It stays live until it is closed.</summary>
    /// <returns>NotFound if it is not live.</returns>
    KernelResult<IOpenBlocks> OpenForReading(MappedName device);

    /// <summary>
    /// Opens the thin device that receives a layer, and claims it (O_EXCL): until it is closed it cannot be mounted or
    /// formatted, and no other device, swap or second reception can use it. Only root may open its node, and udev
    /// ignores it. Only a root process that opens it without a claim could still read it.
    /// </summary>
    /// <param name="device">Live, writable, and with the layer's length.</param>
    /// <param name="block">The pool's block size, for zeroing.</param>
    /// <returns>NotFound if it is not live; Busy if it is mounted, claimed, or part of another device; ReadOnly or
    /// NotPermitted if it cannot be written.</returns>
    KernelResult<IOpenReceivingDevice> OpenForReceiving(MappedName device, PoolBlockSize block);
}

/// <summary>An open device. Disposal closes it; no call may be running then, and none may follow.</summary>
public interface IOpenBlocks : IBlockReader, IDisposable;

/// <summary>As <see cref="IOpenBlocks"/>, for writing. Data not synced before the disposal may be lost.</summary>
public interface IOpenReceivingDevice : IReceivingDevice, IDisposable;
