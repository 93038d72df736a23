using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Peers;
using DmAgents.Fleet.Tokens;
using DmAgents.Fleet.Wire;

namespace DmAgents.Fleet.Joining;

/// <summary>
/// The format of the join exchange: length of the rest (u32), kind (u8), version (u8), message. Hello and Refused are
/// the same in all versions, so that two releases can always report that they have no version in common.
/// </summary>
internal static class JoinWire
{
    public const int LeastVersion = 1;
    public const int MostVersion = 1;

    /// <summary>The longest request is a token with a signing request.</summary>
    public const int MaxQuestion = 4096;

    /// <summary>The longest answer is a full revocation list and 64 KiB.</summary>
    public const int MaxAnswer = RevocationList.MaxBytes + (64 << 10);

    public const int MaxMembers = 64;
    private const int MaxText = 2048;
    private const int HeaderLength = 4 + 1 + 1;

    private enum Kind : byte
    {
        Hello = 1,
        Join = 2,
        Accepted = 3,
        Refused = 4,
        Try = 5,
        Trusted = 6,
        Renew = 7,
        Leave = 8,
        Left = 9,
        Update = 10,
        Updated = 11,
    }

    public static ReadOnlyMemory<byte> Write(JoinMessage message)
    {
        var body = new ByteWriter();
        var kind = message switch
        {
            JoinMessages.Hello hello => Write(body, hello),
            JoinMessages.Join join => Write(body, join),
            JoinMessages.Accepted accepted => Write(body, accepted),
            JoinMessages.Refused refused => Write(body, refused.Refusal),
            JoinMessages.Try trial => Write(body, Kind.Try, trial.Clock),
            JoinMessages.Trusted trusted => Write(body, Kind.Trusted, trusted.Clock),
            JoinMessages.Renew renew => Write(body, renew),
            JoinMessages.Update update => Write(body, Kind.Update, update.Clock),
            JoinMessages.Updated updated => Write(body, updated),
            JoinMessages.Leave leave => Write(body, Kind.Leave, leave.Clock),
            JoinMessages.Left left => Write(body, Kind.Left, left.Clock),
            _ => throw new ArgumentException($"{message.GetType().Name} has no bytes", nameof(message)),
        };
        return new ByteWriter().U32((uint)body.Written.Length + 2).U8((byte)kind).U8(MostVersion)
            .Raw(body.Written.Span).Written;
    }

    /// <summary>Reads the first message. Refuses a length above <paramref name="most"/> at once.</summary>
    public static JoinReading Read(ReadOnlySpan<byte> bytes, int most)
    {
        if (bytes.Length < sizeof(uint))
            return new JoinReading.Unfinished();
        var length = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        if (length < 2 || length > (uint)most)
            return new JoinReading.Garbage(string.Create(CultureInfo.InvariantCulture, $"a message of {length} bytes"));
        if (bytes.Length < sizeof(uint) + (int)length)
            return new JoinReading.Unfinished();
        var end = sizeof(uint) + (int)length;
        var (kind, version) = ((Kind)bytes[4], bytes[5]);
        if (version is < LeastVersion or > MostVersion && kind is not (Kind.Hello or Kind.Refused))
            return new JoinReading.OtherVersion(version);
        var reader = new ByteReader(bytes[HeaderLength..end]);
        var message = Parse(kind, ref reader);
        return message is not null && reader.IsComplete
            ? new JoinReading.Read(message, end)
            : new JoinReading.Garbage(string.Create(
                CultureInfo.InvariantCulture, $"a message of kind {(byte)kind} that does not have its form"));
    }

    private static JoinMessage? Parse(Kind kind, ref ByteReader reader) => kind switch
    {
        Kind.Hello => ReadHello(ref reader),
        Kind.Join => ReadJoin(ref reader),
        Kind.Accepted => ReadAccepted(ref reader),
        Kind.Refused => ReadRefused(ref reader),
        Kind.Try => new JoinMessages.Try(reader.Time()),
        Kind.Trusted => new JoinMessages.Trusted(reader.Time()),
        Kind.Update => new JoinMessages.Update(reader.Time()),
        Kind.Updated => ReadUpdated(ref reader),
        Kind.Leave => new JoinMessages.Leave(reader.Time()),
        Kind.Left => new JoinMessages.Left(reader.Time()),
        Kind.Renew => new JoinMessages.Renew(reader.Time(), reader.Bytes16(SigningRequest.MaxBytes).ToArray()),
        _ => null,
    };

    private static Kind Write(ByteWriter body, Kind kind, DateTimeOffset clock)
    {
        body.Time(clock);
        return kind;
    }

    private static Kind Write(ByteWriter body, JoinMessages.Hello hello)
    {
        body.Raw("DMFJ"u8).U16(hello.Least).U16(hello.Most).Time(hello.Clock);
        WriteAuthorities(body, hello.Authorities);
        return Kind.Hello;
    }

    private static JoinMessages.Hello? ReadHello(ref ByteReader reader)
    {
        var isOurs = reader.Raw(4).SequenceEqual("DMFJ"u8);
        var (least, most, clock) = (reader.U16(), reader.U16(), reader.Time());
        return isOurs && least <= most && ReadAuthorities(ref reader) is { } authorities
            ? new JoinMessages.Hello(least, most, clock, authorities)
            : null;
    }

    private static Kind Write(ByteWriter body, JoinMessages.Join join)
    {
        body.Time(join.Clock).Bytes16(join.Token.Bytes).Text16(join.Host.Value).Bytes16(join.SigningRequest.Span);
        return Kind.Join;
    }

    private static JoinMessages.Join? ReadJoin(ref ByteReader reader)
    {
        var clock = reader.Time();
        var token = JoinToken.FromBytes(reader.Bytes16(JoinToken.Length));
        var isHost = HostName.TryParse(reader.Text16(HostName.MaxLength), out var host);
        var request = reader.Bytes16(SigningRequest.MaxBytes).ToArray();
        return token is not null && isHost ? new JoinMessages.Join(clock, token, host, request) : null;
    }

    private static Kind Write(ByteWriter body, JoinMessages.Renew renew)
    {
        body.Time(renew.Clock).Bytes16(renew.SigningRequest.Span);
        return Kind.Renew;
    }

    private static Kind Write(ByteWriter body, JoinMessages.Accepted accepted)
    {
        body.Bytes16(accepted.Certificate.Span);
        Write(body, new JoinMessages.Updated(accepted.Authorities, accepted.Revocations, accepted.Members));
        return Kind.Accepted;
    }

    private static Kind Write(ByteWriter body, JoinMessages.Updated updated)
    {
        WriteAuthorities(body, updated.Authorities);
        body.Bytes32(updated.Revocations.Span).U8(Math.Min(updated.Members.Length, MaxMembers));
        foreach (var member in updated.Members.Take(MaxMembers))
            body.Text16(member.ToString());
        return Kind.Updated;
    }

    private static JoinMessages.Accepted? ReadAccepted(ref ByteReader reader)
    {
        var certificate = reader.Bytes16(HostCertificate.MaxBytes).ToArray();
        return ReadUpdated(ref reader) is { } updated
            ? new JoinMessages.Accepted(certificate, updated.Authorities, updated.Revocations, updated.Members)
            : null;
    }

    private static JoinMessages.Updated? ReadUpdated(ref ByteReader reader)
    {
        if (ReadAuthorities(ref reader) is not { } authorities)
            return null;
        var revocations = reader.Bytes32(RevocationList.MaxBytes).ToArray();
        var members = ImmutableArray.CreateBuilder<MemberAddress>();
        var count = reader.U8();
        for (var index = 0; index < count; index++)
        {
            if (count > MaxMembers || !MemberAddress.TryParse(reader.Text16(MemberAddress.MaxLength), out var member))
                return null;
            members.Add(member);
        }
        return new JoinMessages.Updated(authorities, revocations, members.ToImmutable());
    }

    private static Kind Write(ByteWriter body, JoinRefusal refusal)
    {
        body.U16((int)refusal.Reason).U16((int?)refusal.Peer ?? NoPeer)
            .Text16(Cut(refusal.Why)).Text16(Cut(refusal.Next));
        return Kind.Refused;
    }

    private const int NoPeer = ushort.MaxValue;

    private static JoinMessages.Refused ReadRefused(ref ByteReader reader)
    {
        var (reason, peer) = ((JoinRefusalReason)reader.U16(), reader.U16());
        var (why, next) = (reader.Text16(MaxText), reader.Text16(MaxText));
        var known = Enum.IsDefined(reason) ? reason : JoinRefusalReason.Other;
        var knownPeer = Enum.IsDefined((PeerRefusalReason)peer) ? (PeerRefusalReason)peer : PeerRefusalReason.Other;
        return new JoinMessages.Refused(
            new JoinRefusal(known, why, next) { Peer = peer == NoPeer ? null : knownPeer });
    }

    private static void WriteAuthorities(ByteWriter body, ImmutableArray<AuthorityCertificate> authorities)
    {
        body.U8(authorities.Length);
        foreach (var authority in authorities)
            body.Bytes16(authority.Der.Span);
    }

    private static ImmutableArray<AuthorityCertificate>? ReadAuthorities(ref ByteReader reader)
    {
        var authorities = ImmutableArray.CreateBuilder<AuthorityCertificate>();
        var count = reader.U8();
        for (var index = 0; index < count; index++)
        {
            if (count > FleetTrust.MaxAuthorities
                || !AuthorityCertificate.TryRead(reader.Bytes16(AuthorityCertificate.MaxBytes), out var authority))
            {
                return null;
            }
            authorities.Add(authority);
        }
        return authorities.Count == 0 ? null : authorities.ToImmutable();
    }

    /// <summary>At most <see cref="MaxText"/> bytes of UTF-8, with up to three bytes per char.</summary>
    private static string Cut(string text) => text.Length <= MaxText / 3 ? text : text[..(MaxText / 3)];
}

/// <summary>The first message in the received bytes.</summary>
internal abstract record JoinReading
{
    private JoinReading()
    {
    }

    /// <param name="Length">The number of bytes in the message.</param>
    public sealed record Read(JoinMessage Message, int Length) : JoinReading;

    public sealed record Unfinished : JoinReading;

    public sealed record OtherVersion(int Version) : JoinReading;

    public sealed record Garbage(string Why) : JoinReading;
}
