using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>Volumes of volume groups.</summary>
public abstract class VolumeGroupContract(KernelFixture fixture) : KernelContract(fixture)
{
    private const string Group = "test-group";

    private static readonly LogicalVolume Volume = new(Group, "dmagents-test-2");

    [Fact]
    public void A_volume_is_made_once_and_found_again_by_its_name()
    {
        using var group = Fixture.MakeVolumeGroup(Group);

        var made = Kernel.EnsureVolume(Volume, ByteSize.MiB(21)).Must();

        Assert.Equal(Volume.Path, made);
        var found = Kernel.Inspect(made).Must();
        Assert.Equal(ByteSize.MiB(24), found.Size);
        Assert.False(found.InUse || found.ReadOnly);
        Assert.Null(found.Signature);
        Assert.Equal(made, Kernel.EnsureVolume(Volume, ByteSize.MiB(60)).Must());
        Assert.Equal(found.Size, Kernel.Inspect(made).Must().Size);
    }

    [Fact]
    public void A_group_that_has_not_the_room_refuses_and_makes_nothing()
    {
        using var group = Fixture.MakeVolumeGroup(Group);

        Kernel.EnsureVolume(Volume, ByteSize.GiB(1)).MustBeRefused(KernelFault.Failed);

        Kernel.Inspect(Volume.Path).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void A_missing_group_is_NotFound() =>
        Kernel.EnsureVolume(new LogicalVolume("test-none", "volume"), ByteSize.MiB(4))
            .MustBeRefused(KernelFault.NotFound);
}
