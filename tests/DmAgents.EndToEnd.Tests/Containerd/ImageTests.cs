using DmAgents.Api.Containerd.Snapshots.V1;
using DmAgents.EndToEnd.Tests.Support;
using DmAgents.Testing.Contracts;

namespace DmAgents.EndToEnd.Tests.Containerd;

/// <summary>Debian's containerd and runc with a real image, and nothing going wrong.</summary>
[Collection(ContainerdCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class ImageTests(ContainerdFixture host)
{
    [Fact]
    public async Task An_image_is_imported_run_by_several_containers_at_once_and_removed_down_to_an_empty_pool()
    {
        await host.BeginEmpty();
        await ContainerdProcess.MustImport(await host.Archive());
        var layers = await host.List();
        Assert.Equal(ContainerdFixture.DebianLayers, layers.Count);
        Assert.All(layers, layer => Assert.Equal(Kind.Committed, layer.Kind));
        await host.MustAgree();
        var unpacked = await host.Meter.UsedBlocks();

        var containers = await Task.WhenAll(
            Enumerable.Range(0, 3).Select(i => RunningContainer.Start($"together-{i}")));
        foreach (var container in containers)
        {
            await File.WriteAllTextAsync($"{container.Root}/mine", container.Name);
            await container.MustBeUnharmed();
            Assert.True(File.Exists($"{container.Root}/etc/debian_version"));
        }
        Assert.All(containers, c => Assert.Equal(c.Name, File.ReadAllText($"{c.Root}/mine")));
        Assert.Equal(3, (await host.List()).Count(info => info.Kind == Kind.Active));
        await host.MustAgree();
        Assert.InRange((long)(await host.Meter.UsedBlocks() - unpacked), 1, 3 * 16 * 16);

        await Task.WhenAll(containers.Select(container => container.Stop()));
        await ContainerdProcess.RemoveImage(ContainerdFixture.Debian);
        await host.MustBeEmpty();
    }

    [Fact]
    public async Task The_snapshots_commands_of_ctr_work()
    {
        await host.BeginAlive();
        var before = await host.Meter.Content();
        var mounts = await ContainerdProcess.Snapshots("prepare", "--target", "/run/ctr-target", "first");
        Assert.Matches("mount -t ext4 /dev/mapper/dmagents-containerd-[0-9]+ /run/ctr-target", mounts);
        var target = Directory.CreateDirectory("/run/ctr-target").FullName;
        // ctr ends the command in "-o", with the options behind it: an ext4 snapshot has none.
        await Shell.Must("/bin/sh", "-c", mounts.Replace("-o \n", "", StringComparison.Ordinal));
        await File.WriteAllTextAsync($"{target}/file", "of the first");
        await Shell.Must("/bin/umount", target);
        await ContainerdProcess.Snapshots("commit", "layer", "first");

        var view = await ContainerdProcess.Snapshots("view", "--target", target, "look", "layer");
        await Shell.Must("/bin/sh", "-c", view);
        Assert.Equal("of the first", await File.ReadAllTextAsync($"{target}/file"));
        await Assert.ThrowsAsync<IOException>(() => File.WriteAllTextAsync($"{target}/file", "other"));
        await Shell.Must("/bin/umount", target);
        Assert.Equal(view, await ContainerdProcess.Snapshots("mounts", target, "look"));
        Assert.Contains("layer", await ContainerdProcess.Snapshots("tree"), StringComparison.Ordinal);
        Assert.Matches("(?m)^layer +[0-9.]+ [KM]iB", await ContainerdProcess.Snapshots("usage"));
        Assert.Contains("\"Kind\": \"Committed\"", await ContainerdProcess.Snapshots("info", "layer"),
            StringComparison.Ordinal);
        await ContainerdProcess.Snapshots("label", "layer", "team=storage");
        Assert.Contains("storage", await ContainerdProcess.Snapshots("info", "layer"), StringComparison.Ordinal);

        var refused = await ContainerdProcess.Ctr("snapshots", "--snapshotter", ContainerdProcess.Snapshotter,
            "rm", "layer");
        Assert.NotEqual(0, refused.Status);
        Assert.Contains("cannot remove snapshot with child", refused.Errors, StringComparison.Ordinal);
        await ContainerdProcess.Snapshots("rm", "look");
        await ContainerdProcess.Snapshots("rm", "layer");
        await ContainerdProcess.CollectGarbage();
        Assert.Equal(before, await host.Meter.Content());
    }
}
