using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace DmAgents.Kernel.BlockDevices;

/// <summary>Memory that O_DIRECT takes: it begins at a whole page, and the collector does not move it.</summary>
internal sealed unsafe class AlignedBuffer
{
    /// <summary>A piece of a transfer: few reads are longer.</summary>
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

/// <summary>Buffers that all devices use again.</summary>
internal static class AlignedBuffers
{
    /// <summary>More than that many calls at once are rare; the collector takes what they leave. A layer is received
    /// with 4 pieces at the disk.</summary>
    public const int MaxKept = 16;

    private static readonly ConcurrentBag<AlignedBuffer> Free = [];

    /// <summary>Changed before the bag gains and after it loses: it is never too small.</summary>
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
