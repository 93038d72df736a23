using System.Collections.Immutable;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;
using DmAgents.Fleet.Authority;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Joining;
using DmAgents.Fleet.Peers;
using DmAgents.Fleet.Tokens;

namespace DmAgents.Fleet.Tests.Support;

/// <summary>One of each kind of document and message, and the bytes that they have for all time: Golden/Bytes.txt has a
/// name and hex digits in each line.</summary>
internal static class Samples
{
    public static IReadOnlyDictionary<string, string> Golden { get; } = Text("Bytes.txt")
        .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' '))
        .ToDictionary(line => line[0], line => line[1]);

    /// <summary>A certificate that was made once: its signature is never the same again.</summary>
    public static AuthorityCertificate Authority { get; } =
        AuthorityCertificate.TryRead(Convert.FromHexString(Golden["authority"]), out var authority)
            ? authority
            : throw new InvalidOperationException("The golden authority cannot be read");

    public static IReadOnlyDictionary<string, JoinMessage> Messages { get; } = new Dictionary<string, JoinMessage>
    {
        ["hello.v1"] = new JoinMessages.Hello(1, 3, SetTime.Start, [Authority]),
        ["join.v1"] = new JoinMessages.Join(
            SetTime.Start, JoinToken.Of(Authority.FleetId, Authority.Fingerprint, "0123456789abcdef"u8),
            new HostName("web1"), new byte[] { 1, 2, 3 }),
        ["renew.v1"] = new JoinMessages.Renew(SetTime.Start, new byte[] { 1, 2, 3 }),
        ["try.v1"] = new JoinMessages.Try(SetTime.Start),
        ["accepted.v1"] = new JoinMessages.Accepted(
            new byte[] { 4, 5 }, [Authority], new byte[] { 6, 7, 8 },
            [Address("web1:2552"), Address("[fd00::1]:2552")]),
        ["trusted.v1"] = new JoinMessages.Trusted(SetTime.Start),
        ["leave.v1"] = new JoinMessages.Leave(SetTime.Start),
        ["update.v1"] = new JoinMessages.Update(SetTime.Start),
        ["updated.v1"] = new JoinMessages.Updated([Authority], new byte[] { 6, 7, 8 }, [Address("web1:2552")]),
        ["left.v1"] = new JoinMessages.Left(SetTime.Start),
        ["refused.v1"] = new JoinMessages.Refused(new JoinRefusal(JoinRefusalReason.NameTaken, "why", "next")),
        ["refused-peer.v1"] = new JoinMessages.Refused(
            new JoinRefusal(JoinRefusalReason.NotTrusted, "why", "next") { Peer = PeerRefusalReason.Revoked }),
    };

    public static AuthorityState State
    {
        get
        {
            var key = new KeyFingerprint(Digest.Of("key"u8));
            var start = SetTime.Start;
            var host = new HostName("web1");
            var certificate = new IssuedCertificate(CertificateSerial.Of([0x41, 2]), key, start.AddDays(90));
            var id = new FleetId(Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e"));
            return AuthorityState.New(new FleetName("prod"), id) with
            {
                Own = TestFleet.First,
                Tokens = ImmutableDictionary<TokenHash, TokenRecord>.Empty
                    .Add(new TokenHash(Digest.Of("1"u8)), new TokenRecord(start, start.AddHours(1), Use: null))
                    .Add(
                        new TokenHash(Digest.Of("2"u8)),
                        new TokenRecord(start, start.AddHours(1), new TokenUse(host, key, start.AddMinutes(1)))),
                Hosts = ImmutableDictionary<HostName, HostRecord>.Empty
                    .Add(host, new HostRecord(key, start, [certificate])),
                RevocationNumber = 3,
                Revocations =
                [
                    new RevocationRecord(
                        CertificateSerial.Of([0x43]), new HostName("web2"), key, start.AddDays(1), start.AddDays(90)),
                ],
            };
        }
    }

    /// <summary>A state with that many records, each with its longest values: a host with 64 certificates, and used
    /// tokens, which are the longest of all.</summary>
    public static AuthorityState Full(int records)
    {
        var start = SetTime.Start.AddTicks(1);
        var key = new KeyFingerprint(Digest.Of("key"u8));
        var host = new HostName(new string('a', HostName.MaxLength));
        var certificates = Enumerable.Range(0, 64).Select(number => new IssuedCertificate(
            CertificateSerial.Of([0x7F, (byte)number, .. new byte[18]]), key, start.AddDays(90)));
        var token = new TokenRecord(start, start.AddHours(1), new TokenUse(host, key, start));
        return AuthorityState.New(new FleetName("prod"), new FleetId(new Guid(1, 2, 3, new byte[8]))) with
        {
            Hosts = ImmutableDictionary<HostName, HostRecord>.Empty
                .Add(host, new HostRecord(key, start, [.. certificates])),
            Tokens = Enumerable.Range(0, records - 65).ToImmutableDictionary(
                number => new TokenHash(Digest.Of(BitConverter.GetBytes(number))), _ => token),
        };
    }

    public static MemberAddress Address(string text) =>
        MemberAddress.TryParse(text, out var address) ? address : throw new ArgumentException(text);

    public static string Text(string name)
    {
        using var stream = typeof(Samples).Assembly.GetManifestResourceStream($"DmAgents.Fleet.Tests.Golden.{name}")!;
        return new StreamReader(stream).ReadToEnd();
    }
}
