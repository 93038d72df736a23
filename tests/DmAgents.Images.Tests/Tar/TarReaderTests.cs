using System.Text;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Images.Tar;
using DmAgents.Images.Tests.Support;

namespace DmAgents.Images.Tests.Tar;

public sealed class TarReaderTests
{
    [Theory]
    [InlineData("0", 0, 0)]
    [InlineData("1.5", 1, 500_000_000)]
    [InlineData("1700000000.123456789", 1_700_000_000, 123_456_789)]
    [InlineData("1700000000.1234567899", 1_700_000_000, 123_456_789)]
    [InlineData("-1", -1, 0)]
    [InlineData("-1.75", -2, 250_000_000)]
    [InlineData("-0.5", -1, 500_000_000)]
    public void Times_of_extended_headers_keep_their_nanoseconds(string text, long seconds, int nanoseconds)
    {
        var entry = First(new TarBytes().Pax("mtime", text).File("a", ""));

        Assert.Equal(new InodeTime(seconds, nanoseconds), entry.ModificationTime);
    }

    [Theory]
    [InlineData("mtime", "1.x")]
    [InlineData("mtime", "--1")]
    [InlineData("uid", "-1")]
    [InlineData("uid", "4294967295")]
    [InlineData("gid", "abc")]
    [InlineData("size", "-5")]
    [InlineData("LIBARCHIVE.xattr.user.x", "not base64!")]
    [InlineData("SCHILY.xattr.", "no name")]
    [InlineData("GNU.sparse.size", "10")]
    public void A_field_that_makes_no_sense_is_corrupt(string key, string value)
    {
        var records = key == "GNU.sparse.size" ? new TarBytes().Pax(key, value).File("a", "content") : new TarBytes()
            .Pax(key, value).File("a", "");

        Assert.Equal(ImageReason.Corrupt, Assert.Throws<ImageException>(() => First(records)).Reason);
    }

    [Fact]
    public void Numbers_beyond_octal_are_read_in_base_256()
    {
        var entry = First(new TarBytes().Entry("a", '0', change: header =>
        {
            header.AsSpan(108, 8).Clear();
            header[108] = 0x80;
            header[112] = 0x12;
            header.AsSpan(136, 12).Fill(0xFF);
        }));

        Assert.Equal(0x12000000u, entry.Owner.Uid);
        Assert.Equal(-1, entry.ModificationTime.Seconds);
    }

    [Fact]
    public void Global_records_hold_for_all_entries_that_do_not_say_otherwise()
    {
        var reader = Reader(new TarBytes().GlobalPax("uid", "77").File("a", "").Pax("uid", "78").File("b", "").File("c",
            "").End());

        Assert.Equal([77u, 78u, 77u], All(reader).Select(entry => entry.Owner.Uid));
    }

    [Fact]
    public void Xattrs_of_libarchive_count_where_schily_has_none()
    {
        var entry = First(new TarBytes()
            .Pax(
                ("LIBARCHIVE.xattr.user.a%3Db", "AQI"u8.ToArray()),
                ("LIBARCHIVE.xattr.user.both", "AQID"u8.ToArray()),
                ("SCHILY.xattr.user.both", [9, 0, 9]))
            .File("a", ""));

        Assert.Equal(
            [("user.a=b", "0102"), ("user.both", "090009")],
            entry.Xattrs.Select(xattr => (xattr.Name, Convert.ToHexStringLower(xattr.Value.Span))));
    }

    [Fact]
    public void A_volume_label_is_passed_over_and_a_slash_makes_an_old_file_a_directory()
    {
        var reader = Reader(new TarBytes().Entry("label", 'V').Entry("dir/", '\0').Entry("file", '7').Entry("dump", 'D')
            .End());

        Assert.Equal(
            [TarEntryType.Directory, TarEntryType.File, TarEntryType.Directory], All(reader)
            .Select(entry => entry.Type));
    }

    [Fact]
    public void A_hard_link_that_states_its_targets_size_has_no_content()
    {
        var reader = Reader(new TarBytes().File("a", "content")
            .Entry("b", '1', "a", change: header => Encoding.ASCII.GetBytes("00000000007").CopyTo(header, 124))
            .File("c", "").End());

        Assert.Equal(["a", "b", "c"], All(reader).Select(entry => entry.DisplayName));
    }

    [Fact]
    public void The_ustar_prefix_comes_before_the_name()
    {
        var entry = First(new TarBytes().Entry("name", '0',
            change: header => "some/prefix"u8.CopyTo(header.AsSpan(345))));

        Assert.Equal("some/prefix/name", entry.DisplayName);
    }

    [Fact]
    public void An_unknown_type_is_refused_by_name()
    {
        var refusal = Assert.Throws<ImageException>(() => First(new TarBytes().Entry("odd", 'Q')));

        Assert.Equal(ImageReason.Unsupported, refusal.Reason);
        Assert.Contains("'odd'", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("5 a=b\n")]
    [InlineData("99 a=b\n")]
    [InlineData("6 a=b")]
    [InlineData("x a=b\n")]
    [InlineData("6 =bb\n")]
    [InlineData("7 aaaa\n")]
    [InlineData("0 a=b\n")]
    public void Malformed_records_are_corrupt(string records)
    {
        var tar = new TarBytes().Entry("h", 'x', content: Encoding.ASCII.GetBytes(records)).File("a", "");

        Assert.Equal(ImageReason.Corrupt, Assert.Throws<ImageException>(() => First(tar)).Reason);
    }

    [Fact]
    public void An_extended_header_beyond_the_limit_is_refused_before_it_is_read()
    {
        var tar = new TarBytes().Entry("h", 'x', change: header => Encoding.ASCII.GetBytes("00077777777").CopyTo(header,
            124));

        Assert.Equal(ImageReason.TooLarge, Assert.Throws<ImageException>(() => First(tar)).Reason);
    }

    [Theory]
    [InlineData("0,5,3,2")]
    [InlineData("0,5,5")]
    [InlineData("5,5,0,2")]
    [InlineData("0,6,90,2")]
    [InlineData("99,7")]
    [InlineData("-1,7")]
    public void A_sparse_map_that_does_not_fit_the_file_is_corrupt(string map)
    {
        // The archive holds 7 bytes of a file of 100.
        var good = First(new TarBytes().Pax(("GNU.sparse.size", "100"u8.ToArray()), ("GNU.sparse.map",
            "0,5,90,2"u8.ToArray())).File("a", "content"));
        Assert.Equal([new SparseExtent(0, 5), new SparseExtent(90, 2)], good.Extents);

        var tar = new TarBytes().Pax(("GNU.sparse.size", "100"u8.ToArray()), ("GNU.sparse.map",
            Encoding.ASCII.GetBytes(map)))
            .File("a", "content");
        Assert.Equal(ImageReason.Corrupt, Assert.Throws<ImageException>(() => First(tar)).Reason);
    }

    [Fact]
    public void Without_an_end_marker_only_an_archive_of_known_digest_is_whole()
    {
        var tar = new TarBytes().File("a", "a").WithoutEnd();

        Assert.Single(All(new TarReader(new MemoryStream(tar), "test", endMarkerRequired: false)));
        Assert.Equal(ImageReason.Truncated, Assert.Throws<ImageException>(() => All(Reader(tar))).Reason);
        Assert.Equal(ImageReason.Truncated, Assert.Throws<ImageException>(() => All(Reader([.. tar,
            .. new byte[512]]))).Reason);
    }

    [Fact]
    public void Something_else_is_not_a_tar()
    {
        Assert.Equal(ImageReason.NotAnImage,
            Assert.Throws<ImageException>(() => All(Reader(Encoding.UTF8.GetBytes(new string('x', 2000))))).Reason);
        Assert.Equal(ImageReason.NotAnImage, Assert.Throws<ImageException>(() => All(Reader([]))).Reason);
    }

    private static TarReader Reader(byte[] tar) => new(new MemoryStream(tar), "test");

    private static TarEntry First(TarBytes tar) => Reader(tar.End()).Next()!;

    private static List<TarEntry> All(TarReader reader)
    {
        var entries = new List<TarEntry>();
        while (reader.Next() is { } entry)
            entries.Add(entry);
        return entries;
    }
}
