using System.Collections.Immutable;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Tests.Transfers;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Domain.Units;
using DmAgents.Images.Layers;
using DmAgents.Images.Sources;
using DmAgents.Images.Trees;
using DmAgents.Kernel.FileTrees;
using Grpc.Core;
using Format = DmAgents.Api.Admin.V1.ExportImageRequest.Types.Format;

namespace DmAgents.Agent.Tests.Exports;

/// <summary>Images as archives, by the agent as it is composed.</summary>
public sealed class ImageExportTests : IAsyncLifetime
{
    private readonly string _home = Directory.CreateTempSubdirectory("dmagents-export-").FullName;
    private readonly List<DeviceKey> _layers = [];
    private ServedAgent _agent = null!;

    private FoldersAsMounts Trees => (FoldersAsMounts)_agent.Get<IFileTrees>();

    public async Task InitializeAsync()
    {
        _agent = await ServedAgent.Start();
        for (var i = 0; i < 3; i++)
        {
            _layers.Add(await TwoAgents.AddLayer(
                _agent, i == 0 ? null : _layers[^1], i, ByteSize.MiB(1), TwoAgents.ChainOf(i)));
            Directory.CreateDirectory($"{_home}/{i}/etc");
            for (var file = 0; file <= i; file++)
                await File.WriteAllTextAsync($"{_home}/{i}/etc/{file}", $"of {i}");
            Trees.OnDevices[DeviceNames.Thin(ServedAgent.Pool, _agent.State.Find(_layers[i])!.Id).Path.Value] =
                $"{_home}/{i}";
        }
        await TwoAgents.Tag(_agent, TwoAgents.App, _layers[^1]);
    }

    public async Task DisposeAsync()
    {
        await _agent.DisposeAsync();
        Directory.Delete(_home, recursive: true);
    }

    [Theory]
    [InlineData(Format.Unspecified)]
    [InlineData(Format.OciArchive)]
    [InlineData(Format.DockerArchive)]
    public async Task An_image_is_written_layer_by_layer_and_leaves_nothing_in_the_pool(Format format)
    {
        var exported = await Export("out", format);

        Assert.Equal((TwoAgents.App.Value, $"{_home}/out"), (exported.Reference, exported.Path));
        Assert.False(exported.SameId);
        using var source = ImageSource.Open($"{_home}/out", _home, null, CancellationToken.None);
        var image = source.Describe();
        Assert.Equal(exported.Id, image.Config!.Digest.Value);
        Assert.Equal(exported.DiffIds, image.Layers.Select(layer => layer.DiffId!.Value.Value));
        Directory.CreateDirectory($"{_home}/applied");
        Assert.True(LinuxFileTree.Open($"{_home}/applied", out var tree).IsDone);
        Assert.True(LinuxFileTree.Open($"{_home}/2", out var expected).IsDone);
        using (tree)
        using (expected)
        {
            foreach (var (layer, i) in image.Layers.Select((layer, i) => (layer, i)))
            {
                using var stream = source.OpenLayer(layer);
                LayerApplier.Apply(stream, tree!, onEmptyBase: i == 0);
            }
            Assert.Equal(FileTreeDigest.Lines(expected!), FileTreeDigest.Lines(tree!));
        }
        await NothingIsLeft();
    }

    [Fact]
    public async Task A_layer_that_cannot_be_read_ends_the_export_and_nothing_is_left()
    {
        Trees.OnDevices.Remove(
            DeviceNames.Thin(ServedAgent.Pool, _agent.State.Find(_layers[1])!.Id).Path.Value, out _);

        var refused = await Assert.ThrowsAsync<RpcException>(() => Export("out", Format.OciArchive));

        Assert.StartsWith("cannot export image: ", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_home));
        await NothingIsLeft();
    }

    [Theory]
    [InlineData("none:1", "out", StatusCode.NotFound, "has no image of this name or id")]
    [InlineData("app:1", "none/out", StatusCode.NotFound, "There is no directory")]
    [InlineData("app:1", "0", StatusCode.FailedPrecondition, "is there already")]
    public async Task What_cannot_be_exported_is_refused_with_its_reason(
        string image, string path, StatusCode status, string why)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(() => Export(path, Format.OciArchive, image));

        Assert.Equal(status, refused.StatusCode);
        Assert.Contains(why, refused.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_path_that_only_the_caller_knows_is_refused()
    {
        using var call = new Api.Admin.V1.Images.ImagesClient(_agent.AdminChannel).Export(new ExportImageRequest
        {
            Image = "app:1", Path = "relative",
        });

        var refused = await Assert.ThrowsAsync<RpcException>(() =>
            call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(TwoAgents.Patience));

        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
    }

    [Fact]
    public async Task A_caller_that_goes_leaves_nothing()
    {
        // It is under way when the caller goes: its second view is held.
        _agent.Kernel.HoldNext(nameof(IKernel.ActivateThin)).Open();
        var held = _agent.Kernel.HoldNext(nameof(IKernel.ActivateThin));
        using (var gone = new CancellationTokenSource())
        using (var call = new Api.Admin.V1.Images.ImagesClient(_agent.AdminChannel).Export(
            new ExportImageRequest { Image = "app:1", Path = $"{_home}/out" }, cancellationToken: gone.Token))
        {
            await held.Reached.WaitAsync(TwoAgents.Patience);
            await gone.CancelAsync();
            await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None));
        }
        held.Open();

        await NothingIsLeft();
        await TwoAgents.Eventually(
            () => Directory.GetFileSystemEntries(_home).All(path => Path.GetFileName(path).Length == 1)
                || Path.Exists($"{_home}/out"), "no part of an archive is left");
    }

    private async Task NothingIsLeft() => await TwoAgents.NothingIsLeft(_agent);

    private async Task<ExportedImage> Export(string name, Format format, string image = "app:1")
    {
        using var call = new Api.Admin.V1.Images.ImagesClient(_agent.AdminChannel).Export(new ExportImageRequest
        {
            Image = image, Path = $"{_home}/{name}", Format = format,
        });
        ExportedImage? exported = null;
        while (await call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(TwoAgents.Patience))
            exported = call.ResponseStream.Current.Exported ?? exported;
        return exported!;
    }
}
