using System.Globalization;
using DmAgents.Domain.Devices;

namespace DmAgents.Kernel.Interop;

/// <summary>Device numbers as the kernel's own calls pack them (new_encode_dev in linux/kdev_t.h).</summary>
/// <remarks>20 bits of minor around 12 bits of major. glibc's makedev agrees for numbers of this width.</remarks>
internal static class DeviceNumbers
{
    public static ulong Pack(DeviceNumber number) =>
        (number.Minor & 0xffUL) | ((ulong)number.Major << 8) | ((number.Minor & ~0xffUL) << 12);

    public static DeviceNumber Unpack(ulong packed) =>
        new((uint)(packed >> 8) & 0xfff, (uint)(packed & 0xff) | ((uint)(packed >> 12) & 0xfff00));

    /// <summary>Reads "254:3".</summary>
    public static DeviceNumber? Parse(ReadOnlySpan<char> text)
    {
        var colon = text.IndexOf(':');
        return colon > 0
            && uint.TryParse(text[..colon], NumberStyles.None, CultureInfo.InvariantCulture, out var major)
            && uint.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var minor)
            ? new DeviceNumber(major, minor)
            : null;
    }
}
