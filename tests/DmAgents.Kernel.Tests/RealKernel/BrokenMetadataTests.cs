using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.DeviceMapper;
using static DmAgents.Kernel.Tests.RealKernel.PoolFixture;

namespace DmAgents.Kernel.Tests.RealKernel;

/// <summary>A pool whose metadata device begins to refuse writes.</summary>
[Trait("Needs", "Kernel")]
public sealed class BrokenMetadataTests : IDisposable
{
    private static readonly MappedName Metadata = new("dmagents-test-kernel-meta");

    private readonly PoolFixture _pool = new();

    private LinuxKernel Kernel => _pool.Kernel;

    public void Dispose()
    {
        Kernel.ClosePool(_pool.Name);
        _pool.Dispose();
    }

    [Fact]
    public void A_message_whose_commit_fails_is_not_done()
    {
        Breakable();
        Ok(Kernel.CreateThin(_pool.Name, new ThinId(1)));

        Break();
        var refused = Kernel.CreateThin(_pool.Name, new ThinId(2));

        Assert.True(refused.FailedWith(KernelFault.Failed), refused.ToString());
        Assert.True(refused.Error!.LeavesStateUnknown);
        Assert.NotEqual(PoolMode.ReadWrite, Ok(Kernel.PoolStatus(_pool.Name)).Mode);
        var next = Kernel.CreateThin(_pool.Name, new ThinId(3));
        Assert.True(next.FailedWith(KernelFault.NotSupported), next.ToString());
    }

    [Fact]
    public void What_was_not_committed_is_gone_when_the_pool_is_opened_again()
    {
        var table = Breakable();
        Ok(Kernel.CreateThin(_pool.Name, new ThinId(1)));
        Break();
        Assert.False(Kernel.CreateThin(_pool.Name, new ThinId(2)).Succeeded);
        Ok(Kernel.ClosePool(_pool.Name));
        Ok(Kernel.ReloadLinear(Whole()));

        Ok(Kernel.OpenPool(table));

        Assert.Equal(PoolMode.ReadWrite, Ok(Kernel.PoolStatus(_pool.Name)).Mode);
        Assert.Equal(new ThinId(1), Assert.Single(Ok(Kernel.ListThins(_pool.Name))).Id);
        Ok(Kernel.ClosePool(_pool.Name));
    }

    [Fact]
    public void A_pool_that_needs_a_check_opens_read_only_and_does_not_grow()
    {
        Ok(Kernel.ClosePool(_pool.Name));
        MetadataMark.Set(Kernel, TestDisks.Metadata);

        Ok(Kernel.OpenPool(_pool.Table));

        var status = Ok(Kernel.PoolStatus(_pool.Name));
        Assert.Equal((PoolMode.ReadOnly, true), (status.Mode, status.NeedsCheck));
        Assert.True(Kernel.CreateThin(_pool.Name, new ThinId(1)).FailedWith(KernelFault.NotSupported));
        var grown = Kernel.ReloadPool(_pool.Table with { DataLength = ByteSize.MiB(600).Sectors });
        Assert.True(grown.FailedWith(KernelFault.Invalid), grown.ToString());
        Assert.Contains("thin_check", grown.Error!.Detail, StringComparison.Ordinal);
        Assert.Equal(status.Data.Total, Ok(Kernel.PoolStatus(_pool.Name)).Data.Total);
    }

    [Fact]
    public void A_full_metadata_device_makes_the_pool_read_only()
    {
        Ok(Kernel.ClosePool(_pool.Name));
        Ok(Kernel.Zero(TestDisks.Metadata, ByteSize.Zero, ByteSize.MiB(2)));
        Ok(Kernel.OpenLinear(new LinearTable(Metadata, new($"{DeviceNames.UuidPrefix}{_pool.Uuid}-meta"),
            [new(TestDisks.Metadata, default, ByteSize.KiB(256).Sectors)])));
        var table = _pool.Table with { Metadata = Metadata.Path };
        Ok(Kernel.OpenPool(table));

        var refused = KernelResult.Done;
        for (uint id = 1; id < 2000 && refused.Succeeded; id++)
            refused = Kernel.CreateThin(_pool.Name, new ThinId(id));

        Assert.False(refused.Succeeded);
        var status = Ok(Kernel.PoolStatus(_pool.Name));
        Assert.Equal(PoolMode.ReadOnly, status.Mode);
        Assert.True(Kernel.ListThins(_pool.Name).FailedWith(KernelFault.NotSupported));
        Ok(Kernel.ClosePool(_pool.Name));
    }

    /// <summary>The pool again, over a linear device of its metadata.</summary>
    private ThinPoolTable Breakable()
    {
        Ok(Kernel.ClosePool(_pool.Name));
        Ok(Kernel.OpenLinear(Whole()));
        var table = _pool.Table with { Metadata = Metadata.Path };
        Ok(Kernel.OpenPool(table));
        return table;
    }

    private LinearTable Whole() => new(Metadata, new($"{DeviceNames.UuidPrefix}{_pool.Uuid}-meta"),
        [new(TestDisks.Metadata, default, Ok(Kernel.Inspect(TestDisks.Metadata)).Size.Sectors)]);

    private void Break()
    {
        using var control = Ok(DmControl.Open());
        Ok(control.Load(Metadata, [new(default, Whole().Length, "error", "")], readOnly: false));
        Ok(control.Resume(Metadata));
    }
}
