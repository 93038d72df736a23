using System.Collections.Immutable;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Peers;
using DmAgents.Fleet.Tests.Support;

namespace DmAgents.Fleet.Tests.Peers;

public sealed class RevocationListTests : IDisposable
{
    private static readonly FleetId _id = new(Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e"));

    private static readonly ImmutableArray<Revocation> _entries =
    [
        new(CertificateSerial.Of([0x41, 2, 3]), new HostName("web1"), SetTime.Start),
        new(CertificateSerial.Of([0x42]), new HostName("web2"), SetTime.Start.AddSeconds(1)),
    ];

    private readonly PrivateKey _key = PrivateKey.Make();
    private readonly AuthorityCertificate _authority;

    public RevocationListTests() => _authority = Authority(_key, _id);

    public void Dispose() => _key.Dispose();

    [Fact]
    public void It_is_read_as_it_was_signed()
    {
        var list = RevocationList.Sign(_authority, _key, 7, SetTime.Start, _entries);

        var read = RevocationList.Read(list.Bytes.Span, [_authority])!;

        Assert.Equal((_id, 7ul, SetTime.Start), (read.Fleet, read.Number, read.Issued));
        Assert.Equal(_entries.AsEnumerable(), read.Entries);
        Assert.Equal(_entries[1], read.Find(CertificateSerial.Of([0x42])));
        Assert.Null(read.Find(CertificateSerial.Of([0x43])));
    }

    [Fact]
    public void Its_signed_bytes_never_change()
    {
        var content = RevocationList.Content(_id, 7, SetTime.Start, Samples.Authority.Fingerprint, _entries);

        Assert.Equal(Samples.Golden["revocations.v1"], Convert.ToHexStringLower(content.Span));
    }

    [Fact]
    public void A_changed_cut_or_longer_one_is_refused()
    {
        var bytes = RevocationList.Sign(_authority, _key, 7, SetTime.Start, _entries).Bytes.ToArray();

        for (var index = 0; index < bytes.Length; index++)
        {
            var changed = (byte[])bytes.Clone();
            changed[index] ^= 0x10;
            Assert.Null(RevocationList.Read(changed, [_authority]));
            Assert.Null(RevocationList.Read(bytes.AsSpan(0, index), [_authority]));
        }
        Assert.Null(RevocationList.Read([.. bytes, 0], [_authority]));
        Assert.Null(RevocationList.Read(new byte[RevocationList.MaxBytes + 1], [_authority]));
    }

    [Fact]
    public void One_that_another_authority_signed_is_refused()
    {
        using var key = PrivateKey.Make();
        var other = Authority(key, _id);
        var list = RevocationList.Sign(other, key, 7, SetTime.Start, _entries);

        Assert.Null(RevocationList.Read(list.Bytes.Span, [_authority]));
        Assert.NotNull(RevocationList.Read(list.Bytes.Span, [_authority, other]));
    }

    [Fact]
    public void The_longest_one_fits()
    {
        var name = new HostName(new string('h', HostName.MaxLength));
        var entries = Enumerable.Range(0, RevocationList.MaxEntries).Select(number =>
        {
            var serial = new byte[CertificateSerial.MaxBytes];
            BitConverter.TryWriteBytes(serial, number);
            return new Revocation(CertificateSerial.Of(serial), name, SetTime.Start);
        }).ToImmutableArray();

        var list = RevocationList.Sign(_authority, _key, 7, SetTime.Start, entries);

        Assert.True(list.Bytes.Length <= RevocationList.MaxBytes);
        Assert.Equal(entries.Length, RevocationList.Read(list.Bytes.Span, [_authority])!.Entries.Length);
        Assert.Throws<ArgumentException>(
            () => RevocationList.Sign(_authority, _key, 7, SetTime.Start, entries.Add(_entries[0])));
    }

    [Fact]
    public void Of_two_lists_the_one_with_the_greater_number_holds()
    {
        var older = Trust(7, []);
        var newer = Trust(8, _entries);
        var holder = new TrustHolder(older);

        Assert.True(holder.Offer(newer));
        Assert.False(holder.Offer(older));
        Assert.Same(newer, holder.Current);
    }

    [Fact]
    public void Another_fleets_trust_is_not_taken()
    {
        using var key = PrivateKey.Make();
        var other = Authority(key, new FleetId(Guid.NewGuid()));
        var list = RevocationList.Sign(other, key, 99, SetTime.Start, []);
        var holder = new TrustHolder(Trust(7, []));

        Assert.False(holder.Offer(FleetTrust.Of([other], list.Bytes.Span, out _)!));
        Assert.Null(FleetTrust.Of([_authority, other], list.Bytes.Span, out var why));
        Assert.Contains("different fleets", why, StringComparison.Ordinal);
    }

    private FleetTrust Trust(ulong number, ImmutableArray<Revocation> entries)
    {
        var list = RevocationList.Sign(_authority, _key, number, SetTime.Start, entries);
        return FleetTrust.Of([_authority], list.Bytes.Span, out _)!;
    }

    private static AuthorityCertificate Authority(PrivateKey key, FleetId id) =>
        AuthorityCertificate.Make(key, new FleetName("prod"), id, SetTime.Start, Lifetimes.Default);
}
