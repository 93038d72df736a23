using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace DmAgents.Kernel.BlockDevices;

/// <summary>Memory that O_DIRECT accepts: page-aligned and pinned.</summary>
internal sealed unsafe class AlignedBuffer
{
    /// <summary>The size of one transfer in bytes. Few reads are longer.</summary>
    public const int Length = 1 << 20;

    private const int Alignment = 4096;

    private readonly byte[] _memory = GC.AllocateUninitializedArray<byte>(Length + Alignment, pinned: true);
    private readonly int _start;

    public AlignedBuffer()
    {
        var address = (nuint)Unsafe.AsPointer(ref _memory[0]);
        _start = (int)((Alignment - address % Alignment) % Alignment);
    }

    public Span<byte> Bytes => _memory.AsSpan(_start, Length);
}

/// <summary>Buffers shared by all devices.</summary>
internal static class AlignedBuffers
{
    /// <summary>More concurrent calls than this are rare; the garbage collector takes the surplus buffers. Receiving a
    /// layer keeps 4 writes in flight.</summary>
    public const int MaxKept = 16;

    private static readonly ConcurrentBag<AlignedBuffer> Free = [];

    /// <summary>Incremented before the bag grows and decremented after it shrinks, so it never counts too
    /// few.</summary>
    private static int _kept;

    public static int Kept => Free.Count;

    public static AlignedBuffer Take()
    {
        if (!Free.TryTake(out var buffer))
            return new AlignedBuffer();
        Interlocked.Decrement(ref _kept);
        return buffer;
    }

    public static void Return(AlignedBuffer buffer)
    {
        if (Interlocked.Increment(ref _kept) <= MaxKept)
            Free.Add(buffer);
        else
            Interlocked.Decrement(ref _kept);
    }
}
