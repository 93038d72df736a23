using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>A device from which a layer's blocks are read.</summary>
/// <remarks>Thread-safe. Reads bypass the page cache, so copying a layer does not evict pages that containers use.
/// Therefore offsets and lengths are whole logical sectors of the device.</remarks>
public interface IBlockReader
{
    /// <summary>The device's length: whole sectors.</summary>
    ByteSize Size { get; }

    /// <summary>Fills the whole buffer. Unmapped blocks read as zeros.</summary>
    /// <param name="offset">In bytes from the device's start.</param>
    /// <param name="into">Completely filled after success; undefined after a refusal.</param>
    /// <returns>Invalid if the range ends beyond the device; Failed (EIO) if the disk cannot read the bytes.</returns>
    KernelResult Read(ByteSize offset, Span<byte> into);
}
