using DmAgents.Api.Containerd.Snapshots.V1;
using DmAgents.EndToEnd.Tests.Containerd.Cri;
using DmAgents.EndToEnd.Tests.Support;
using Grpc.Net.Client;

namespace DmAgents.EndToEnd.Tests.Containerd;

/// <summary>Images by containerd's service for the kubelet, which unpacks by the snapshotter of its own section.
/// </summary>
[Collection(ContainerdCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class KubernetesTests(ContainerdFixture host) : IDisposable
{
    private readonly GrpcChannel _channel = UnixChannel.To(ContainerdProcess.Address);

    private ImageService.ImageServiceClient Images => new(_channel);

    public void Dispose() => _channel.Dispose();

    [Fact]
    public async Task A_pulled_image_is_unpacked_into_the_pool_runs_and_is_removed_without_a_trace()
    {
        await host.BeginEmpty();
        using var registry = new OciRegistry(Places.Image);
        var image = new ImageSpec { Image = $"{registry.Address}/{ContainerdFixture.Debian}" };

        var pulled = await Images.PullImageAsync(new PullImageRequest { Image = image });

        Assert.StartsWith("sha256:", pulled.ImageRef, StringComparison.Ordinal);
        var layers = await host.List();
        Assert.Equal(ContainerdFixture.DebianLayers, layers.Count);
        Assert.All(layers, layer => Assert.Equal(Kind.Committed, layer.Kind));
        // By this label a layer that another host has could be offered instead.
        Assert.All(layers, layer => Assert.StartsWith(
            "sha256:", layer.Labels["containerd.io/snapshot.ref"], StringComparison.Ordinal));
        var release = await ContainerdProcess.MustCtr("--namespace", "k8s.io", "run", "--rm", "--snapshotter",
            ContainerdProcess.Snapshotter, image.Image, "pod", "cat", "/etc/debian_version");
        Assert.Matches("^[0-9a-z]", release);

        await Images.RemoveImageAsync(new RemoveImageRequest { Image = image });
        await ContainerdProcess.MustCtr("--namespace", "k8s.io", "leases", "create", "--id", "collect");
        await ContainerdProcess.MustCtr("--namespace", "k8s.io", "leases", "rm", "--sync", "collect");
        await host.MustBeEmpty();
    }

    [Fact]
    public async Task The_image_file_system_is_the_agents_where_containerd_takes_its_path()
    {
        await host.BeginAlive();

        var found = await Images.ImageFsInfoAsync(new ImageFsInfoRequest());

        var mountpoint = Assert.Single(found.ImageFilesystems).FsId.Mountpoint;
        var printed = await Shell.Must(Places.Cli, "containerd", "config", "--state-directory",
            host.Places.StateDirectory);
        // containerd 1.x takes no path of a proxy, and gives one of its own that nothing is in.
        if (printed.Contains(".exports]", StringComparison.Ordinal))
            Assert.Equal(host.Places.StateDirectory, mountpoint);
        else
            Assert.EndsWith($".{ContainerdProcess.Snapshotter}", mountpoint, StringComparison.Ordinal);
    }
}
