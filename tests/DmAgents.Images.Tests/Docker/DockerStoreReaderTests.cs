using DmAgents.Domain.Containers;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using DmAgents.Images.Docker;

namespace DmAgents.Images.Tests.Docker;

public sealed class DockerStoreReaderTests : IDisposable
{
    private const string OtherId = "c000000000000000000000000000000000000000000000000000000000000002";
    private const string OtherDevice = "b000000000000000000000000000000000000000000000000000000000000009";

    private readonly StoreFixture _docker = new();

    public void Dispose() => _docker.Dispose();

    [Fact]
    public void A_sound_store_is_read_whole_and_nothing_is_found_amiss()
    {
        var store = _docker.Read();

        Assert.Empty(store.Findings);
        Assert.Equal(FileSystemKind.Ext4, store.FileSystem);
        Assert.Equal("0f0f", store.BaseUuid);
        Assert.Equal(
            new DockerTransaction(new TransactionId(5), StoreFixture.ContainerDevice, new ThinId(5)),
            store.Transaction);
        Assert.Equal(
            new DockerDevice(
                StoreFixture.TopDevice, new ThinId(3), ByteSize.GiB(10), new TransactionId(3), Deleted: false),
            store.Devices.Single(device => device.Hash == StoreFixture.TopDevice));
        Assert.Equal(5, store.Devices.Count);
    }

    [Fact]
    public void Layers_have_their_chain_ids_and_parents()
    {
        Assert.Equal(
            [
                new DockerLayer(StoreFixture.Bottom, Parent: null, StoreFixture.BottomDiff, StoreFixture.BottomDevice),
                new DockerLayer(StoreFixture.Top, StoreFixture.Bottom, StoreFixture.TopDiff, StoreFixture.TopDevice),
            ],
            _docker.Read().Layers.OrderBy(layer => layer.Device, StringComparer.Ordinal));
    }

    [Fact]
    public void An_image_has_its_configuration_byte_for_byte_and_its_tags()
    {
        var image = Assert.Single(_docker.Read().Images);

        Assert.Equal(_docker.ImageId, image.Id);
        Assert.Equal(_docker.ImageId, Digest.Of(System.Text.Encoding.UTF8.GetBytes(image.Config)));
        Assert.Equal(StoreFixture.Top, image.Top);
        Assert.Equal([new ImageReference("app:1")], image.References);
    }

    [Fact]
    public void A_container_has_its_name_without_the_slash()
    {
        Assert.Equal(
            new DockerContainer(
                StoreFixture.ContainerId, new ContainerName("web"), StoreFixture.ContainerDevice,
                $"{StoreFixture.ContainerDevice}-init", StoreFixture.Top, _docker.ImageId, WasRunning: false),
            Assert.Single(_docker.Read().Containers));
    }

    [Fact]
    public void An_image_without_a_name_gets_one_made_of_its_id()
    {
        _docker.Repositories();

        var store = _docker.Read();

        Assert.Equal([$"untagged/{_docker.ImageId.Hex[..12]}:latest"],
            Assert.Single(store.Images).References.Select(reference => reference.Value));
        Assert.Equal(FindingGravity.Note, Assert.Single(store.Findings).Gravity);
    }

    [Fact]
    public void What_the_builder_made_on_the_way_is_no_image()
    {
        var step = _docker.Image(StoreFixture.BottomDiff);
        _docker.Write($"image/devicemapper/imagedb/metadata/sha256/{_docker.ImageId.Hex}/parent", step.Value);

        Assert.Equal(_docker.ImageId, Assert.Single(_docker.Read().Images).Id);
    }

    [Fact]
    public void A_container_that_ran_when_Docker_ended_is_told()
    {
        _docker.Container(StoreFixture.ContainerId, StoreFixture.ContainerDevice, "/web", _docker.ImageId.Value,
            StoreFixture.Top, isRunning: true);

        var store = _docker.Read();

        Assert.True(Assert.Single(store.Containers).WasRunning);
        Assert.Equal("container web", Assert.Single(store.Findings).Object);
    }

    [Theory]
    [InlineData("/sha256-x")]
    [InlineData("/web")]
    [InlineData("")]
    public void A_name_that_cannot_be_kept_is_replaced_and_told(string name)
    {
        _docker.Container(OtherId, OtherDevice, name, _docker.ImageId.Value, StoreFixture.Top);

        var store = _docker.Read();

        Assert.Equal(
            ["docker-c00000000000", "web"],
            store.Containers.Select(c => c.Name.Value).Order(StringComparer.Ordinal));
        Assert.Contains("docker-c00000000000", Assert.Single(store.Findings).What, StringComparison.Ordinal);
    }

    [Fact]
    public void Temporary_files_of_Docker_are_not_records()
    {
        _docker.Write("devicemapper/metadata/.tmp123", "{");

        Assert.Empty(_docker.Read().Findings);
    }

    [Theory]
    [InlineData("devicemapper/metadata/" + StoreFixture.TopDevice, "{\"device_id\":")]
    [InlineData(
        "devicemapper/metadata/" + StoreFixture.TopDevice,
        "{\"device_id\":16777216,\"size\":1024,\"transaction_id\":3}")]
    [InlineData(
        "devicemapper/metadata/" + StoreFixture.TopDevice, "{\"device_id\":3,\"size\":1000,\"transaction_id\":3}")]
    [InlineData(
        "devicemapper/metadata/" + StoreFixture.TopDevice, "{\"device_id\":3,\"size\":1024,\"transaction_id\":-3}")]
    [InlineData("devicemapper/metadata/" + StoreFixture.TopDevice, "")]
    public void A_damaged_record_is_left_out_and_told(string file, string text)
    {
        _docker.Write(file, text);

        var store = _docker.Read();

        Assert.DoesNotContain(store.Devices, device => device.Hash == StoreFixture.TopDevice);
        Assert.Equal(4, store.Devices.Count);
        Assert.Equal((file, FindingGravity.Loss), store.Findings.Select(f => (f.Object, f.Gravity)).Single());
    }

    [Fact]
    public void Of_two_records_with_one_thin_id_neither_is_believed()
    {
        _docker.Device(OtherDevice, 3, transaction: 3);

        var store = _docker.Read();

        Assert.Equal([1u, 2u, 4u, 5u], store.Devices.Select(device => device.Id.Value).Order());
        Assert.Equal("thin id 3", Assert.Single(store.Findings).Object);
    }

    [Theory]
    [InlineData("cache-id", "elsewhere")]
    [InlineData("diff", "sha256:12")]
    [InlineData("diff", "sha256:0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("parent", "sha256:0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("parent", "nonsense")]
    public void A_layer_that_contradicts_itself_is_left_out_with_the_image_above_it(string file, string text)
    {
        _docker.Write($"{StoreFixture.LayerDirectory(StoreFixture.Top)}/{file}", text);

        var store = _docker.Read();

        Assert.Equal(StoreFixture.Bottom, Assert.Single(store.Layers).Chain);
        Assert.Empty(store.Images);
        Assert.Contains(store.Findings, finding => finding.Object == $"layer {StoreFixture.Top.Digest.Hex[..12]}");
        Assert.Contains(store.Findings, finding => finding.Object == $"image {_docker.ImageId.Hex[..12]}");
    }

    [Fact]
    public void A_configuration_with_another_digest_is_not_believed()
    {
        _docker.Write(StoreFixture.ConfigFile(_docker.ImageId), "{\"architecture\":\"amd64\",\"os\":\"linux\"}");

        var store = _docker.Read();

        Assert.Empty(store.Images);
        Assert.Contains(store.Findings, finding => finding.Object == "app:1");
    }

    [Fact]
    public void A_container_whose_directory_is_gone_is_adopted_under_another_name()
    {
        _docker.Delete($"containers/{StoreFixture.ContainerId}/config.v2.json");

        Assert.Equal("docker-c00000000000", Assert.Single(_docker.Read().Containers).Name.Value);
    }

    [Fact]
    public void A_container_without_its_device_id_is_left_out()
    {
        _docker.Delete($"image/devicemapper/layerdb/mounts/{StoreFixture.ContainerId}/mount-id");

        var store = _docker.Read();

        Assert.Empty(store.Containers);
        Assert.Equal(FindingGravity.Loss, Assert.Single(store.Findings).Gravity);
    }

    [Fact]
    public void A_directory_without_the_driver_is_refused()
    {
        Directory.Delete(Path.Combine(_docker.Root, "devicemapper"), recursive: true);

        Assert.Equal(ImageReason.NotFound, Assert.Throws<ImageException>(_docker.Read).Reason);
    }

    [Theory]
    [InlineData("", ImageReason.Corrupt)]
    [InlineData("btrfs", ImageReason.Unsupported)]
    public void A_file_system_that_is_not_mounted_here_is_refused(string fileSystem, ImageReason reason)
    {
        _docker.Write("devicemapper/metadata/deviceset-metadata",
            $$"""{"next_device_id":6,"BaseDeviceUUID":"0f0f","BaseDeviceFilesystem":"{{fileSystem}}"}""");

        Assert.Equal(reason, Assert.Throws<ImageException>(_docker.Read).Reason);
    }
}
