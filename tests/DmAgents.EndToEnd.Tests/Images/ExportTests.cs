using DmAgents.Api.Admin.V1;
using DmAgents.EndToEnd.Tests.Support;
using DmAgents.Images.Trees;
using DmAgents.Kernel.FileTrees;
using Grpc.Core;

namespace DmAgents.EndToEnd.Tests.Images;

/// <summary>Differences of containers, and images that leave: read by this agent again, and by skopeo, umoci and
/// podman.
/// </summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class ExportTests(AgentFixture agent)
{
    private const string Change = """
        cd "$1"; rm etc/name; mkdir -p new/dir; echo text > new/dir/file; ln new/dir/file new/hard; mkfifo new/pipe
        mknod new/null c 1 3; ln -s ../etc new/link; chown 4000000:5000000 new/dir; setfattr -n user.a -v 1 new/dir/file
        cp /bin/true new/tool; setcap cap_net_raw+ep new/tool; truncate -s 20M new/sparse; echo end >> new/sparse
        touch -d '2001-02-03 04:05:06.123456789Z' new/dir/file; chmod 1777 new; printf x | dd of=data bs=1 seek=999 conv=notrunc status=none
        """;

    [Theory]
    [InlineData(FileSystem.Ext4)]
    [InlineData(FileSystem.Xfs)]
    public async Task What_a_container_changed_is_listed_and_its_image_leaves_and_comes_back_as_it_was(FileSystem kind)
    {
        var pool = $"export-{kind}".ToLowerInvariant();
        var home = $"{Places.State}/{pool}";
        Directory.CreateDirectory(home);
        await agent.Client.CreateLoopPool(pool, 1024UL << 20, kind);
        await agent.Client.Import(pool, await SmallImage.Write(pool, 3_000_000, 7), "small:1");
        var container = await agent.Client.Create(pool, "changed", "small:1");
        await Shell.Must("/bin/sh", "-ec", Change, "sh", container.MountPath);

        Assert.Equal(
            [
                "Changed /", "Changed /data", "Changed /etc", "Deleted /etc/name", "Added /new", "Added /new/dir",
                "Added /new/dir/file", "Added /new/hard", "Added /new/link", "Added /new/null", "Added /new/pipe",
                "Added /new/sparse", "Added /new/tool",
            ],
            await Diff(pool));
        await agent.Client.Commit(pool, "changed", "small:2");
        var expected = Lines(container.MountPath);
        foreach (var format in new[] { "oci", "oci-archive", "docker-archive" })
        {
            await Shell.Must(
                Places.Cli, "image", "export", "small:2", $"{home}/{format}", "--format", format, "--pool", pool,
                "--socket", agent.Places.Socket);
            await agent.Client.Import(pool, $"{home}/{format}", $"{format}:1");
            var again = await agent.Client.Create(pool, format, $"{format}:1");
            Assert.Equal((format, Text(expected)), (format, Text(Lines(again.MountPath))));
            await agent.Client.Remove(pool, format);
        }
        await MustBeTakenByOthers(home, expected);
        await agent.Client.MustAgree(pool);
        await agent.Client.RemovePool(pool);
        Directory.Delete(home, recursive: true);
    }

    /// <summary>The file system stops as in a power cut: what was synced is in its log alone.</summary>
    [Theory]
    [InlineData(FileSystem.Ext4)]
    [InlineData(FileSystem.Xfs)]
    public async Task What_was_synced_before_a_power_cut_is_in_the_differences_and_in_the_exported_image(FileSystem kind)
    {
        var pool = $"cut-{kind}".ToLowerInvariant();
        var home = $"{Places.State}/{pool}";
        Directory.CreateDirectory(home);
        await agent.Client.CreateLoopPool(pool, 1024UL << 20, kind);
        await agent.Client.Import(pool, await SmallImage.Write(pool, 3_000_000, 7), "small:1");
        var container = await agent.Client.Create(pool, "changed", "small:1");
        await Shell.Must(
            "/bin/sh", "-ec", """echo late > "$1/late"; sync "$1/late"; xfs_io -x -c shutdown "$1" """,
            "sh", container.MountPath);
        await agent.Client.Unmount(pool, "changed");

        Assert.Equal(["Changed /", "Added /late"], await Diff(pool));
        await agent.Client.Commit(pool, "changed", "small:2");
        await Shell.Must(
            Places.Cli, "image", "export", "small:2", $"{home}/oci", "--pool", pool, "--socket", agent.Places.Socket);
        await agent.Client.Import(pool, $"{home}/oci", "again:1");
        var again = await agent.Client.Create(pool, "again", "again:1");

        Assert.Equal("late\n", await File.ReadAllTextAsync($"{again.MountPath}/late"));
        await agent.Client.MustAgree(pool);
        await agent.Client.RemovePool(pool);
        Directory.Delete(home, recursive: true);
    }

    private static async Task MustBeTakenByOthers(string home, List<string> expected)
    {
        await Shell.Must("/usr/bin/umoci", "raw", "unpack", "--image", $"{home}/oci:small:2", $"{home}/umoci");
        // The root's time is of the unpacking.
        Assert.Equal(Text(expected.Skip(1)), Text(Lines($"{home}/umoci").Skip(1)));
        foreach (var source in new[] { "oci:{0}/oci:small:2", "oci-archive:{0}/oci-archive", "docker-archive:{0}/docker-archive" })
        {
            var copy = $"{home}/copy";
            await Shell.Must(
                "/usr/bin/skopeo", "--insecure-policy", "copy", "--quiet",
                string.Format(System.Globalization.CultureInfo.InvariantCulture, source, home), $"oci:{copy}:x");
            Directory.Delete(copy, recursive: true);
        }
        string[] podman = ["--root", $"{home}/podman", "--runroot", $"{home}/run", "--storage-driver", "vfs"];
        await Shell.Must("/usr/bin/podman", [.. podman, "load", "--quiet", "--input", $"{home}/docker-archive"]);
        var mounted = (await Shell.Must("/usr/bin/podman", [.. podman, "image", "mount", "localhost/small:2"])).Trim();
        Assert.Equal(Text(expected.Skip(1)), Text(Lines(mounted).Skip(1)));
    }

    private async Task<List<string>> Diff(string pool)
    {
        using var call = agent.Client.Containers.Diff(new DiffContainerRequest { Pool = pool, Container = "changed" });
        var changes = new List<string>();
        await foreach (var reply in call.ResponseStream.ReadAllAsync())
        {
            changes.AddRange((reply.Changes?.Changes ?? []).Select(change => $"{change.Kind} {change.Path}"));
            // Of 3 MB that are the same but for a byte only its block was read.
            if (reply.Summary is { } summary)
                Assert.True(summary.ByBlocks);
        }
        return changes;
    }

    private static string Text(IEnumerable<string> lines) => string.Join('\n', lines);

    private static List<string> Lines(string directory)
    {
        var status = LinuxFileTree.Open(directory, out var tree);
        Assert.True(status.IsDone, $"{directory}: {status}");
        using (tree)
            return [.. FileTreeDigest.Lines(tree!)];
    }
}
