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

/// <summary>Buffers that all devices use again: as many as there ever were calls at the same time.</summary>
internal static class AlignedBuffers
{
    private static readonly ConcurrentBag<AlignedBuffer> Free = [];

    public static AlignedBuffer Take() => Free.TryTake(out var buffer) ? buffer : new AlignedBuffer();

    public static void Return(AlignedBuffer buffer) => Free.Add(buffer);
}
