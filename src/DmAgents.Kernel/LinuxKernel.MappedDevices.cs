using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Kernel;

/// <content>The calls of IMappedDevices.</content>
public sealed partial class LinuxKernel
{
    public KernelResult<LiveDevice> ActivateThin(ThinTable table) => _devices.ActivateThin(table);

    public KernelResult ReloadThin(ThinTable table) => _devices.ReloadThin(table);

    public KernelResult<LiveDevice> OpenLinear(LinearTable table) => _devices.OpenLinear(table);

    public KernelResult ReloadLinear(LinearTable table) => _devices.ReloadLinear(table);

    public KernelResult<LiveDevice> Find(MappedName name) => _devices.Find(name);

    public KernelResult<TableState> Compare(ThinTable table) => _devices.Compare(table);

    public KernelResult<TableState> Compare(LinearTable table) => _devices.Compare(table);

    public KernelResult<IReadOnlyList<LiveDevice>> ListDevices(string uuidStart) => _devices.ListDevices(uuidStart);

    public KernelResult Suspend(MappedName name, bool freeze) => _devices.Suspend(name, freeze);

    public KernelResult Resume(MappedName name) => _devices.Resume(name);

    public KernelResult Remove(MappedName name, bool deferred) => _devices.Remove(name, deferred);

    public KernelResult<IDeviceEvents> WatchEvents() => _devices.WatchEvents();

    public KernelResult<ByteSize> MappedBytes(MappedName thin) => _devices.MappedBytes(thin);

    public KernelResult<IReadOnlyList<DeviceHolder>> Holders(LiveDevice device) => _devices.Holders(device);
}
