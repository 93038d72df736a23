using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace DmAgents.Domain.Layers;

/// <summary>
/// A hash of some bytes, in the OCI form: <c>sha256:</c> and 64 lower-case hex digits, or <c>sha512:</c> and 128. These
/// are the registered algorithms of the OCI image specification (descriptor.md); our own digests are all SHA-256.
/// </summary>
public readonly record struct Digest
{
    private const string Sha256 = "sha256:";
    private const string Sha512 = "sha512:";
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");
    private readonly string? value;

    private Digest(string value) => this.value = value;

    /// <summary>The complete form, <c>sha256:…</c>. Throws on the default value, which names nothing.</summary>
    public string Value => value ?? throw new InvalidOperationException("This digest was never set");

    /// <summary>The hex digits alone: a blob's file name.</summary>
    public string Hex => Value[Sha256.Length..];

    public HashAlgorithmName Algorithm =>
        Value.StartsWith(Sha512, StringComparison.Ordinal) ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256;

    /// <summary>The SHA-256 of bytes in memory.</summary>
    public static Digest Of(ReadOnlySpan<byte> bytes) => FromHash(SHA256.HashData(bytes));

    /// <summary>The digest of bytes in memory by the algorithm of another digest, for comparison.</summary>
    public static Digest Of(ReadOnlySpan<byte> bytes, HashAlgorithmName algorithm) =>
        algorithm == HashAlgorithmName.SHA512 ? FromHash(SHA512.HashData(bytes)) : Of(bytes);

    /// <summary>A digest from the 32 bytes of a SHA-256, or the 64 of a SHA-512.</summary>
    public static Digest FromHash(ReadOnlySpan<byte> hash) => hash.Length switch
    {
        SHA256.HashSizeInBytes => new Digest(Sha256 + Convert.ToHexStringLower(hash)),
        SHA512.HashSizeInBytes => new Digest(Sha512 + Convert.ToHexStringLower(hash)),
        _ => throw new ArgumentException($"A SHA-256 has 32 bytes and a SHA-512 64, not {hash.Length}", nameof(hash)),
    };

    public static bool TryParse([NotNullWhen(true)] string? text, out Digest digest)
    {
        digest = default;
        var digits = text is null ? 0
            : text.StartsWith(Sha256, StringComparison.Ordinal) ? 2 * SHA256.HashSizeInBytes
            : text.StartsWith(Sha512, StringComparison.Ordinal) ? 2 * SHA512.HashSizeInBytes
            : 0;
        // Both prefixes have the same length.
        if (digits == 0 || text!.Length != Sha256.Length + digits)
            return false;
        if (text.AsSpan(Sha256.Length).ContainsAnyExcept(HexDigits))
            return false;
        digest = new Digest(text);
        return true;
    }

    public static Digest Parse(string text) => TryParse(text, out var digest)
        ? digest
        : throw new FormatException($"'{text}' is neither a sha256 nor a sha512 digest");

    public override string ToString() => value ?? "(no digest)";
}
