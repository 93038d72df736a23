using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace DmAgents.Domain.Fleet;

/// <summary>A certificate's serial number: 1 to 20 bytes (RFC 5280, 4.1.2.2), as lower-case hex, two digits a
/// byte.</summary>
public readonly partial record struct CertificateSerial
{
    public const int MaxBytes = 20;

    private readonly string? _value;

    private CertificateSerial(string value) => _value = value;

    public string Value => _value ?? throw new InvalidOperationException("a serial number was never set");

    /// <exception cref="ArgumentException">Not 1 to 20 bytes.</exception>
    public static CertificateSerial Of(ReadOnlySpan<byte> bytes) => bytes.Length is > 0 and <= MaxBytes
        ? new CertificateSerial(Convert.ToHexStringLower(bytes))
        : throw new ArgumentException($"A serial number has 1 to {MaxBytes} bytes, not {bytes.Length}", nameof(bytes));

    public static bool TryParse([NotNullWhen(true)] string? text, out CertificateSerial serial)
    {
        var valid = text is not null && Form().IsMatch(text);
        serial = valid ? new CertificateSerial(text!) : default;
        return valid;
    }

    public byte[] ToBytes() => Convert.FromHexString(Value);

    public override string ToString() => Value;

    [GeneratedRegex(@"\A([0-9a-f]{2}){1,20}\z")]
    private static partial Regex Form();
}
