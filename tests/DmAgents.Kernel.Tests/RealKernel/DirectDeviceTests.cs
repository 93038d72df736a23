using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using DmAgents.Kernel.BlockDevices;
using DmAgents.Kernel.Tests.Contract;
using DmAgents.Testing.Contracts;

namespace DmAgents.Kernel.Tests.RealKernel;

/// <summary>What an open device remembers.</summary>
[Trait("Needs", "Kernel")]
public sealed class DirectDeviceTests : IDisposable
{
    private readonly ContractScope _scope = new(new LinuxKernelFixture());

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Blocks_that_are_written_whole_are_not_remembered()
    {
        var live = _scope.OpenPool().CreateActive(1);
        using var device = DirectDevice.OpenForReceiving(live.Name.Path, PoolBlockSize.Default).Must();

        device.Write(ByteSize.Zero, ContractPool.Block(1, count: 100)).Must();
        Assert.Equal(0, device.RoundedBlocks);
        device.Write(ByteSize.MiB(16) + ByteSize.KiB(32), ContractPool.Block(2, count: 100)).Must();
        Assert.Equal(2, device.RoundedBlocks);
        device.Zero(new ByteRange(ByteSize.MiB(16), ByteSize.MiB(1))).Must();
        Assert.Equal(1, device.RoundedBlocks);
    }
}
