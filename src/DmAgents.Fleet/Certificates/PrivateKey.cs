using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;

namespace DmAgents.Fleet.Certificates;

/// <summary>A private key, ECDSA on P-256: a host's, which never leaves the host, or an authority's.</summary>
public sealed class PrivateKey : IDisposable
{
    private readonly ECDsa _key;

    private PrivateKey(ECDsa key) => _key = key;

    public KeyFingerprint Fingerprint => Keys.FingerprintOf(_key.ExportSubjectPublicKeyInfo());

    internal ECDsa Ecdsa => _key;

    public static PrivateKey Make() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>Reads what <see cref="ToPem"/> wrote. False for anything else, and for a key of another kind.</summary>
    public static bool TryRead(ReadOnlySpan<byte> pem, [NotNullWhen(true)] out PrivateKey? key)
    {
        key = null;
        var ecdsa = ECDsa.Create();
        try
        {
            ecdsa.ImportFromPem(Encoding.ASCII.GetString(pem));
            if (Keys.IsP256(ecdsa.ExportParameters(includePrivateParameters: true)))
                key = new PrivateKey(ecdsa);
        }
        catch (Exception cause) when (Untrusted.IsMalformed(cause))
        {
            key = null;
        }
        if (key is null)
            ecdsa.Dispose();
        return key is not null;
    }

    /// <summary>PKCS #8 in PEM, unencrypted: the file's mode protects it.</summary>
    public byte[] ToPem() => Encoding.ASCII.GetBytes(_key.ExportPkcs8PrivateKeyPem() + "\n");

    /// <summary>A signing request (PKCS #10, DER): it proves that its sender has this key. It requests no extensions,
    /// because an authority ignores them.</summary>
    public byte[] RequestFor(HostName host) => Keys.RequestFor(host, _key);

    /// <summary>The certificate with this key, for TLS.</summary>
    public X509Certificate2 With(X509Certificate2 certificate) => certificate.CopyWithPrivateKey(_key);

    public void Dispose() => _key.Dispose();
}

/// <summary>The requirements for a key, and its fingerprint.</summary>
internal static class Keys
{
    private const string P256 = "1.2.840.10045.3.1.7";

    public static KeyFingerprint FingerprintOf(ReadOnlySpan<byte> publicKeyInfo) => new(Digest.Of(publicKeyInfo));

    public static KeyFingerprint FingerprintOf(PublicKey key) => FingerprintOf(key.ExportSubjectPublicKeyInfo());

    /// <summary>See <see cref="PrivateKey.RequestFor"/>.</summary>
    public static byte[] RequestFor(HostName host, ECDsa key)
    {
        var name = new X500DistinguishedNameBuilder();
        name.AddCommonName(host.Value);
        return new CertificateRequest(name.Build(), key, HashAlgorithmName.SHA256).CreateSigningRequest();
    }

    /// <summary>False for keys of other kinds and curves: a single kind of key is easier to reason about.</summary>
    public static bool IsP256(PublicKey key)
    {
        try
        {
            using var ecdsa = key.GetECDsaPublicKey();
            return ecdsa is not null && IsP256(ecdsa.ExportParameters(includePrivateParameters: false));
        }
        catch (Exception cause) when (Untrusted.IsMalformed(cause))
        {
            return false;
        }
    }

    public static bool IsP256(ECParameters parameters) =>
        parameters.Curve.IsNamed
        && (parameters.Curve.Oid.Value == P256 || parameters.Curve.Oid.FriendlyName == "nistP256");
}
