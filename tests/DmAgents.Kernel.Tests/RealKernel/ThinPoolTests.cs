using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using static DmAgents.Kernel.Tests.RealKernel.PoolFixture;

namespace DmAgents.Kernel.Tests.RealKernel;

[Trait("Needs", "Kernel")]
public sealed class ThinPoolTests : IDisposable
{
    private static readonly ByteSize Size = ByteSize.MiB(64);

    private readonly PoolFixture _pool = new();

    private LinuxKernel Kernel => _pool.Kernel;

    public void Dispose() => _pool.Dispose();

    [Fact]
    public void An_empty_pool_is_writable_and_has_all_its_blocks()
    {
        var status = Ok(Kernel.PoolStatus(_pool.Name));

        Assert.Equal(PoolMode.ReadWrite, status.Mode);
        Assert.Equal(new BlockUsage(0, 8192, ByteSize.KiB(64)), status.Data);
        Assert.True(status.Metadata.Used > 0 && status.Metadata.Total > status.Metadata.Used);
        Assert.Equal(NoSpacePolicy.Queue, status.NoSpace);
        Assert.False(status.NeedsCheck);
        Assert.Null(status.HeldRoot);
    }

    [Fact]
    public void A_snapshot_has_its_origins_bytes_and_keeps_them()
    {
        _pool.Create(1, Size);
        var origin = DeviceNames.Thin(_pool.Pool, new ThinId(1));
        Ok(Kernel.Write(origin.Path, ByteSize.KiB(64), Bytes(7)));

        Ok(Kernel.Suspend(origin, freeze: true));
        Ok(Kernel.CreateSnapshot(_pool.Name, new ThinId(2), new ThinId(1)));
        Ok(Kernel.Resume(origin));
        Ok(Kernel.Write(origin.Path, ByteSize.KiB(64), Bytes(8)));
        Ok(Kernel.ActivateThin(_pool.Thin(2, Size)));

        var read = new byte[4096];
        Ok(Kernel.Read(DeviceNames.Thin(_pool.Pool, new ThinId(2)).Path, ByteSize.KiB(64), read));
        Assert.Equal(Bytes(7), read);
    }

    private static byte[] Bytes(byte value) => [.. Enumerable.Repeat(value, 4096)];
}
