using DmAgents.Images.Tests.Support;
using DmAgents.Images.Trees;
using DmAgents.Kernel.FileTrees;

namespace DmAgents.Images.Tests.Layers;

/// <summary>Archives of GNU tar's --listed-incremental and --multi-volume have types of their own.</summary>
public sealed class IncrementalArchiveTests : IDisposable
{
    private readonly TestTree tree = new();

    public void Dispose() => tree.Dispose();

    [Fact]
    public void The_list_of_names_in_a_directory_is_not_taken_for_entries()
    {
        var names = new byte[1500];
        "Yfile\0Nother\0"u8.CopyTo(names);
        tree.Apply(new TarBytes().Entry("./", 'D', content: names, mode: 0x1C0).File("file", "f").Entry("d/", 'D',
            content: "Yx\0\0"u8.ToArray(), mode: 0x1ED, time: 7).File("d/x", "x"));

        Assert.Equal(["/", "/d", "/d/x", "/file"], tree.Lines().Select(line => line.Split(' ')[0]));
        Assert.Equal(("0700", 7L), (tree.Stat("")!.Permissions.ToString(), tree.Stat("d")!.ModificationTime.Seconds));
    }

    [Theory]
    [InlineData("gnu")]
    [InlineData("posix")]
    public void What_tar_writes_incrementally_comes_out_as_it_was(string format)
    {
        Tool.Shell(tree.Home, "mkdir -p source/d/e; cd source; for i in 1 2 3; do echo $i > d/$i; done; "
            + $"ln d/1 d/e/hard; ln -s d l; touch -d 2001-01-01Z d/e d .; tar --format={format} "
            + "--listed-incremental=../state -V label -cf ../packed.tar .");
        tree.Apply(File.ReadAllBytes(Path.Combine(tree.Home, "packed.tar")));

        Assert.True(LinuxFileTree.Open(Path.Combine(tree.Home, "source"), out var source).IsDone);
        using (source)
            Assert.Equal(Seconds(FileTreeDigest.Lines(source!)), Seconds(tree.Lines()));
    }

    [Theory]
    [InlineData("gnu")]
    [InlineData("posix")]
    public void A_later_volume_of_several_is_refused_for_what_it_is(string format)
    {
        Tool.Shell(tree.Home, "mkdir source; head -c 300000 /dev/urandom > source/big; "
            + $"tar --format={format} -M -L 100 -C source -cf one.tar -f two.tar -f three.tar -f four.tar .");

        var refusal = Assert.Throws<ImageException>(
            () => tree.Apply(File.ReadAllBytes(Path.Combine(tree.Home, "two.tar"))));

        Assert.Equal(ImageReason.Unsupported, refusal.Reason);
        Assert.Contains("--multi-volume", refusal.Next, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Seconds(IEnumerable<string> lines) => [.. lines.Select(line =>
        System.Text.RegularExpressions.Regex.Replace(line, "(time=-?[0-9]+)\\.[0-9]+", "$1"))];
}
