using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;

namespace DmAgents.Testing.Simulation;

/// <summary>Every live mapped device, by name, uuid and minor number.</summary>
internal sealed class MappedDeviceTable
{
    private const uint DeviceMapperMajor = 254;

    private readonly Dictionary<MappedName, MappedDevice> _devices = [];
    private readonly Dictionary<MappedName, LiveDevice> _withoutTable = [];

    public IEnumerable<MappedDevice> All => _devices.Values.OrderBy(device => device.Number.Minor);

    public MappedDevice? Find(MappedName name) => _devices.GetValueOrDefault(name);

    public MappedDevice? Find(DevicePath path) =>
        path.Value.StartsWith("/dev/mapper/", StringComparison.Ordinal)
            ? _devices.Values.FirstOrDefault(device => device.Path == path)
            : _devices.Values.FirstOrDefault(device => path.Value == $"/dev/dm-{device.Number.Minor}");

    /// <summary>What was created and has no table; nothing else can be done with it than to go on, or to remove it.
    /// </summary>
    public IEnumerable<LiveDevice> WithoutTable => _withoutTable.Values;

    /// <summary>One that has the name and the uuid, and no table, is not: who creates it again goes on with it.
    /// </summary>
    public bool IsTaken(MappedName name, MappedUuid uuid) =>
        _devices.ContainsKey(name)
        || (_withoutTable.GetValueOrDefault(name) is { } left && left.Uuid != uuid)
        || (uuid.Value.Length > 0 && (_devices.Values.Any(device => device.Uuid == uuid)
            || _withoutTable.Values.Any(other => other.Uuid == uuid && other.Name != name)));

    public MappedDevice Create(MappedName name, MappedUuid uuid)
    {
        var number = _withoutTable.Remove(name, out var left) ? left.Number : FreeNumber();
        return new MappedDevice(name, uuid, number, Remove);
    }

    public void CreateWithoutTable(MappedName name, MappedUuid uuid) => _withoutTable.Add(name, new LiveDevice(
        name, uuid, FreeNumber(), OpenCount: 0, Suspended: false, ReadOnly: false, RemovalDeferred: false,
        Length: default));

    /// <returns>Whether there was one.</returns>
    public bool RemoveWithoutTable(MappedName name) => _withoutTable.Remove(name);

    /// <summary>A device is listed once it has its table.</summary>
    public void Add(MappedDevice device) => _devices.Add(device.Name, device);

    public void Remove(MappedDevice device)
    {
        _devices.Remove(device.Name);
        if (!device.IsSuspended)
            device.Target.Suspended();
        device.Target.Release();
    }

    public void LoseAll()
    {
        _devices.Clear();
        _withoutTable.Clear();
    }

    public void FlushAll()
    {
        foreach (var device in _devices.Values)
            device.Flush();
    }

    /// <summary>The lowest, as the kernel does.</summary>
    private DeviceNumber FreeNumber()
    {
        var taken = _devices.Values.Select(device => device.Number.Minor)
            .Concat(_withoutTable.Values.Select(device => device.Number.Minor)).ToHashSet();
        var minor = 0u;
        while (taken.Contains(minor))
            minor++;
        return new DeviceNumber(DeviceMapperMajor, minor);
    }
}
