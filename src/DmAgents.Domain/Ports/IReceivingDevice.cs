using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>
/// The device that a layer is received into: a snapshot of the ancestor that it is received upon, or a blank one. No
/// other process can open it, and it is no layer before it is committed.
/// </summary>
/// <remarks>Safe for use by many threads at once, on different ranges. Writes bypass the page cache; a power cut may
/// keep any of those since the last <see cref="Sync"/>, each sector whole or not at all.
/// <para>If the pool's block is larger than 1 MiB, several writes fill a new block. If the agent dies between them, or
/// the power fails, or a write fails, the rest of that block can have what the disk had there before: bytes of another
/// layer, even in a part that was synced, or zeroed, or never written. So after such an end the caller reads back all
/// of each block that it wrote any part of (or all of the device), and not only what it wrote, before it uses the
/// device.
/// </para></remarks>
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
