using DmAgents.Domain.Ports;
using DmAgents.Kernel.Processes;
using DmAgents.Kernel.ThinPools;

namespace DmAgents.Kernel.Tests.ThinPools;

public sealed class MetadataCheckTests
{
    private static readonly SystemProgram Shell = new("sh", "dash");

    [Theory]
    [InlineData("exit 0", null)]
    [InlineData("exit 1", KernelFault.Invalid)]
    [InlineData("exit 137", KernelFault.Failed)]
    [InlineData("kill -9 $$", KernelFault.Failed)]
    [InlineData("kill -15 $$", KernelFault.Failed)]
    [InlineData("kill -11 $$", KernelFault.Invalid)]
    [InlineData("kill -6 $$", KernelFault.Invalid)]
    public void Metadata_are_damaged_where_the_check_says_so_not_where_it_was_killed(string script, KernelFault? fault)
    {
        var ended = new ProcessRunner(TimeSpan.FromMinutes(2)).Run(Shell, "/dev/x", "-c", script);

        Assert.Equal(fault, MetadataCheck.Judge(ended).Error?.Fault);
    }

    [Fact]
    public void A_check_that_could_not_be_made_says_nothing_of_the_metadata()
    {
        var missing = new ProcessRunner(TimeSpan.FromMinutes(2)).Run(new SystemProgram("thin_none", "none"), "/dev/x");

        Assert.Equal(KernelFault.NotSupported, MetadataCheck.Judge(missing).Error!.Fault);
    }
}
