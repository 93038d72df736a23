using System.Globalization;

namespace DmAgents.Domain.Devices;

/// <summary>The kernel's number for a device. It can name another device after each boot.</summary>
public readonly record struct DeviceNumber(uint Major, uint Minor)
{
    /// <summary>"254:3", as in sysfs, mountinfo and mapping tables.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Major}:{Minor}");
}
