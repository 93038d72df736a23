using DmAgents.Images.Layers;
using DmAgents.Images.Sources;
using DmAgents.Images.Tests.Support;
using DmAgents.Images.Trees;
using DmAgents.Kernel.FileTrees;

namespace DmAgents.Images.Tests.Sources;

/// <summary>umoci makes images and unpacks them by its own code: both must agree with it.</summary>
[Trait("Needs", "umoci")]
public sealed class UmociTests : IDisposable
{
    // Each step is a layer. The second changes, links, deletes and replaces; the third deletes a tree and makes it
    // anew.
    private const string Build = """
        umoci init --layout oci; umoci new --image oci:app
        umoci unpack --image oci:app one; cd one/rootfs
        mkdir -p bin etc/conf.d usr/lib usr/share/doc/pkg var dev run
        cp /bin/ls /bin/dd bin/; chmod 4755 bin/ls; setcap cap_setuid,cap_net_raw+ep bin/dd
        ln -s usr/lib lib; ln -s /run var/run; ln bin/ls bin/dir; echo conf > etc/conf; for i in 1 2 3 4 5; do echo $i > etc/conf.d/$i; done
        mkfifo run/pipe; mknod dev/null c 1 3; mknod dev/disk b 259 3; chmod 1777 run; chown -R 1000:2000 usr/share/doc
        setfattr -n user.note -v text etc/conf; truncate -s 3M usr/lib/sparse; echo end >> usr/lib/sparse
        long=$(printf 'n%.0s' $(seq 1 150)); mkdir usr/share/$long; echo x > usr/share/$long/$long; touch "usr/share/$(printf 'caf\303\251')"
        touch -d '2001-02-03 04:05:06.123456789Z' etc/conf; touch -d '1999-01-01Z' etc usr/share .
        cd ../..; umoci repack --image oci:app one

        umoci unpack --image oci:app two; cd two/rootfs
        rm etc/conf.d/3; rm -r usr/share/doc; echo changed > etc/conf; ln bin/dd bin/dd2; chmod 0755 bin/ls
        rm lib; mkdir lib; echo real > lib/file; rm -r etc/conf.d; mkdir etc/conf.d; echo new > etc/conf.d/only
        chown 7:7 run/pipe; rm var/run; echo plain > var/run; touch -d '2010-01-01Z' etc var
        cd ../..; umoci repack --image oci:app two

        umoci unpack --image oci:app three; cd three/rootfs
        rm -r usr/share; mkdir usr/share; echo again > usr/share/again; mv bin/dd bin/moved; rm dev/disk
        cd ../..; umoci repack --image oci:app three
        umoci unpack --image oci:app whole
        """;

    // A layer as buildkit writes it: an opaque directory and entries that were below, a whiteout, a hard link to a
    // lower layer.
    private const string AddLayer = """
        mkdir raw; cd raw; mkdir -p etc usr/lib; : > etc/.wh..wh..opq; echo o > etc/opaque; : > usr/lib/.wh.sparse
        tar --format=posix --sort=name -cf ../raw.tar etc usr; cd ..
        umoci raw add-layer --image oci:app raw.tar; umoci unpack --image oci:app opaque
        """;

    private readonly TestTree tree = new();

    public void Dispose() => tree.Dispose();

    [Fact]
    public void The_tree_of_an_image_in_layers_equals_what_umoci_unpacks()
    {
        Tool.Shell(tree.Home, Build);

        Assert.Equal(3, Import("oci"));
        AssertEqualTo("whole/rootfs");

        Tool.Run(tree.Home, "tar", "-C", "oci", "-cf", "oci.tar", ".");
        tree.Apply(new TarBytes().File(".wh..wh..opq", ""));
        Import("oci.tar");
        AssertEqualTo("whole/rootfs");
    }

    [Fact]
    public void Opaque_directories_and_whiteouts_mean_what_umoci_takes_them_for()
    {
        Tool.Shell(tree.Home, Build);
        Tool.Shell(tree.Home, AddLayer);

        Assert.Equal(4, Import("oci"));
        AssertEqualTo("opaque/rootfs");
        Assert.True(tree.Has("etc/opaque"));
        Assert.False(tree.Has("etc/conf"));
    }

    private int Import(string name)
    {
        using var source = ImageSource.Open(Path.Combine(tree.Home, name), tree.Home);
        var image = source.Describe("app");
        foreach (var descriptor in image.Layers)
        {
            using var layer = source.OpenLayer(descriptor);
            LayerApplier.Apply(layer, tree.Tree, onEmptyBase: descriptor == image.Layers[0]);
        }
        return image.Layers.Count;
    }

    private void AssertEqualTo(string unpacked)
    {
        Assert.True(LinuxFileTree.Open(Path.Combine(tree.Home, unpacked), out var expected).IsDone);
        using (expected)
            Assert.Equal([.. FileTreeDigest.Lines(expected!)], tree.Lines());
    }
}
