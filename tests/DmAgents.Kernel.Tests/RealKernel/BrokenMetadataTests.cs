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
        var table = Breakable();
        Ok(Kernel.CreateThin(_pool.Name, new ThinId(1)));

        Break(table);
        var refused = Kernel.CreateThin(_pool.Name, new ThinId(2));

        Assert.True(refused.FailedWith(KernelFault.Failed), refused.ToString());
        Assert.True(refused.Error!.LeavesStateUnknown);
        Assert.NotEqual(PoolMode.ReadWrite, Ok(Kernel.PoolStatus(_pool.Name)).Mode);
        var next = Kernel.CreateThin(_pool.Name, new ThinId(3));
        Assert.True(next.FailedWith(KernelFault.NotSupported), next.ToString());
    }

    [Fact]
    public void A_pool_that_needs_a_check_says_so_after_it_is_opened_again_and_does_not_grow()
    {
        var table = Breakable();
        Break(table);
        Assert.False(Kernel.CreateThin(_pool.Name, new ThinId(1)).Succeeded);
        Ok(Kernel.ClosePool(_pool.Name));
        Ok(Kernel.ReloadLinear(Whole()));

        var opened = Kernel.OpenPool(table);

        // The kernel could not write its mark while the device was broken: then the pool is as it was before.
        Ok(opened);
        var status = Ok(Kernel.PoolStatus(_pool.Name));
        Assert.Equal(TransactionId.Initial, status.TransactionId);
        Assert.Empty(Ok(Kernel.ListThins(_pool.Name)));
        Assert.Equal(status.NeedsCheck ? PoolMode.ReadOnly : PoolMode.ReadWrite, status.Mode);
        Ok(Kernel.ClosePool(_pool.Name));
    }

    [Fact]
    public void A_full_metadata_device_makes_the_pool_read_only_until_it_is_checked()
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
        Assert.Equal((PoolMode.ReadOnly, true), (status.Mode, status.NeedsCheck));
        var grown = Kernel.ReloadPool(table with { DataLength = ByteSize.MiB(600).Sectors });
        Assert.True(grown.FailedWith(KernelFault.Invalid), grown.ToString());
        Assert.Contains("thin_check", grown.Error!.Detail, StringComparison.Ordinal);
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
        [new(TestDisks.Metadata, default, ByteSize.MiB(32).Sectors)]);

    private static void Break(ThinPoolTable table)
    {
        using var control = Ok(DmControl.Open());
        Assert.Equal(Metadata.Path, table.Metadata);
        Ok(control.Load(Metadata, [new(default, ByteSize.MiB(32).Sectors, "error", "")], readOnly: false));
        Ok(control.Resume(Metadata));
    }
}
