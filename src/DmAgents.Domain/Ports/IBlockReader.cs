using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>A device that a layer's blocks are read from.</summary>
/// <remarks>Safe for use by many threads at once. Reads bypass the page cache, so that a copy of a layer does not evict
/// what containers use; offsets and lengths are therefore whole logical sectors of the device.</remarks>
public interface IBlockReader
{
    /// <summary>How long the device is: whole sectors.</summary>
    ByteSize Size { get; }

    /// <summary>Reads exactly so many bytes. What is not mapped reads as zeros.</summary>
    /// <param name="offset">In bytes from the device's start.</param>
    /// <param name="into">All of it is filled after success; its content is undefined after a refusal.</param>
    /// <returns>Invalid if the range ends beyond the device; Failed (EIO) if the disk does not give the bytes.
    /// </returns>
    KernelResult Read(ByteSize offset, Span<byte> into);
}
