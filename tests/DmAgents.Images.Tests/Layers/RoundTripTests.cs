using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Images.Tests.Support;
using DmAgents.Images.Trees;
using DmAgents.Kernel.FileTrees;

namespace DmAgents.Images.Tests.Layers;

/// <summary>A tree with everything in it, packed by the programs that images are packed with, comes out as it
/// was.</summary>
public sealed class RoundTripTests : IDisposable
{
    private const string MakeEverything = """
        mkdir -p source/d/sub source/empty && cd source
        printf 'hello' > file; head -c 3000000 /dev/urandom > big; : > nothing
        truncate -s 40M sparse; for at in 0 7 8 21 39; do printf 'data' | dd of=sparse bs=1M seek=$at conv=notrunc status=none; done
        truncate -s 20M hole; printf 'tail' >> hole; truncate -s 21M hole
        truncate -s 30M many; for at in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29; do
            printf 'x' | dd of=many bs=1M seek=$at conv=notrunc status=none; done
        ln -s ../d link; ln -s /run/absolute abs; ln file hard; ln link linklink
        mkfifo pipe; mknod null c 1 3; mknod disk b 259 7
        long=$(printf 'n%.0s' $(seq 1 120)); mkdir -p $long/$long; echo deep > $long/$long/$long; ln -s $long/$long/$long far
        ln $long/$long/$long harddeep
        touch "$(printf 'latin\351')" 'with space' "$(printf 'new\nline')"
        chown 4000000:5000000 file; chown -h 12:34 link; chown 65534:65534 pipe
        chmod 4755 big; chmod 2755 d; chmod 1777 empty; chmod 0000 nothing
        touch -h -d '1969-12-31 23:59:58.25Z' nothing; touch -h -d '2001-02-03 04:05:06.123456789Z' link file
        touch -d '2040-01-01Z' d/sub; touch -d '1999-01-01Z' d; touch -d '2011-11-11 11:11:11.5Z' .
        """;

    private const string AddXattrs = """
        cd source
        setfattr -n user.text -v 'some text' file; setfattr -n user.dir -v 0sAP8A d; setfattr -n user.empty big
        setcap cap_setuid,cap_net_raw+ep big; setfattr -h -n trusted.link -v t link; setcap cap_chown+ep hard
        """;

    private readonly TestTree tree = new();

    public void Dispose() => tree.Dispose();

    [Theory]
    [InlineData("tar --format=posix --xattrs --xattrs-include=*")]
    [InlineData("tar --format=posix -S --xattrs --xattrs-include=*")]
    [InlineData("tar --format=posix -S --sparse-version=0.1 --xattrs --xattrs-include=*")]
    [InlineData("tar --format=posix -S --sparse-version=0.0 --xattrs --xattrs-include=*")]
    [InlineData("bsdtar --format=pax --xattrs")]
    public void Everything_in_the_pax_format(string packer)
    {
        Tool.Shell(tree.Home, MakeEverything);
        Tool.Shell(tree.Home, AddXattrs);

        AssertRoundTrip(packer, line => line);
    }

    [Theory]
    [InlineData("tar --format=gnu")]
    [InlineData("tar --format=gnu -S")]
    [InlineData("bsdtar --format=gnutar")]
    public void Everything_but_xattrs_and_fractions_of_seconds_in_the_gnu_format(string packer)
    {
        Tool.Shell(tree.Home, MakeEverything);

        AssertRoundTrip(packer, WithoutFractions);
    }

    [Theory]
    [InlineData("tar --format=ustar")]
    [InlineData("tar --format=v7")]
    [InlineData("bsdtar --format=ustar")]
    public void Simple_trees_in_the_old_formats(string packer)
    {
        Tool.Shell(tree.Home, "mkdir -p source/d; cd source; echo a > d/a; ln -s a d/s; ln d/a h; "
            + "chown 9:9 d/a; chmod 4711 d/a; touch -d 2001-01-01Z d .");

        AssertRoundTrip(packer, WithoutFractions);
    }

    [Fact]
    public void Holes_of_the_archive_stay_holes()
    {
        Tool.Shell(tree.Home, MakeEverything);
        foreach (var packer in new[] { "--format=gnu -S", "--format=posix -S", "--format=posix" })
        {
            Tool.Shell(tree.Home, $"tar -C source {packer} -cf packed.tar .");
            tree.Apply(File.ReadAllBytes(Path.Combine(tree.Home, "packed.tar")));

            foreach (var name in new[] { "sparse", "hole", "many" })
                // 29 runs of 64 KiB at most, and, once they are on the disk, a block for the map of where they are.
                Assert.InRange(Blocks(tree[name]), 1, (29 * 128) + 8);
        }
    }

    private void AssertRoundTrip(string packer, Func<string, string> comparable)
    {
        // libarchive writes times before 1970 wrongly (-1.75 as "-2.25") or not at all.
        if (packer.StartsWith("bsdtar", StringComparison.Ordinal))
            Tool.Shell(tree.Home, "find source -not -newermt 1970-01-02 -exec touch -h -d 1980-01-01T01:02:03.5Z {} +");
        Tool.Shell(tree.Home, $"set -f; {packer} -C source -cf packed.tar .");
        tree.Apply(File.ReadAllBytes(Path.Combine(tree.Home, "packed.tar")));

        Assert.True(LinuxFileTree.Open(Path.Combine(tree.Home, "source"), out var source).IsDone);
        using (source)
        {
            IEnumerable<string> expected = [.. FileTreeDigest.Lines(source!).Select(comparable)];
            Assert.Equal(expected, tree.Lines().Select(comparable));
        }
        Assert.Equal(FileTreeOutcome.NotFound, tree.Tree.Stat(TreePath.Of("packed.tar"), out _).Outcome);
    }

    private static string WithoutFractions(string line) =>
        System.Text.RegularExpressions.Regex.Replace(line, "(time=-?[0-9]+)\\.[0-9]+", "$1");

    private static int Blocks(string path) =>
        int.Parse(Tool.Run("/", "stat", "-c", "%b", path), System.Globalization.CultureInfo.InvariantCulture);
}
