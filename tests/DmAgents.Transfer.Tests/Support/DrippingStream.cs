using DmAgents.Transfer.Pacing;

namespace DmAgents.Transfer.Tests.Support;

/// <summary>Bytes that come a few at a time, as TLS gives them.</summary>
internal sealed class DrippingStream(byte[] bytes, int atOnce) : OuterStream(new MemoryStream(bytes))
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        base.ReadAsync(buffer[..Math.Min(buffer.Length, atOnce)], cancellationToken);
}
