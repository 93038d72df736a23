using System.Buffers.Binary;
using System.Security.Cryptography;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;

namespace DmAgents.Fleet.Tokens;

/// <summary>
/// Admits one host to one fleet, once and for a limited time. It names the fleet and its authority, so that the joining
/// host knows both before it sends anything. The issuer recognizes the token by its secret. Printed as one word.
/// </summary>
public sealed record JoinToken
{
    /// <summary>Version, fleet id, fingerprint, secret.</summary>
    public const int Length = 1 + 16 + 32 + SecretLength;

    /// <summary>128 random bits cannot be guessed, so a plain hash of them is stored, not a slow one.</summary>
    private const int SecretLength = 16;

    private const byte Version = 1;
    private readonly byte[] _bytes;

    private JoinToken(byte[] bytes)
    {
        _bytes = bytes;
        Fleet = new FleetId(new Guid(bytes.AsSpan(1, 16), bigEndian: true));
        Authority = new AuthorityFingerprint(Digest.FromHash(bytes.AsSpan(17, 32)));
        Hash = new TokenHash(Digest.Of(bytes));
    }

    public FleetId Fleet { get; }

    public AuthorityFingerprint Authority { get; }

    /// <summary>The hash that the issuer stores: it does not reveal the token.</summary>
    public TokenHash Hash { get; }

    internal ReadOnlySpan<byte> Bytes => _bytes;

    public static JoinToken Make(FleetId fleet, AuthorityFingerprint authority)
    {
        Span<byte> secret = stackalloc byte[SecretLength];
        RandomNumberGenerator.Fill(secret);
        return Of(fleet, authority, secret);
    }

    internal static JoinToken Of(FleetId fleet, AuthorityFingerprint authority, ReadOnlySpan<byte> secret)
    {
        if (secret.Length != SecretLength)
            throw new ArgumentException($"A token's secret has {SecretLength} bytes", nameof(secret));
        var bytes = new byte[Length];
        bytes[0] = Version;
        fleet.Value.TryWriteBytes(bytes.AsSpan(1), bigEndian: true, out _);
        Convert.FromHexString(authority.Value.Hex, bytes.AsSpan(17), out _, out _);
        secret.CopyTo(bytes.AsSpan(17 + 32));
        return new JoinToken(bytes);
    }

    /// <summary>Null if the bytes are not a token of this version.</summary>
    internal static JoinToken? FromBytes(ReadOnlySpan<byte> bytes) =>
        bytes.Length == Length && bytes[0] == Version ? new JoinToken(bytes.ToArray()) : null;

    /// <summary>The word: "dmf", then the bytes with their checksum in Crockford's base 32.</summary>
    public string ToWord()
    {
        var bytes = new byte[Length + sizeof(uint)];
        _bytes.CopyTo(bytes, 0);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(Length), Checksum(_bytes));
        return TokenWord.Prefix + TokenWord.Encode(bytes);
    }

    /// <summary>Reads a word, in upper or lower case, with or without surrounding blanks.</summary>
    public static TokenReading Read(string? word)
    {
        var text = (word ?? "").Trim();
        if (text.Length == 0)
            return new TokenReading.Mistyped("there is no token");
        if (!text.StartsWith(TokenWord.Prefix, StringComparison.OrdinalIgnoreCase))
            return new TokenReading.Mistyped($"a token begins with '{TokenWord.Prefix}'");
        var expected = TokenWord.Prefix.Length + TokenWord.LengthOf(Length + sizeof(uint));
        if (text.Length != expected)
        {
            return new TokenReading.Mistyped(
                $"a token has {expected} characters, this one {text.Length}: it was cut or something was added");
        }
        if (TokenWord.FirstWrong(text, TokenWord.Prefix.Length) is { } wrong)
            return new TokenReading.Mistyped($"character {wrong + 1} cannot be in a token");
        var bytes = TokenWord.Decode(text.AsSpan(TokenWord.Prefix.Length));
        if (bytes is null
            || Checksum(bytes.AsSpan(0, Length)) != BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(Length)))
        {
            return new TokenReading.Mistyped("its checksum does not hold: a character is wrong, or two are exchanged");
        }
        return FromBytes(bytes.AsSpan(0, Length)) is { } token
            ? new TokenReading.Read(token)
            : new TokenReading.OtherVersion(bytes[0]);
    }

    public bool Equals(JoinToken? other) =>
        other is not null && CryptographicOperations.FixedTimeEquals(_bytes, other._bytes);

    public override int GetHashCode() => Hash.GetHashCode();

    /// <summary>Not the word: a reader of a log could join with it.</summary>
    public override string ToString() => $"join token of fleet {Fleet}";

    private static uint Checksum(ReadOnlySpan<byte> bytes) =>
        BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(bytes));
}
