using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace DmAgents.Agent.Transfers;

/// <summary>Messages of a conversation between two hosts: each is its length (4 bytes, little endian) and
/// JSON.</summary>
internal static class JsonFrames
{
    public static async Task WriteAsync<T>(
        Stream stream, T message, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(message, type);
        var bytes = new byte[sizeof(int) + json.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, json.Length);
        json.CopyTo(bytes, sizeof(int));
        await stream.WriteAsync(bytes, cancellation).ConfigureAwait(false);
        await stream.FlushAsync(cancellation).ConfigureAwait(false);
    }

    /// <param name="limit">Maximum size of a message, in bytes.</param>
    /// <returns>Null: the other side closed the stream.</returns>
    /// <exception cref="IOException">The message is invalid or incomplete.</exception>
    public static async Task<T?> ReadAsync<T>(
        Stream stream, JsonTypeInfo<T> type, int limit, CancellationToken cancellation)
        where T : class
    {
        var header = new byte[sizeof(int)];
        var read = await stream.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, cancellation)
            .ConfigureAwait(false);
        if (read == 0)
            return null;
        var length = BinaryPrimitives.ReadInt32LittleEndian(header);
        if (read < header.Length || length <= 0 || length > limit)
            throw new IOException($"a message of {length} bytes came, of {limit} at most");
        var json = new byte[length];
        await stream.ReadExactlyAsync(json, cancellation).ConfigureAwait(false);
        try
        {
            return JsonSerializer.Deserialize(json, type) ?? throw new IOException("an empty message came");
        }
        catch (JsonException damaged)
        {
            throw new IOException($"a message came that cannot be read: {damaged.Message}", damaged);
        }
    }

    /// <summary>Runs an operation on a stream with a timeout.</summary>
    /// <exception cref="IOException">The operation took longer.</exception>
    public static async Task<T> WithinAsync<T>(
        TimeSpan limit, TimeProvider time, string fault, Func<CancellationToken, Task<T>> read,
        CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            return await read(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new IOException($"{fault} for {limit.TotalSeconds:0.#} s");
        }
    }
}
