using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.Tests.Interop;

public sealed class KernelErrorsTests
{
    [Theory]
    [InlineData(1, KernelFault.NotPermitted)]
    [InlineData(2, KernelFault.NotFound)]
    [InlineData(3, KernelFault.NotFound)]
    [InlineData(5, KernelFault.Failed)]
    [InlineData(6, KernelFault.NotFound)]
    [InlineData(12, KernelFault.Failed)]
    [InlineData(13, KernelFault.NotPermitted)]
    [InlineData(16, KernelFault.Busy)]
    [InlineData(17, KernelFault.Exists)]
    [InlineData(19, KernelFault.NotFound)]
    [InlineData(22, KernelFault.Invalid)]
    [InlineData(25, KernelFault.NotSupported)]
    [InlineData(26, KernelFault.Busy)]
    [InlineData(27, KernelFault.NoSpace)]
    [InlineData(28, KernelFault.NoSpace)]
    [InlineData(30, KernelFault.ReadOnly)]
    [InlineData(33, KernelFault.Invalid)]
    [InlineData(34, KernelFault.Invalid)]
    [InlineData(36, KernelFault.Invalid)]
    [InlineData(38, KernelFault.NotSupported)]
    [InlineData(39, KernelFault.Busy)]
    [InlineData(61, KernelFault.NotFound)]
    [InlineData(95, KernelFault.NotSupported)]
    [InlineData(110, KernelFault.TimedOut)]
    [InlineData(117, KernelFault.Failed)]
    [InlineData(122, KernelFault.NoSpace)]
    [InlineData(4095, KernelFault.Failed)]
    public void A_number_has_one_meaning(int errno, KernelFault fault)
    {
        var error = KernelErrors.From(errno, "operation", "subject");

        Assert.Equal(new KernelError(fault, errno, "operation", "subject"), error);
    }

    [Theory]
    [InlineData(0, 0, 0ul)]
    [InlineData(254, 3, 0xFE03ul)]
    [InlineData(254, 255, 0xFEFFul)]
    [InlineData(254, 256, 0x10FE00ul)]
    [InlineData(4095, 1048575, 0xFFFFFFFFul)]
    public void A_device_number_is_packed_as_the_kernel_does(uint major, uint minor, ulong packed)
    {
        Assert.Equal(packed, DeviceNumbers.Pack(new DeviceNumber(major, minor)));
        Assert.Equal(new DeviceNumber(major, minor), DeviceNumbers.Unpack(packed));
    }

    [Theory]
    [InlineData("")]
    [InlineData(":")]
    [InlineData("1:")]
    [InlineData(":1")]
    [InlineData("-1:2")]
    [InlineData("1:2:3")]
    public void What_is_no_device_number_is_not_read_as_one(string text) => Assert.Null(DeviceNumbers.Parse(text));
}
