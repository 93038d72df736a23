using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Tests.Devices;

public sealed class DeviceValueTests
{
    [Fact]
    public void A_thin_id_has_24_bits()
    {
        Assert.Equal(16777215u, new ThinId(ThinId.Max).Value);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ThinId(ThinId.Max + 1));
        Assert.True(new ThinId(2) < new ThinId(10));
    }

    [Theory]
    [InlineData("vg0-root", true)]
    [InlineData("a", true)]
    [InlineData("", false)]
    [InlineData(".", false)]
    [InlineData("..", false)]
    [InlineData("a/b", false)]
    [InlineData("a b", false)]
    [InlineData("a\0b", false)]
    [InlineData("a\x7f", false)]
    [InlineData("ä", false)]
    [InlineData(null, false)]
    public void A_mapped_name_is_one_that_a_node_can_have(string? name, bool valid) =>
        Assert.Equal(valid, MappedName.IsValid(name));

    [Fact]
    public void Names_and_uuids_are_as_long_as_the_kernel_takes_them()
    {
        Assert.True(MappedName.IsValid(new string('x', 127)));
        Assert.False(MappedName.IsValid(new string('x', 128)));
        Assert.Throws<ArgumentException>(() => new MappedName(new string('x', 128)));
        Assert.Equal(128, new MappedUuid(new string('x', 128)).Value.Length);
        Assert.Throws<ArgumentException>(() => new MappedUuid(new string('x', 129)));
    }

    [Fact]
    public void A_mapped_device_has_its_node_below_dev_mapper() =>
        Assert.Equal(new DevicePath("/dev/mapper/dmagents-a-1"), new MappedName("dmagents-a-1").Path);

    [Theory]
    [InlineData("LVM-xyz", true)]
    [InlineData("lvm-xyz", false)]
    [InlineData("DMAGENTS-LVM-", false)]
    [InlineData("", false)]
    public void A_uuid_of_LVM_is_told_by_its_beginning(string uuid, bool ofLvm) =>
        Assert.Equal(ofLvm, new MappedUuid(uuid).IsOfLvm);

    [Theory]
    [InlineData("")]
    [InlineData("dev/sda")]
    [InlineData(" /dev/sda")]
    public void Paths_are_absolute(string path)
    {
        Assert.Throws<ArgumentException>(() => new DevicePath(path));
        Assert.Throws<ArgumentException>(() => new MountPath(path));
        Assert.Throws<ArgumentException>(() => new LoopFile(path));
    }

    [Fact]
    public void What_was_never_set_throws_when_it_is_used()
    {
        Assert.Throws<InvalidOperationException>(() => default(DevicePath).Value);
        Assert.Throws<InvalidOperationException>(() => default(MountPath).Value);
        Assert.Throws<InvalidOperationException>(() => default(LoopFile).Value);
        Assert.Throws<InvalidOperationException>(() => default(MappedName).Value);
        Assert.Equal("", default(MappedUuid).Value);
    }

    [Fact]
    public void A_device_number_is_written_as_in_sysfs() => Assert.Equal("254:3", new DeviceNumber(254, 3).ToString());
}
