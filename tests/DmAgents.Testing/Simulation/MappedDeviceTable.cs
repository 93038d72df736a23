using DmAgents.Domain.Devices;

namespace DmAgents.Testing.Simulation;

/// <summary>Every live mapped device, by name, uuid and minor number.</summary>
internal sealed class MappedDeviceTable
{
    private const uint DeviceMapperMajor = 254;

    private readonly Dictionary<MappedName, MappedDevice> _devices = [];

    public IEnumerable<MappedDevice> All => _devices.Values.OrderBy(device => device.Number.Minor);

    public MappedDevice? Find(MappedName name) => _devices.GetValueOrDefault(name);

    public MappedDevice? Find(DevicePath path) =>
        path.Value.StartsWith("/dev/mapper/", StringComparison.Ordinal)
            ? _devices.Values.FirstOrDefault(device => device.Path == path)
            : _devices.Values.FirstOrDefault(device => path.Value == $"/dev/dm-{device.Number.Minor}");

    public bool IsTaken(MappedName name, MappedUuid uuid) =>
        _devices.ContainsKey(name)
        || (uuid.Value.Length > 0 && _devices.Values.Any(device => device.Uuid == uuid));

    /// <summary>Takes the lowest free minor number, as the kernel does.</summary>
    public MappedDevice Create(MappedName name, MappedUuid uuid)
    {
        var taken = _devices.Values.Select(device => device.Number.Minor).ToHashSet();
        var minor = 0u;
        while (taken.Contains(minor))
            minor++;
        return new MappedDevice(name, uuid, new DeviceNumber(DeviceMapperMajor, minor), Remove);
    }

    /// <summary>A device is listed once it has its table.</summary>
    public void Add(MappedDevice device) => _devices.Add(device.Name, device);

    public void Remove(MappedDevice device)
    {
        _devices.Remove(device.Name);
        if (!device.IsSuspended)
            device.Target.Suspended();
        device.Target.Release();
    }

    public void LoseAll() => _devices.Clear();

    public void FlushAll()
    {
        foreach (var device in _devices.Values)
            device.Flush();
    }
}
