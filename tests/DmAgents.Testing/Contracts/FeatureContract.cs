using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>File systems with features that the kernel does not know: of a younger kernel, one day.</summary>
public abstract class FeatureContract(KernelFixture fixture) : KernelContract(fixture)
{
    /// <summary>No file system has given this bit a meaning.</summary>
    public const int Bit = 30;

    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void A_feature_that_bars_reading_is_named_in_the_refusal_of_every_mount(FileSystemKind kind)
    {
        var device = Formatted(kind, barsReading: true);

        foreach (var readOnly in new[] { true, false })
        {
            Names("incompat_bit_30", Kernel.Mount(device.Name.Path, Scope.NewMountPath(), kind, readOnly));
        }
        Names("incompat_bit_30", Kernel.TryMount(device.Name.Path, kind));
        Names("incompat_bit_30", Kernel.Grow(device.Name.Path, kind, mountedAt: null));
        Eventually.Equal(0u, () => Kernel.Find(device.Name).Must().OpenCount, "the open count");
    }

    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void A_feature_that_bars_writing_is_named_where_writing_is_asked_for(FileSystemKind kind)
    {
        var device = Formatted(kind, barsReading: false);

        Names("ro_compat_bit_30",
            Kernel.Mount(device.Name.Path, Scope.NewMountPath(), kind, readOnly: false));

        Kernel.TryMount(device.Name.Path, kind).Must();
        Assert.Empty(Fixture.ListFiles(Scope.Mount(device, kind, readOnly: true)));
    }

    [Theory]
    [InlineData(FileSystemKind.Ext4)]
    [InlineData(FileSystemKind.Xfs)]
    public void To_try_a_mount_writes_nothing_and_leaves_nothing(FileSystemKind kind)
    {
        var (pool, _) = Scope.OpenFormatted(kind);
        pool.Deactivate(1);
        pool.Snapshot(2, origin: 1);
        var snapshot = pool.Activate(2, ContractScope.FormattedMebibytes);
        Kernel.ReloadThin(pool.Thin(2, ContractScope.FormattedMebibytes, readOnly: true)).Must();
        var before = pool.UsedBlocks;

        Kernel.TryMount(snapshot.Name.Path, kind).Must();

        Assert.Equal(before, pool.UsedBlocks);
        Assert.DoesNotContain(Kernel.Mounts().Must(), mount => mount.Device == snapshot.Number);
        Eventually.Equal(0u, () => Kernel.Find(snapshot.Name).Must().OpenCount, "the open count");
    }

    [Fact]
    public void To_try_what_is_mounted_for_writing_is_Busy_and_what_has_no_file_system_is_Invalid()
    {
        var (pool, device) = Scope.OpenFormatted(FileSystemKind.Ext4);
        Scope.Mount(device);
        var blank = pool.CreateActive(2);

        Kernel.TryMount(device.Name.Path, FileSystemKind.Ext4).MustBeRefused(KernelFault.Busy);
        Kernel.TryMount(blank.Name.Path, FileSystemKind.Ext4).MustBeRefused(KernelFault.Invalid);
        Kernel.TryMount(pool.Thin(3).Name.Path, FileSystemKind.Ext4).MustBeRefused(KernelFault.NotFound);
    }

    private LiveDevice Formatted(FileSystemKind kind, bool barsReading)
    {
        var (_, device) = Scope.OpenFormatted(kind);
        Fixture.GiveUnknownFeature(device.Name.Path, kind, barsReading);
        return device;
    }

    private void Names(string feature, KernelResult refused)
    {
        refused.MustBeRefused(KernelFault.NotSupported);
        Assert.Equal((0, "mount"), (refused.Error!.Errno, refused.Error.Operation));
        Assert.Contains($"Linux {Kernel.Running}, which runs here, does not know", refused.Error.Detail,
            StringComparison.Ordinal);
        Assert.Contains(feature, refused.Error.Detail, StringComparison.Ordinal);
    }
}
