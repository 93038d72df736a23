using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Images.Docker;

namespace DmAgents.Images.Tests.Docker;

public sealed class DockerClaimsTests : IDisposable
{
    private readonly StoreFixture _docker = new();

    /// <summary>As the kernel has it: each made in the transaction before the one that its record names.</summary>
    private readonly SortedDictionary<uint, ulong> _thins = new() { [1] = 0, [2] = 1, [3] = 2, [4] = 3, [5] = 4 };

    private ulong _transaction = 5;

    public void Dispose() => _docker.Dispose();

    [Fact]
    public void Of_a_sound_store_everything_is_claimed()
    {
        var claimed = Claimed();

        Assert.Empty(claimed.Findings);
        Assert.Equal(
            [
                "1 base/docker-ext4-10737418240 Base -",
                $"2 layer/{StoreFixture.Bottom} Layer 1",
                $"3 layer/{StoreFixture.Top} Layer 2",
                $"4 layer/docker:{StoreFixture.ContainerDevice}-init Layer 3",
                "5 container/web Container 3",
            ],
            claimed.Claims.Select(c => $"{c.Id} {c.Key} {c.Kind} {(c.Parent is { } parent ? parent : "-")}"));
        var image = Assert.Single(claimed.Images);
        Assert.Equal(
            ("app:1", new ThinId(3), _docker.ImageId.Value),
            (image.Reference.Value, image.TopLayer, image.ConfigDigest));
    }

    [Fact]
    public void The_tree_of_all_but_the_base_is_below_rootfs() => Assert.Equal(
        [null, "rootfs", "rootfs", "rootfs", "rootfs"], Claimed().Claims.Select(claim => claim.Root));

    [Fact]
    public void A_container_keeps_its_id_and_its_image_as_labels()
    {
        var labels = Claimed().Claims[^1].Labels;

        Assert.Equal(StoreFixture.ContainerId, labels[DeviceLabels.DockerId]);
        Assert.Equal("app:1", labels[DeviceLabels.Image]);
    }

    [Fact]
    public void A_record_without_a_device_is_told_and_what_needs_it_is_not_claimed()
    {
        _thins.Remove(3);

        var claimed = Claimed();

        Assert.Equal([1u, 2u, 4u, 5u], Ids(claimed));
        Assert.Empty(claimed.Images);
        Assert.Equal(new ThinId(2), claimed.Claims[^1].Parent);
        Assert.Equal(
            [$"device {StoreFixture.TopDevice[..12]}", $"layer {StoreFixture.Top.Digest.Hex[..12]}", "image app:1"],
            claimed.Findings.Where(f => f.Gravity == FindingGravity.Loss).Select(f => f.Object));
    }

    [Fact]
    public void A_device_without_a_record_is_told_and_claimed_by_nobody()
    {
        _thins.Add(77, 9);

        var claimed = Claimed();

        Assert.Equal([1u, 2u, 3u, 4u, 5u], Ids(claimed));
        Assert.Equal("thin id 77", Assert.Single(claimed.Findings).Object);
    }

    [Fact]
    public void A_thin_id_that_was_given_out_again_is_not_the_one_of_the_record()
    {
        _thins[5] = 8;

        var claimed = Claimed();

        Assert.Equal([1u, 2u, 3u, 4u], Ids(claimed));
        Assert.Contains(claimed.Findings, f => f.Why.Contains("made in transaction 8", StringComparison.Ordinal));
    }

    [Fact]
    public void An_undecided_creation_is_claimed_by_nobody()
    {
        _transaction = 4;

        var claimed = Claimed();

        Assert.Equal([1u, 2u, 3u, 4u], Ids(claimed));
        Assert.Contains(
            claimed.Findings, f => f.Why.Contains("transaction 5, the pool has 4", StringComparison.Ordinal));
    }

    [Fact]
    public void An_undecided_deletion_whose_device_is_gone_is_no_loss_of_anything_else()
    {
        _docker.Transaction(open: 6, StoreFixture.ContainerDevice, 5);
        _thins.Remove(5);

        Assert.Equal([1u, 2u, 3u, 4u], Ids(Claimed()));
    }

    [Fact]
    public void Files_that_are_older_than_the_pool_are_told_and_their_sound_records_claimed()
    {
        _docker.Transaction(open: 4, $"{StoreFixture.ContainerDevice}-init", 4);
        _transaction = 5;

        var claimed = Claimed();

        Assert.Equal([1u, 2u, 3u, 4u, 5u], Ids(claimed));
        Assert.Contains("by 1 changes", Assert.Single(claimed.Findings).What, StringComparison.Ordinal);
    }

    [Fact]
    public void What_Docker_had_deleted_but_for_its_blocks_is_claimed_by_nobody()
    {
        _docker.Device(StoreFixture.ContainerDevice, 5, transaction: 5, deleted: true);

        var claimed = Claimed();

        Assert.Equal([1u, 2u, 3u, 4u], Ids(claimed));
        Assert.Contains(claimed.Findings, f => f.Gravity == FindingGravity.Note);
    }

    [Fact]
    public void A_record_that_nothing_names_is_told()
    {
        Directory.Delete(Path.Combine(_docker.Root, "image/devicemapper/layerdb/mounts"), recursive: true);

        var claimed = Claimed();

        Assert.Equal([1u, 2u, 3u], Ids(claimed));
        Assert.Equal(
            2, claimed.Findings.Count(f => f.Why.Contains("no image, layer or container", StringComparison.Ordinal)));
    }

    [Fact]
    public void Without_a_base_the_layers_are_claimed_all_the_same()
    {
        _docker.Delete("devicemapper/metadata/base");

        var claimed = Claimed();

        Assert.Equal([2u, 3u, 4u, 5u], Ids(claimed));
        Assert.Null(claimed.Claims[0].Parent);
        Assert.Contains(claimed.Findings, f => f.Object == "base");
    }

    private DockerClaimed Claimed() => DockerClaims.Of(_docker.Read(), new MetadataContent(
        new TransactionId(_transaction), PoolBlockSize.Default, NeedsCheck: false,
        [.. _thins.Select(
            thin => new ThinUsage(new ThinId(thin.Key), 1, ExclusiveBlocks: null, new TransactionId(thin.Value)))]),
        DateTimeOffset.UnixEpoch);

    private static IEnumerable<uint> Ids(DockerClaimed claimed) => claimed.Claims.Select(claim => claim.Id.Value);
}
