using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>
/// The device that a layer is received into: a snapshot of the ancestor that it is received upon, or a blank one. No
/// other process can open it, and it is no layer before it is committed.
/// </summary>
/// <remarks>Safe for use by many threads at once, on different ranges. Writes bypass the page cache; a power cut may
/// keep any of those since the last <see cref="Sync"/>, each sector whole or not at all.</remarks>
public interface IReceivingDevice : IBlockReader
{
    /// <summary>Writes all of the bytes. Idempotent.</summary>
    /// <param name="offset">In bytes from the device's start; whole logical sectors, like the length.</param>
    /// <returns>Invalid if the range ends beyond the device; NoSpace if the pool is full; Failed (EIO).</returns>
    KernelResult Write(ByteSize offset, ReadOnlySpan<byte> bytes);

    /// <summary>Makes a range read as zeros: by a discard where it covers whole blocks of the pool, else by writing.
    /// Idempotent.</summary>
    /// <returns>As for <see cref="Write"/>.</returns>
    KernelResult Zero(ByteRange range);

    /// <summary>What was written before is on the disk and in the pool's metadata when this returns.</summary>
    KernelResult Sync();
}
