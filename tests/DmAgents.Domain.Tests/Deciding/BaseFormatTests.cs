using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Tests.Deciding;

/// <summary>How a base's file system is made is journaled with it, and what cannot be made is not begun.</summary>
public sealed class BaseFormatTests
{
    [Theory]
    [InlineData(FileSystemKind.Ext4, "ext4-1")]
    [InlineData(FileSystemKind.Xfs, "xfs-1")]
    public void A_base_and_what_descends_from_it_have_its_format(FileSystemKind kind, string format)
    {
        var state = Given.Pool.Do(Create("web", kind))
            .Do(new PoolCommands.Commit(
                New(), DeviceKey.Container("web"), DeviceKey.Layer("a"), Given.NoLabels, Given.At))
            .Do(Create("next", kind: null, DeviceKey.Layer("a")));

        Assert.Equal(3, state.Devices.Count);
        Assert.All(state.Devices.Values, device => Assert.Equal(new FormatName(format), device.Format));
    }

    [Fact]
    public void What_descends_from_a_base_of_an_older_agent_has_no_format()
    {
        var key = new DeviceKey(DeviceKey.BaseSpace, $"ext4-{Given.BaseSize.Bytes}");
        var state = Given.Pool.After(
            new PoolEvents.BaseIntended(new ThinId(0), key, FileSystemKind.Ext4, Given.BaseSize, Given.At),
            new PoolEvents.Created(new ThinId(0), Given.At));

        Assert.All(state.Do(Create("web", kind: null)).Devices.Values, device => Assert.Null(device.Format));
    }

    [Theory]
    [InlineData(FileSystemKind.Xfs, 299, "xfs needs 300 MiB at least, and 299 MiB is what it would have")]
    [InlineData(FileSystemKind.Ext4, 7, "ext4 needs 8 MiB at least, and 7 MiB is what it would have")]
    public void A_container_too_small_for_its_file_system_is_refused_with_the_number(
        FileSystemKind kind, int mib, string why) => Assert.Equal(
            why, Given.RefusedBy(Given.Pool, Create("web", kind, size: ByteSize.MiB((ulong)mib))).Why);

    [Fact]
    public void A_pool_of_an_older_agent_whose_bases_are_too_small_says_so()
    {
        var small = Given.Pool with
        {
            Identity = Given.Pool.Identity! with { FileSystem = FileSystemKind.Xfs, BaseSize = ByteSize.MiB(256) },
        };

        Assert.Contains("300 MiB", Given.RefusedBy(small, Create("web", kind: null)).Why, StringComparison.Ordinal);
        Assert.Contains("300 MiB", Given.RefusedBy(small, new PoolCommands.CreateView(
            New(), DeviceKey.Container("view"), Parent: null, FileSystem: null, Given.NoLabels, Given.At)).Why,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_size_beyond_every_device_is_refused() => Assert.Contains(
        "a block device can have",
        Given.RefusedBy(Given.Pool, Create("web", kind: null, size: new ByteSize(ulong.MaxValue - 511))).Why,
        StringComparison.Ordinal);

    [Fact]
    public void Features_are_compared_with_what_the_agent_gives()
    {
        var traits = new FileSystemTraits(
            FileSystemKind.Ext4, ByteSize.KiB(4),
            [.. FileSystemFormat.Ext4.Features.Except(["flex_bg"]), "orphan_file", "metadata_csum_seed", "incompat_bit_30"]);

        Assert.Equal(
            "with incompat_bit_30, with metadata_csum_seed, with orphan_file, without flex_bg",
            traits.DifferenceTo(FileSystemFormat.Ext4));
    }

    [Theory]
    [InlineData("6.1.0-18-amd64", 6, 1)]
    [InlineData("4.18.0-513.el8.x86_64", 4, 18)]
    [InlineData("6.13-rc2", 6, 13)]
    public void A_kernels_release_tells_its_version(string release, int major, int minor)
    {
        Assert.True(KernelVersion.TryParse(release, out var version));
        Assert.Equal(new KernelVersion(major, minor), version);
        Assert.False(KernelVersion.TryParse("linux", out _));
    }

    private static RequestId New() => new(Guid.NewGuid());

    private static PoolCommands.CreateSnapshot Create(
        string name, FileSystemKind? kind, DeviceKey? parent = null, ByteSize? size = null) => new(
        New(), DeviceKey.Container(name), parent, size, kind, DeviceUse.Idle, Given.NoLabels, Given.At);
}
