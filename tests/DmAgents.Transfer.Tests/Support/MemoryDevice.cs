using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Transfer.Tests.Support;

/// <summary>A device whose bytes are all in memory, and which counts what is read of it.</summary>
internal sealed class MemoryDevice(byte[] bytes) : IBlockReader
{
    public ByteSize Size => new((ulong)bytes.Length);

    public long BytesRead { get; private set; }

    public KernelResult Read(ByteSize offset, Span<byte> into)
    {
        bytes.AsSpan((int)offset.Bytes, into.Length).CopyTo(into);
        BytesRead += into.Length;
        return KernelResult.Done;
    }
}
