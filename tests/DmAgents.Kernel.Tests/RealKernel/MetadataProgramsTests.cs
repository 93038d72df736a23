using System.IO.Compression;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.Tests.Contract;
using DmAgents.Kernel.ThinPools.Metadata;
using DmAgents.Testing.Contracts;

namespace DmAgents.Kernel.Tests.RealKernel;

/// <summary>Metadata whose superblock is gone. thin_repair 0.9.0 manages it for these, which were never changed; of
/// those that a kernel has worked on it may fail.</summary>
[Trait("Needs", "Kernel")]
public sealed class MetadataProgramsTests : IDisposable
{
    private readonly LinuxKernelFixture _fixture = new();
    private readonly ContractScope _scope;

    public MetadataProgramsTests() => _scope = new ContractScope(_fixture);

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void A_superblock_that_is_gone_is_made_of_what_the_journal_knows()
    {
        var (damaged, into) = (Slice(), Slice());
        using (var packed = typeof(MetadataProgramsTests).Assembly
            .GetManifestResourceStream("two-devices.metadata.gz")!)
        using (var unpacked = new GZipStream(packed, CompressionMode.Decompress))
        using (var bytes = new MemoryStream())
        {
            unpacked.CopyTo(bytes);
            bytes.GetBuffer().AsSpan(0, BtreeNode.BlockSize).Fill(0xA5);
            _fixture.Kernel.Write(damaged, ByteSize.Zero, bytes.ToArray()).Must();
        }

        _fixture.Kernel.CheckMetadata(damaged).MustBeRefused(KernelFault.Invalid);
        _fixture.Kernel.RepairMetadata(
            damaged, into, new MetadataShape(new TransactionId(41), PoolBlockSize.Default, DataBlocks: 1000)).Must();

        _fixture.Kernel.CheckMetadata(into).Must();
        var content = _fixture.Kernel.ReadMetadata(into).Must();
        Assert.Equal(new TransactionId(41), content.TransactionId);
        Assert.Equal([(1u, 6ul), (7u, 5ul)], content.Thins.Select(thin => (thin.Id.Value, thin.MappedBlocks)));
    }

    private DevicePath Slice()
    {
        var (name, uuid) = _scope.NewPool();
        var slice = _scope.OpenSlice(
            DeviceNames.NextMetadata(name), DeviceNames.NextMetadataId(uuid), _fixture.MetadataDisk, 4).Path;
        _fixture.Kernel.Zero(slice, ByteSize.Zero, ByteSize.MiB(4)).Must();
        return slice;
    }
}
