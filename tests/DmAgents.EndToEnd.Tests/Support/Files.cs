using System.Security.Cryptography;

namespace DmAgents.EndToEnd.Tests.Support;

/// <summary>Large files of random content.</summary>
internal static class Files
{
    private const int Step = 1 << 20;

    /// <summary>Writes a file and returns the digest of its content.</summary>
    public static async Task<string> Write(string path, int length, int seed)
    {
        var random = new Random(seed);
        var buffer = new byte[Step];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var file = File.Create(path);
        for (var left = length; left > 0; left -= Step)
        {
            random.NextBytes(buffer);
            var part = buffer.AsMemory(0, Math.Min(left, Step));
            hash.AppendData(part.Span);
            await file.WriteAsync(part);
        }
        return Convert.ToHexString(hash.GetCurrentHash());
    }

    public static async Task<string> Digest(string path)
    {
        await using var file = File.OpenRead(path);
        return Convert.ToHexString(await SHA256.HashDataAsync(file));
    }

    /// <summary>The next so many bytes, all of them.</summary>
    public static async Task<byte[]> Next(Stream stream, int count)
    {
        var bytes = new byte[count];
        await stream.ReadExactlyAsync(bytes);
        return bytes;
    }
}
