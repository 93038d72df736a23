using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.BlockDevices;

namespace DmAgents.Kernel;

/// <content>The calls of ILayerBlocks.</content>
public sealed partial class LinuxKernel
{
    public KernelResult<IOpenBlocks> OpenForReading(MappedName device)
    {
        var opened = _devices.Find(device) is { Error: { } missing }
            ? missing
            : DirectDevice.OpenForReading(device.Path);
        return opened.Succeeded ? KernelResult.Found<IOpenBlocks>(opened.Value) : opened.Error;
    }

    public KernelResult<IOpenReceivingDevice> OpenForReceiving(MappedName device, PoolBlockSize block)
    {
        var opened = _devices.Find(device) is { Error: { } missing }
            ? missing
            : DirectDevice.OpenForReceiving(device.Path, block);
        return opened.Succeeded ? KernelResult.Found<IOpenReceivingDevice>(opened.Value) : opened.Error;
    }
}
