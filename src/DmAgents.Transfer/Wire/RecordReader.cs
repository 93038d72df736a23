using System.Buffers.Binary;

namespace DmAgents.Transfer.Wire;

/// <summary>
/// Reads the other side's records. It waits for a complete payload (TLS delivers 16 KiB at a time) in one buffer of
/// fixed length; a peer's claims allocate nothing.
/// </summary>
/// <param name="side">The side that wrote them.</param>
public sealed class RecordReader(Stream stream, WireSide side) : IDisposable
{
    private readonly byte[] _prefix = new byte[RecordWriter.PrefixLength];
    private readonly byte[] _payload = new byte[
        side == WireSide.Sender ? WireLimits.Payload : WireLimits.Of(RecordType.AskPieces)];
    private readonly ChunkFormat _chunks = new();

    /// <summary>The number of bytes read.</summary>
    public long BytesRead { get; private set; }

    public void Dispose() => _chunks.Dispose();

    /// <summary>The next record; its bytes are valid until the next call. Null: the stream ended between two
    /// records.</summary>
    /// <exception cref="WireException">The bytes are not a record of this side.</exception>
    public async ValueTask<TransferRecord?> ReadAsync(CancellationToken cancellation)
    {
        var read = await FillAsync(_prefix, cancellation).ConfigureAwait(false);
        if (read == 0)
            return null;
        var type = (RecordType)_prefix[0];
        if (!RecordFormat.IsFrom(type, side))
        {
            var name = Enum.IsDefined(type)
                ? $"\"{type}\", which this side does not send"
                : $"of unknown type {_prefix[0]}";
            throw new WireException(WireFault.UnexpectedRecord, $"a record {name}");
        }
        if (read < _prefix.Length)
            throw CutOff(type, read, _prefix.Length);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(_prefix.AsSpan(1));
        if (length > WireLimits.Of(type))
            throw FieldReader.Bad(
                RecordFormat.NameOf(type), $"{length} bytes where {WireLimits.Of(type)} are the most",
                WireFault.BadLength);
        var payload = _payload.AsMemory(0, (int)length);
        read = await FillAsync(payload, cancellation).ConfigureAwait(false);
        if (read < payload.Length)
            throw CutOff(type, read, payload.Length);
        return type == RecordType.Data ? _chunks.Read(payload) : RecordFormat.Read(type, payload.Span);
    }

    private async ValueTask<int> FillAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        var read = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation)
            .ConfigureAwait(false);
        BytesRead += read;
        return read;
    }

    private static WireException CutOff(RecordType type, int read, int length) =>
        new(WireFault.CutOff, $"the stream ended after {read} of {length} bytes of a record \"{type}\"");
}
