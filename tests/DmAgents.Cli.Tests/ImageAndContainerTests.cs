using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Tests.Support;

namespace DmAgents.Cli.Tests;

public class ImageAndContainerTests
{
    [Fact]
    public async Task An_image_shows_its_configuration_and_its_layers()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("fast")).On<ShowImageRequest>(_ => Samples.Image());
        var run = await Run.Of(agent, "image", "show", "debian:12");
        Assert.Equal(0, run.Code);
        Assert.Contains("  platform                linux/amd64", run.Lines);
        Assert.Contains("  labels                  a=1", run.Lines);
        Assert.Contains("                          b=2", run.Lines);
        Assert.Equal(
            [
                "layers, the lowest first",
                "CHAIN ID      DIFF ID       THIN ID    SIZE   MAPPED  EXCLUSIVE  CREATED BY",
                "aaaaaaaaaaaa  aaaaaaaaaaaa        1  10 GiB  100 MiB      3 MiB  debootstrap",
                "bbbbbbbbbbbb  bbbbbbbbbbbb        2  10 GiB  120 MiB          -  -",
            ],
            run.Lines[^4..]);
        Assert.Equal(
            new ShowImageRequest { Pool = "fast", Image = "debian:12", Fleet = true },
            agent.Request<ShowImageRequest>());
    }

    [Fact]
    public async Task Removing_an_image_tells_which_layers_went_and_which_stay()
    {
        var reply = new RemoveImageReply
        {
            UntaggedReferences = { "debian:12" },
            RemovedLayers = { Samples.UpperLayer },
            KeptLayers = { Samples.LowerLayer },
        };
        await using var agent = (await FakeAgent.WithPoolsAsync("fast")).On<RemoveImageRequest>(_ => reply);
        var run = await Run.Of(agent, "image", "remove", "debian:12");
        Assert.Equal(
            ["untagged debian:12", "removed layer bbbbbbbbbbbb", "kept layer aaaaaaaaaaaa: still needed"], run.Lines);
        Assert.False(agent.Request<RemoveImageRequest>().Force);
    }

    [Fact]
    public async Task An_image_is_removed_by_force_if_the_operator_says_so()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("fast"))
            .On<RemoveImageRequest>(_ => new RemoveImageReply { UntaggedReferences = { "debian:12" } });
        var run = await Run.Of(agent, "image", "remove", "debian:12", "--force");
        Assert.Equal(["untagged debian:12"], run.Lines);
        Assert.True(agent.Request<RemoveImageRequest>().Force);
    }

    [Fact]
    public async Task Images_are_listed_and_tagged()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("fast"))
            .On<ListImagesRequest>(_ => new ListImagesReply
            {
                Images =
                {
                    new ImageSummary
                    {
                        Reference = "debian:12", Id = Samples.Image().Id, Pool = "fast", Layers = 2,
                        MappedBytes = 120 * Samples.MiB, ImportedAt = Samples.ThreeMinutesAgo, Containers = 1,
                    },
                },
            })
            .On<TagImageRequest>(request => Changed(request.Reference));
        Assert.Equal(
            "debian:12  cccccccccccc  fast       2  120 MiB           1  3 minutes ago",
            (await Run.Of(agent, "image", "list")).Lines[1]);
        Assert.Equal(
            "mine is cccccccccccc\n", (await Run.Of(agent, "image", "tag", "debian:12", "mine")).Out);
        Assert.False(agent.Request<TagImageRequest>().Force);
        Assert.Equal(0, (await Run.Of(agent, "image", "tag", "debian:12", "mine", "--force")).Code);
        Assert.True(agent.Requests.OfType<TagImageRequest>().Last().Force);

        static ImageDetails Changed(string reference)
        {
            var image = Samples.Image();
            image.Reference = reference;
            return image;
        }
    }

    [Fact]
    public async Task A_container_is_asked_for_as_it_was_said()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("fast"))
            .On<CreateContainerRequest>(_ => Samples.Web());
        var run = await Run.Of(
            agent, "container", "create", "web", "--image", "debian:12", "--size", "20G", "--label", "a=1", "--label",
            "b=x=y", "--mount");
        Assert.Equal("web is mounted at /var/lib/dmagents/mnt/web\n", run.Out);
        Assert.Equal(
            new CreateContainerRequest
            {
                RequestId = Run.RequestId, Pool = "fast", Name = "web", Image = "debian:12",
                SizeBytes = 20 * Samples.GiB, Mount = true, Labels = { ["a"] = "1", ["b"] = "x=y" },
            },
            agent.Request<CreateContainerRequest>());

        run = await Run.Of(agent, "container", "create", "web", "--layer", Samples.UpperLayer, "-p", "slow", "-q");
        Assert.Equal("/var/lib/dmagents/mnt/web\n", run.Out);
        var byLayer = agent.Requests.OfType<CreateContainerRequest>().Last();
        Assert.Equal(Samples.UpperLayer, byLayer.LayerChainId);
        Assert.Equal("slow", byLayer.Pool);
        Assert.False(byLayer.HasSizeBytes);
    }

    [Fact]
    public async Task A_container_for_scripts_is_one_document()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("fast")).On<ShowContainerRequest>(_ => Samples.Web());
        var run = await Run.Of(agent, "container", "show", "web", "--json");
        Assert.Equal(
            $$"""
            {
              "name": "web",
              "pool": "fast",
              "image": "debian:12",
              "parent": "{{Samples.UpperLayer}}",
              "thin_id": 3,
              "state": "mounted",
              "size_bytes": 10737418240,
              "mapped_bytes": 127926272,
              "exclusive_bytes": 2097152,
              "shared_bytes": 125829120,
              "file_system": "ext4",
              "mount_path": "/var/lib/dmagents/mnt/web",
              "read_only": false,
              "device_path": "/dev/mapper/dmagents-fast-3",
              "dm_name": "dmagents-fast-3",
              "labels": {
                "tier": "1"
              },
              "created_at": "2026-05-01T12:30:00.000Z",
              "kind": "container",
              "containerd_namespace": "",
              "root": ""
            }

            """,
            run.Out);
    }

    [Fact]
    public async Task Snapshots_of_containerd_are_among_the_containers_with_their_namespace()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("fast"))
            .On<ListContainersRequest>(_ => new ListContainersReply { Containers = { Samples.OfContainerd() } });

        var run = await Run.Of(agent, "container", "list");

        Assert.StartsWith(
            "NAME                              POOL  NAMESPACE  KIND       IMAGE", run.Lines[0],
            StringComparison.Ordinal);
        Assert.StartsWith(
            "containerd.default/default/7/web  fast  default    container  ", run.Lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_containerds_is_removed_by_its_name_and_force()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("fast"))
            .On<RemoveContainerRequest>(r => new RemoveContainerReply { Container = r.Container })
            .On<RemoveLayerRequest>(r => new RemoveLayerReply { Key = r.Key });

        await Run.Of(agent, "container", "remove", "containerd.default/default/7/web", "--force");
        await Run.Of(agent, "layer", "remove", "containerd.default/default/5/sha256:0123", "--force");

        Assert.Equal("containerd.default/default/7/web", agent.Request<RemoveContainerRequest>().Container);
        Assert.True(agent.Request<RemoveContainerRequest>().Force);
        Assert.Equal("containerd.default/default/5/sha256:0123", agent.Request<RemoveLayerRequest>().Key);
        Assert.True(agent.Request<RemoveLayerRequest>().Force);
    }

    [Fact]
    public async Task A_container_shows_exclusive_and_shared_bytes()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("fast")).On<ShowContainerRequest>(_ => Samples.Web());
        var run = await Run.Of(agent, "container", "show", "web");
        Assert.Contains("  exclusive               2 MiB", run.Lines);
        Assert.Contains("  shared                  120 MiB", run.Lines);
        Assert.Contains("  mounted at              /var/lib/dmagents/mnt/web", run.Lines);
    }

    [Fact]
    public async Task Containers_are_mounted_unmounted_committed_resized_and_removed()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("fast"))
            .On<MountContainerRequest>(request => new MountContainerReply
            {
                Container = request.Container, Path = "/mnt/web", ReadOnly = request.ReadOnly,
            })
            .On<UnmountContainerRequest>(request => new UnmountContainerReply
            {
                Container = request.Container, WasMounted = request.Force,
            })
            .On<CommitContainerRequest>(_ => Samples.Image())
            .On<ResizeContainerRequest>(request => new Container { Name = "web", SizeBytes = request.SizeBytes })
            .On<RemoveContainerRequest>(request => new RemoveContainerReply { Container = request.Container });

        Assert.Equal("web is mounted at /mnt/web, read-only\n", await Out("mount", "web", "--read-only"));
        Assert.Equal("/mnt/web\n", await Out("mount", "web", "--quiet"));
        Assert.Equal("web was not mounted\n", await Out("unmount", "web"));
        Assert.Equal("web is unmounted\n", await Out("umount", "web", "--force"));
        Assert.Equal(
            "debian:12 is cccccccccccc: what web holds, as 2 layers\n",
            await Out("commit", "web", "debian:12", "--author", "me", "--comment", "fixed"));
        Assert.Equal("web has 20 GiB\n", await Out("resize", "web", "20G"));
        Assert.Equal("removed container web\n", await Out("rm", "web", "-f"));
        Assert.True(agent.Request<RemoveContainerRequest>().Force);
        Assert.Equal(
            new CommitContainerRequest
            {
                RequestId = Run.RequestId, Pool = "fast", Container = "web", Reference = "debian:12", Author = "me",
                Comment = "fixed",
            },
            agent.Request<CommitContainerRequest>());

        async Task<string> Out(params string[] args) => (await Run.Of(agent, ["container", .. args])).Out;
    }

    [Fact]
    public async Task Without_a_terminal_no_line_is_wrapped_or_cut()
    {
        var reply = new ListContainersReply();
        var web = Samples.Web();
        web.MountPath = "/very/" + new string('l', 300) + "/path";
        reply.Containers.Add(web);
        await using var agent = (await FakeAgent.StartAsync()).On<ListContainersRequest>(_ => reply);

        var piped = await Run.Of(agent, "container", "list");
        Assert.Equal(2, piped.Lines.Length);
        Assert.EndsWith(web.MountPath, piped.Lines[1], StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", piped.Out, StringComparison.Ordinal);

        var narrow = await Run.Of(agent, Run.Terminal(80), "container", "list");
        Assert.True(narrow.Lines.Length > 2);
    }
}
