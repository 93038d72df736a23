using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DmAgents.Domain.Fleet;

namespace DmAgents.Fleet.Certificates;

/// <summary>A signing request whose signature holds. Of all that it says only the public key is kept: subject and
/// extensions of the certificate are the authority's to choose.</summary>
public sealed class SigningRequest
{
    /// <summary>Ours have some 250 bytes.</summary>
    public const int MaxBytes = 2048;

    private SigningRequest(PublicKey key)
    {
        Key = key;
        Fingerprint = Keys.FingerprintOf(key);
    }

    public KeyFingerprint Fingerprint { get; }

    internal PublicKey Key { get; }

    /// <summary>Null, and why in words, if the bytes are no request, the signature does not hold, or the key is not
    /// ECDSA on P-256.</summary>
    public static SigningRequest? Read(ReadOnlySpan<byte> der, out string why)
    {
        why = "";
        if (der.Length > MaxBytes)
        {
            why = $"the signing request has {der.Length} bytes, more than {MaxBytes}";
            return null;
        }
        try
        {
            // Verifies the signature; requested extensions are not loaded.
            var request = CertificateRequest.LoadSigningRequest(
                der.ToArray(), HashAlgorithmName.SHA256, out var read);
            if (read != der.Length)
                why = "bytes follow the signing request";
            else if (!Keys.IsP256(request.PublicKey))
                why = "the key of the signing request is not ECDSA on P-256";
            else
                return new SigningRequest(request.PublicKey);
        }
        catch (Exception cause) when (Untrusted.IsMalformed(cause))
        {
            why = "it is not a signing request, or its signature does not hold";
        }
        return null;
    }
}
