using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>
/// The device that receives a layer: a snapshot of its ancestor, or a blank device. No other process can open it, and
/// it is not a layer before it is committed.
/// </summary>
/// <remarks>Thread-safe on different ranges. Writes bypass the page cache; a power cut may keep any of the writes since
/// the last <see cref="Sync"/>, each sector whole or not at all.
/// <para>If the pool's block is larger than 1 MiB, several writes fill a fresh block. If the agent dies between them,
/// the power fails, or a write fails, the rest of that block can hold old data of the disk: bytes of another layer.
/// This can even affect parts that were synced, zeroed, or never written. After such an end the caller must not use
/// the device before it has read back every block of which it wrote any part (or the whole device).
/// </para></remarks>
public interface IReceivingDevice : IBlockReader
{
    /// <summary>Writes all of the bytes. Idempotent.</summary>
    /// <param name="offset">In bytes from the device's start; whole logical sectors, like the length.</param>
    /// <returns>Invalid if the range ends beyond the device; NoSpace if the pool is full; Failed (EIO).</returns>
    KernelResult Write(ByteSize offset, ReadOnlySpan<byte> bytes);

    /// <summary>Makes a range read as zeros: discards whole blocks of the pool, and writes zeros to the rest.
    /// Idempotent.</summary>
    /// <returns>As for <see cref="Write"/>.</returns>
    KernelResult Zero(ByteRange range);

    /// <summary>On return all earlier writes are durable on the disk and in the pool's metadata.</summary>
    KernelResult Sync();
}
