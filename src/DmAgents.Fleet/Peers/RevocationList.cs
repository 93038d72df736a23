using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Wire;

namespace DmAgents.Fleet.Peers;

/// <summary>A certificate that is refused before it expires.</summary>
public sealed record Revocation(CertificateSerial Serial, HostName Host, DateTimeOffset At);

/// <summary>
/// A fleet's revocations, signed by its authority. Of two lists the one with the greater number is in effect; a host
/// rejects a smaller one. An entry is dropped once its certificate has expired.
/// </summary>
/// <remarks>
/// Format: "DMRL", version (u16, 1), fleet id (16 bytes), number (u64), time of issue (u64, ms), the authority's
/// fingerprint (32 bytes), count (u16). Per entry: serial number and host name (each with its length, u16) and time
/// (u64, ms). At the end the signature: ECDSA with SHA-256 over everything before it, 64 bytes.
/// </remarks>
public sealed class RevocationList
{
    /// <summary>A fleet with 90-day certificates would have to revoke a thousand hosts within a quarter to reach
    /// this.</summary>
    public const int MaxEntries = 4096;

    public const int MaxBytes = 80 + MaxEntries * (2 + CertificateSerial.MaxBytes + 2 + HostName.MaxLength + 8)
        + SignatureLength;

    private const int SignatureLength = 64;
    private const int Version = 1;
    private readonly FrozenDictionary<CertificateSerial, Revocation> _bySerial;

    private RevocationList(
        FleetId fleet, ulong number, DateTimeOffset issued, AuthorityFingerprint signer,
        ImmutableArray<Revocation> entries, ReadOnlyMemory<byte> bytes)
    {
        Fleet = fleet;
        Number = number;
        Issued = issued;
        Signer = signer;
        Entries = entries;
        Bytes = bytes;
        _bySerial = entries.ToFrozenDictionary(entry => entry.Serial);
    }

    public FleetId Fleet { get; }

    /// <summary>0 for the list of a fleet without revocations so far.</summary>
    public ulong Number { get; }

    public DateTimeOffset Issued { get; }

    public AuthorityFingerprint Signer { get; }

    public ImmutableArray<Revocation> Entries { get; }

    /// <summary>The document, with its signature.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>An empty list without a signature.</summary>
    internal static RevocationList Unknown(AuthorityCertificate authority) =>
        new(authority.FleetId, 0, authority.NotBefore, authority.Fingerprint, [], ReadOnlyMemory<byte>.Empty);

    /// <summary>Null if the certificate is not revoked.</summary>
    public Revocation? Find(CertificateSerial serial) => _bySerial.GetValueOrDefault(serial);

    public static RevocationList Sign(
        AuthorityCertificate authority, PrivateKey key, ulong number, DateTimeOffset now,
        ImmutableArray<Revocation> entries)
    {
        var signed = Content(authority.FleetId, number, now, authority.Fingerprint, entries);
        var signature = key.Ecdsa.SignData(signed.Span, HashAlgorithmName.SHA256);
        return new RevocationList(
            authority.FleetId, number, now, authority.Fingerprint, entries, (byte[])[.. signed.Span, .. signature]);
    }

    /// <summary>Null if the bytes are not a list, or none of these authorities signed it.</summary>
    public static RevocationList? Read(ReadOnlySpan<byte> bytes, IEnumerable<AuthorityCertificate> authorities)
    {
        if (bytes.Length is <= SignatureLength or > MaxBytes
            || Parse(bytes[..^SignatureLength], bytes.ToArray()) is not { } list)
        {
            return null;
        }
        var signer = authorities.FirstOrDefault(
            authority => authority.Fingerprint == list.Signer && authority.FleetId == list.Fleet);
        if (signer is null)
            return null;
        using var key = signer.Certificate.GetECDsaPublicKey();
        var holds = key?.VerifyData(
            bytes[..^SignatureLength], bytes[^SignatureLength..], HashAlgorithmName.SHA256) is true;
        return holds ? list : null;
    }

    internal static ReadOnlyMemory<byte> Content(
        FleetId fleet, ulong number, DateTimeOffset now, AuthorityFingerprint signer,
        ImmutableArray<Revocation> entries)
    {
        if (entries.Length > MaxEntries)
            throw new ArgumentException($"A list has at most {MaxEntries} entries", nameof(entries));
        var writer = new ByteWriter()
            .Raw("DMRL"u8).U16(Version).Raw(fleet.Value.ToByteArray(bigEndian: true)).U64(number).Time(now)
            .Raw(Convert.FromHexString(signer.Value.Hex)).U16(entries.Length);
        foreach (var entry in entries)
            writer.Bytes16(entry.Serial.ToBytes()).Text16(entry.Host.Value).Time(entry.At);
        return writer.Written;
    }

    private static RevocationList? Parse(ReadOnlySpan<byte> content, byte[] whole)
    {
        var reader = new ByteReader(content);
        var isList = reader.Raw(4).SequenceEqual("DMRL"u8) && reader.U16() == Version;
        if (!isList || reader.Failed)
            return null;
        var fleet = reader.Raw(16);
        var number = reader.U64();
        var issued = reader.Time();
        var signer = reader.Raw(SHA256.HashSizeInBytes);
        var count = reader.U16();
        if (reader.Failed || count > MaxEntries)
            return null;
        var entries = ImmutableArray.CreateBuilder<Revocation>();
        var serials = new HashSet<CertificateSerial>();
        for (var index = 0; index < count && !reader.Failed; index++)
        {
            var serial = reader.Bytes16(CertificateSerial.MaxBytes);
            var host = reader.Text16(HostName.MaxLength);
            var at = reader.Time();
            if (serial.IsEmpty || !HostName.TryParse(host, out var name) || !serials.Add(CertificateSerial.Of(serial)))
                return null;
            entries.Add(new Revocation(CertificateSerial.Of(serial), name, at));
        }
        return reader.IsComplete
            ? new RevocationList(
                new FleetId(new Guid(fleet, bigEndian: true)), number, issued,
                new AuthorityFingerprint(Digest.FromHash(signer)), entries.ToImmutable(), whole)
            : null;
    }
}
