using System.Collections.Immutable;
using System.Runtime.InteropServices;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.BlockDevices;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.ThinPools.Metadata;

/// <summary>Copies metadata byte for byte. Reads with O_DIRECT, because the kernel writes metadata past the page
/// cache.</summary>
internal static unsafe class MetadataCopy
{
    private const nuint Alignment = 4096;
    private const int PieceLength = 1 << 20;

    public static KernelResult Run(ImmutableArray<LinearSegment> from, DevicePath into)
    {
        var target = BlockNodes.Open(into, OpenFlags.ReadWrite);
        if (!target.Succeeded)
            return target.Error;
        using var copy = target.Value;
        var buffer = (byte*)NativeMemory.AlignedAlloc(PieceLength, Alignment);
        try
        {
            var at = 0UL;
            foreach (var segment in from)
            {
                var copied = Run(segment, new Span<byte>(buffer, PieceLength), copy, into, at);
                if (!copied.Succeeded)
                    return copied;
                at += segment.Length.Bytes.Bytes;
            }
            return FileBytes.Sync(copy, into.Value);
        }
        finally
        {
            NativeMemory.AlignedFree(buffer);
        }
    }

    private static KernelResult Run(
        LinearSegment segment, Span<byte> buffer, FileDescriptor copy, DevicePath into, ulong at)
    {
        var source = BlockNodes.Open(segment.Device, OpenFlags.ReadOnly | OpenFlags.Direct);
        if (!source.Succeeded)
            return source.Error;
        using var file = source.Value;
        var (start, length) = (segment.Start.Bytes.Bytes, segment.Length.Bytes.Bytes);
        for (var done = 0UL; done < length;)
        {
            var piece = buffer[..(int)Math.Min(PieceLength, length - done)];
            var read = FileBytes.Read(file, segment.Device.Value, start + done, piece);
            // Zeros stay a hole in the copy's file.
            var copied = read.Succeeded && piece.IndexOfAnyExcept((byte)0) >= 0
                ? FileBytes.Write(copy, into.Value, at + done, piece)
                : read;
            if (!copied.Succeeded)
                return copied;
            done += (ulong)piece.Length;
        }
        return KernelResult.Done;
    }
}
