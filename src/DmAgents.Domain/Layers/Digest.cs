using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace DmAgents.Domain.Layers;

/// <summary>
/// The SHA-256 of some bytes, in the OCI form: <c>sha256:</c> and 64 lower-case hex digits. Other algorithms of the
/// OCI image specification (sha512) are not taken: no known registry or builder writes them for layers.
/// </summary>
public readonly record struct Digest
{
    private const string Prefix = "sha256:";
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");
    private readonly string? value;

    private Digest(string value) => this.value = value;

    /// <summary>The whole form, <c>sha256:…</c>. Throws on the default value, which names nothing.</summary>
    public string Value => value ?? throw new InvalidOperationException("This digest was never set");

    /// <summary>The 64 hex digits alone: a blob's file name.</summary>
    public string Hex => Value[Prefix.Length..];

    /// <summary>The digest of bytes at hand.</summary>
    public static Digest Of(ReadOnlySpan<byte> bytes) => FromHash(SHA256.HashData(bytes));

    /// <summary>A digest from the 32 bytes that SHA-256 gave.</summary>
    public static Digest FromHash(ReadOnlySpan<byte> hash) =>
        hash.Length == SHA256.HashSizeInBytes
            ? new Digest(Prefix + Convert.ToHexStringLower(hash))
            : throw new ArgumentException($"A SHA-256 has 32 bytes, not {hash.Length}", nameof(hash));

    public static bool TryParse([NotNullWhen(true)] string? text, out Digest digest)
    {
        digest = default;
        if (text is null || text.Length != Prefix.Length + 64 || !text.StartsWith(Prefix, StringComparison.Ordinal))
            return false;
        if (text.AsSpan(Prefix.Length).ContainsAnyExcept(HexDigits))
            return false;
        digest = new Digest(text);
        return true;
    }

    public static Digest Parse(string text) =>
        TryParse(text, out var digest) ? digest : throw new FormatException($"'{text}' is not a sha256 digest");

    public override string ToString() => value ?? "(no digest)";
}
