using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
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
            damaged, _scope.NewLoopFile(), into,
            new MetadataShape(new TransactionId(41), PoolBlockSize.Default, DataBlocks: 1000)).Must();

        _fixture.Kernel.CheckMetadata(into).Must();
        var content = _fixture.Kernel.ReadMetadata(into).Must();
        Assert.Equal(new TransactionId(41), content.TransactionId);
        Assert.Equal([(1u, 6ul), (7u, 5ul)], content.Thins.Select(thin => (thin.Id.Value, thin.MappedBlocks)));
    }

    /// <summary>thin_repair 0.9.0 leaves out devices without details, 1.1.0 all devices where a node of one is damaged.
    /// </summary>
    [Theory]
    [InlineData(Node.LeafOfThree, 6)]
    [InlineData(Node.RootOfThree, 5)]
    [InlineData(Node.Details, 6)]
    public void What_one_damaged_node_does_not_cover_is_saved_by_either_version(Node node, int least)
    {
        var (damaged, into) = (Slice(), Slice());
        var shape = new MetadataShape(new TransactionId(5), PoolBlockSize.Default, DataBlocks: 100_000);
        using (var text = new MemoryStream(Encoding.ASCII.GetBytes(SixDevices())))
            _fixture.Kernel.RestoreMetadata(text, _scope.NewLoopFile(), damaged, shape).Must();
        var covered = Damage(damaged, node);
        _fixture.Kernel.CheckMetadata(damaged).MustBeRefused(KernelFault.Invalid);

        _fixture.Kernel.RepairMetadata(damaged, _scope.NewLoopFile(), into, shape).Must();

        _fixture.Kernel.CheckMetadata(into).Must();
        var content = _fixture.Kernel.ReadMetadata(into).Must();
        Assert.Equal(new TransactionId(5), content.TransactionId);
        Assert.InRange(content.Thins.Length, least, 6);
        foreach (var thin in content.Thins)
            Assert.Equal(thin.Id.Value == 3 ? 3000 - covered : 3000UL, thin.MappedBlocks);
    }

    /// <summary>A node of the metadata of <see cref="SixDevices"/>.</summary>
    public enum Node
    {
        /// <summary>The fourth leaf of device 3.</summary>
        LeafOfThree,
        RootOfThree,
        Details,
    }

    /// <returns>How many mappings of device 3 are below the node: the versions of thin_restore fill leaves
    /// differently.</returns>
    private ulong Damage(DevicePath metadata, Node node)
    {
        var superblock = Block(metadata, 0);
        var mappings = BinaryPrimitives.ReadUInt64LittleEndian(superblock.AsSpan(320));
        var details = BinaryPrimitives.ReadUInt64LittleEndian(superblock.AsSpan(328));
        var three = Value(Block(metadata, mappings), 2);
        var number = node switch
        {
            Node.Details => details,
            Node.RootOfThree => three,
            _ => Value(Block(metadata, three), 3),
        };
        var block = Block(metadata, number);
        Assert.True(BtreeNode.TryRead(block, out var damaged));
        var covered = node switch
        {
            Node.Details => 0UL,
            Node.RootOfThree => 3000UL,
            _ => (ulong)damaged.Count,
        };
        block.AsSpan(100, 16).Fill(0xA5);
        _fixture.Kernel.Write(metadata, new ByteSize(number * BtreeNode.BlockSize), block).Must();
        _fixture.Kernel.Flush(metadata).Must();
        return covered;
    }

    private byte[] Block(DevicePath metadata, ulong number)
    {
        var block = new byte[BtreeNode.BlockSize];
        _fixture.Kernel.Read(metadata, new ByteSize(number * BtreeNode.BlockSize), block).Must();
        return block;
    }

    private static ulong Value(byte[] block, int index)
    {
        Assert.True(BtreeNode.TryRead(block, out var node));
        return node.Number(index);
    }

    /// <summary>Every second block of each is mapped, so that each has many leaves.</summary>
    private static string SixDevices()
    {
        var text = new StringBuilder("<superblock uuid=\"\" time=\"1\" transaction=\"5\" data_block_size=\"128\">\n");
        for (var (id, data) = (1, 0); id <= 6; id++)
        {
            text.Append(CultureInfo.InvariantCulture, $"<device dev_id=\"{id}\" mapped_blocks=\"3000\" ")
                .Append("transaction=\"2\" creation_time=\"0\" snap_time=\"0\">\n");
            for (var i = 0; i < 3000; i++, data += 2)
            {
                text.Append(CultureInfo.InvariantCulture,
                    $"<single_mapping origin_block=\"{2 * i}\" data_block=\"{data}\" time=\"0\"/>\n");
            }
            text.Append("</device>\n");
        }
        return text.Append("</superblock>\n").ToString();
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
