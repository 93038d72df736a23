using System.Text;
using DmAgents.Fleet.Authority;
using DmAgents.Fleet.Tests.Support;

namespace DmAgents.Fleet.Tests.Authority;

public class AuthorityDocumentTests
{
    [Fact]
    public void A_state_is_written_as_the_golden_file_has_it() =>
        Assert.Equal(Samples.Text("Authority.txt"), Encoding.UTF8.GetString(AuthorityDocument.Write(Samples.State)));

    [Fact]
    public void The_golden_file_is_read_as_the_state_that_it_was()
    {
        var read = AuthorityDocument.Read(Encoding.UTF8.GetBytes(Samples.Text("Authority.txt")), out _)!;

        Assert.Equal(Samples.State.Tokens.Count, read.Tokens.Count);
        Assert.Equal(Samples.State.Tokens, read.Tokens.ToDictionary());
        Assert.Equal(Samples.Text("Authority.txt"), Encoding.UTF8.GetString(AuthorityDocument.Write(read)));
    }

    [Fact]
    public void A_later_version_is_named_and_not_read()
    {
        var later = Samples.Text("Authority.txt").Replace("\"version\": 1", "\"version\": 2", StringComparison.Ordinal);

        Assert.Null(AuthorityDocument.Read(Encoding.UTF8.GetBytes(later), out var why));
        Assert.Equal("it is of version 2, and 1 is known", why);
    }

    [Fact]
    public void A_cut_document_is_refused_at_each_length()
    {
        var whole = Encoding.UTF8.GetBytes(Samples.Text("Authority.txt").TrimEnd());
        for (var length = 0; length < whole.Length; length++)
            Assert.Null(AuthorityDocument.Read(whole.AsMemory(0, length), out _));
    }

    [Fact]
    public void The_largest_state_that_is_decided_is_written_and_read()
    {
        // The host that has the authority may go beyond it by its own certificates.
        var largest = Samples.Full(AuthorityDecider.MaxRecords + AuthorityDecider.MaxCertificates);

        var bytes = AuthorityDocument.Write(largest);

        Assert.Equal(largest.Records, AuthorityDocument.Read(bytes, out _)!.Records);
    }

    [Fact]
    public void What_could_not_be_read_again_is_not_written()
    {
        var thrown = Assert.Throws<InvalidOperationException>(() => AuthorityDocument.Write(Samples.Full(45_000)));

        Assert.Contains("more than 16777216", thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"fleet\": \"prod\"", "\"fleet\": \"Prod\"")]
    [InlineData("\"fleet\": \"prod\"", "\"fleet\": null")]
    [InlineData("\"fleet\": \"prod\"", "\"fleet\": 1")]
    [InlineData("\"serial\": \"4102\"", "\"serial\": \"x\"")]
    [InlineData("\"name\": \"web1\"", "\"other\": \"web1\"")]
    [InlineData("\"revocation_number\": 3", "\"revocation_number\": -3")]
    [InlineData("\"hash\": \"sha256:", "\"hash\": \"md5:")]
    public void A_damaged_field_is_refused(string good, string bad)
    {
        var text = Samples.Text("Authority.txt");
        Assert.Contains(good, text, StringComparison.Ordinal);

        Assert.Null(AuthorityDocument.Read(Encoding.UTF8.GetBytes(text.Replace(good, bad)), out var why));
        Assert.NotEmpty(why);
    }
}
