using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DmAgents.Domain.Fleet;

namespace DmAgents.Fleet.Certificates;

/// <summary>A signing request with a valid signature. Only its public key is kept: the authority chooses the
/// certificate's subject and extensions.</summary>
public sealed class SigningRequest
{
    /// <summary>The agent's own have some 250 bytes.</summary>
    public const int MaxBytes = 2048;

    private SigningRequest(PublicKey key)
    {
        Key = key;
        Fingerprint = Keys.FingerprintOf(key);
    }

    public KeyFingerprint Fingerprint { get; }

    internal PublicKey Key { get; }

    /// <summary>Null, with the reason, if the bytes are not a request, the signature is invalid, or the key is not
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
            // This call verifies the signature and does not load requested extensions.
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
