using System.Buffers.Binary;

namespace DmAgents.Transfer.Wire;

/// <summary>The first bytes of each side: <c>DMBLOCKS</c>, its version (2 bytes, little endian) and 6 bytes of
/// zero.</summary>
public static class WireGreeting
{
    public const int Length = 16;
    public const ushort Version = 1;

    private static ReadOnlySpan<byte> Magic => "DMBLOCKS"u8;

    /// <summary>Both sides send it at once, so each can report the other's version.</summary>
    public static async ValueTask WriteAsync(Stream stream, CancellationToken cancellation)
    {
        var bytes = new byte[Length];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), Version);
        await stream.WriteAsync(bytes, cancellation).ConfigureAwait(false);
        await stream.FlushAsync(cancellation).ConfigureAwait(false);
    }

    /// <exception cref="WireException">The peer uses another protocol, or another version.</exception>
    public static async ValueTask ReadAsync(Stream stream, CancellationToken cancellation)
    {
        var bytes = new byte[Length];
        var read = await stream.ReadAtLeastAsync(bytes, Length, throwOnEndOfStream: false, cancellation)
            .ConfigureAwait(false);
        if (!bytes.AsSpan(0, Math.Min(read, Magic.Length)).SequenceEqual(Magic[..Math.Min(read, Magic.Length)]))
            throw new WireException(WireFault.NotThisProtocol, "the peer does not speak the protocol of transfers");
        if (read < Length)
            throw new WireException(WireFault.CutOff, $"the peer's greeting ended after {read} bytes");
        var version = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(8));
        if (version != Version)
            throw new WireException(
                WireFault.OtherVersion, $"the peer speaks version {version} of transfers, this agent {Version}");
        if (bytes.AsSpan(10).ContainsAnyExcept((byte)0))
            throw new WireException(WireFault.NotThisProtocol, "the peer's greeting has more than its version");
    }
}
