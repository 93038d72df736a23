using System.Text;
using DmAgents.Kernel.ThinPools;

namespace DmAgents.Kernel.Tests.ThinPools;

public sealed class MetadataTextWriterTests
{
    private const string Rest = "\n  <device dev_id=\"1\" nr_data_blocks=\"0\">\n  </device>\n</superblock>";

    [Theory]
    [InlineData("<superblock uuid=\"\" nr_data_blocks=\"0\">", "<superblock uuid=\"\" nr_data_blocks=\"77\">")]
    [InlineData(
        "<superblock nr_data_blocks=\"5\" uuid=\"\" time=\"1\">",
        "<superblock uuid=\"\" time=\"1\" nr_data_blocks=\"77\">")]
    [InlineData("<superblock uuid=\"\">", "<superblock uuid=\"\" nr_data_blocks=\"77\">")]
    [InlineData("<!-- > --><superblock time=\"1\">", "<!-- > --><superblock time=\"1\" nr_data_blocks=\"77\">")]
    public void The_first_tag_has_the_pools_number_whatever_it_said(string tag, string expected)
    {
        foreach (var piece in Enumerable.Range(1, tag.Length + 3))
            Assert.Equal(expected + Rest, Written(tag + Rest, piece));
    }

    [Theory]
    [InlineData("")]
    [InlineData("<superblock uuid=\"\"")]
    [InlineData("not a text of metadata at all >>>")]
    public void A_text_without_that_tag_is_passed_on_as_it_is(string text)
    {
        Assert.Equal(text, Written(text, 3));
        var @long = new string('x', 10_000) + text;
        Assert.Equal(@long, Written(@long, 999));
    }

    private static string Written(string text, int piece)
    {
        using var into = new MemoryStream();
        using var writer = new MetadataTextWriter(into, dataBlocks: 77);
        foreach (var part in Encoding.Latin1.GetBytes(text).Chunk(piece))
            writer.Write(part);
        writer.Flush();
        return Encoding.Latin1.GetString(into.ToArray());
    }
}
