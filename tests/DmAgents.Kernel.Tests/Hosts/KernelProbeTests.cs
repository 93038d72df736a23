using DmAgents.Kernel.Hosts;

namespace DmAgents.Kernel.Tests.Hosts;

public sealed class KernelProbeTests
{
    [Theory]
    [InlineData("mkfs.ext4", "e2fsprogs")]
    [InlineData("mkfs.xfs", "xfsprogs")]
    [InlineData("thin_check", "thin-provisioning-tools")]
    [InlineData("thin_dump", "thin-provisioning-tools")]
    [InlineData("thin_repair", "thin-provisioning-tools")]
    [InlineData("thin_restore", "thin-provisioning-tools")]
    public void A_program_that_is_missing_is_named_with_its_package(string program, string package)
    {
        var problem = Assert.Single(
            KernelProbe.MissingPrograms(KernelProbe.ProgramsFor(usesVolumeGroup: false), p => p.Name != program));

        Assert.StartsWith($"{program} is not installed: ", problem.What, StringComparison.Ordinal);
        Assert.Equal($"apt-get install {package}", problem.Next);
        Assert.False(problem.Fatal);
    }

    [Fact]
    public void Those_of_LVM_are_missed_only_where_a_volume_group_is_configured()
    {
        Assert.DoesNotContain(KernelProbe.ProgramsFor(usesVolumeGroup: false), n => n.Program.DebianPackage == "lvm2");

        Assert.Equal(["lvchange", "lvcreate", "lvs", "vgs"], KernelProbe.ProgramsFor(usesVolumeGroup: true)
            .Where(n => n.Program.DebianPackage == "lvm2").Select(n => n.Program.Name).Order());
    }
}
