using DmAgents.Domain.Devices;

namespace DmAgents.Kernel.Tests.RealKernel;

/// <summary>The disks that whoever boots the test's kernel set aside; everything on them is lost.</summary>
internal static class TestDisks
{
    private static readonly char[] Separators = [':', ' '];

    public static DevicePath Data => Disk(0);

    public static DevicePath Metadata => Disk(1);

    /// <summary>For a file system with loop files in it.</summary>
    public static DevicePath Scratch => Disk(2);

    private static DevicePath Disk(int index)
    {
        var named = Environment.GetEnvironmentVariable("DMAGENTS_TEST_DISKS")
            ?? Environment.GetEnvironmentVariable("LAB_DISKS")
            ?? "/dev/ubda:/dev/ubdb";
        var disks = named.Split(Separators, StringSplitOptions.RemoveEmptyEntries);
        Assert.True(index < disks.Length, $"the tests need {index + 1} disks or more, DMAGENTS_TEST_DISKS has '{named}'");
        return new DevicePath(disks[index]);
    }
}
