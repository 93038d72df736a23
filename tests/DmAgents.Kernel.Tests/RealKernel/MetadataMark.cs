using System.Buffers.Binary;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.ThinPools.Metadata;
using DmAgents.Testing.Contracts;

namespace DmAgents.Kernel.Tests.RealKernel;

/// <summary>Sets THIN_METADATA_NEEDS_CHECK_FLAG, as the kernel does when an operation on the metadata fails.</summary>
internal static class MetadataMark
{
    public static void Set(IKernel kernel, DevicePath metadata)
    {
        var superblock = new byte[BtreeNode.BlockSize];
        kernel.Read(metadata, ByteSize.Zero, superblock).Must();
        superblock[4] |= 1;
        BinaryPrimitives.WriteUInt32LittleEndian(superblock, BlockChecksum.Of(superblock, BlockChecksum.Superblock));
        kernel.Write(metadata, ByteSize.Zero, superblock).Must();
    }
}
