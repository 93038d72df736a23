using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Units;
using DmAgents.Testing.Contracts;
using DmAgents.Testing.Docker;

namespace DmAgents.Domain.Tests.Takeover;

public sealed class DockerPoolInspectionTests
{
    private readonly DockerWorld _docker = new();

    [Fact]
    public void A_pool_of_loop_files_is_read_without_being_made_live()
    {
        var found = _docker.Found();

        Assert.Equal([1u, 2u, 3u], found.Content.Thins.Select(thin => thin.Id.Value));
        Assert.Equal(DockerWorld.Transaction, found.Content.TransactionId);
        Assert.Equal(
            new PoolBacking.LoopFiles(
                new LoopFilePart(DockerWorld.Request.Data, ByteSize.GiB(1)),
                new LoopFilePart(DockerWorld.Request.Metadata, ByteSize.MiB(16))),
            found.Backing);
        Assert.Empty(found.LeftOver);
        Assert.Empty(_docker.Kernel.ListDevices("").Must());
        Assert.Null(_docker.Kernel.InspectFile(DockerWorld.Request.Metadata).Must().Attached);
    }

    [Fact]
    public void What_a_killed_Docker_left_live_is_told_thin_devices_first()
    {
        _docker.Assemble();
        var device = _docker.Activate(3);

        Assert.Equal(new[] { device, _docker.DockerPool }, _docker.Found().LeftOver.AsEnumerable());
    }

    [Fact]
    public void It_is_taken_down_also_where_it_was_left_suspended()
    {
        _docker.Assemble();
        _docker.Kernel.Suspend(_docker.Activate(3), freeze: false).Must();

        TakeoverEffects.TakeDown(_docker.Kernel, _docker.Found().LeftOver).Must();

        Assert.Empty(_docker.Kernel.ListDevices("").Must());
    }

    [Fact]
    public void A_Docker_that_has_a_file_open_is_at_work()
    {
        using var user = _docker.Kernel.UseFile(4711, "dockerd", "/var/lib/docker/volumes/metadata.db");

        var refusal = _docker.Refused();

        Assert.Equal(RefusalKind.Busy, refusal.Kind);
        Assert.Contains("dockerd (process 4711)", refusal.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_data_root_that_is_a_link_is_taken_by_its_real_path()
    {
        var link = new MountPath("/srv/docker");
        _docker.Kernel.LinkDirectory(link, DockerWorld.DataRoot);
        var inspection = new DockerPoolInspection(_docker.Kernel, DockerWorld.Request with { DataRoot = link });

        var found = Assert.IsType<DockerPool.Found>(inspection.Look());

        Assert.Equal(DockerWorld.Request, found.Place);
        Assert.Equal(DockerWorld.Request.Data, Assert.IsType<PoolBacking.LoopFiles>(found.Backing).Data.File);
        using var user = _docker.Kernel.UseFile(4711, "dockerd", "/var/lib/docker/volumes/metadata.db");
        Assert.Equal(RefusalKind.Busy, Assert.IsType<DockerPool.Refused>(inspection.Look()).Refusal.Kind);
    }

    [Fact]
    public void A_Docker_whose_pool_lies_elsewhere_by_a_link_is_seen_at_work_there()
    {
        _docker.Kernel.LinkDirectory(DockerWorld.Request.Directory, new MountPath("/data/devicemapper"));
        _docker.Kernel.EnsureDirectory(new MountPath("/data/devicemapper")).Must();
        using var user = _docker.Kernel.UseFile(4711, "dockerd", "/data/devicemapper/metadata/base");

        Assert.Equal(RefusalKind.Busy, _docker.Refused().Kind);
    }

    [Fact]
    public void A_device_that_somebody_holds_is_not_taken()
    {
        _docker.Assemble();
        using var hold = _docker.Kernel.HoldDevice(_docker.Activate(3).Path);

        Assert.Equal(RefusalKind.Busy, _docker.Refused().Kind);
    }

    [Fact]
    public void Files_that_another_device_stands_on_are_not_taken()
    {
        var loop = _docker.Kernel.AttachLoop(DockerWorld.Request.Metadata).Must();
        using var hold = _docker.Kernel.HoldDevice(loop);
        _docker.Kernel.OpenLinear(new(new("test-other"), default, [new(loop, default, new SectorCount(8))])).Must();

        Assert.Equal(RefusalKind.Busy, _docker.Refused().Kind);
    }

    [Fact]
    public void Without_files_the_pool_has_to_be_named()
    {
        _docker.Kernel.DeleteFile(DockerWorld.Request.Data).Must();

        Assert.Contains("--thin-pool", _docker.Refused().Next, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pool_that_somebody_else_assembles_stays_his()
    {
        _docker.Assemble();
        var found = Assert.IsType<DockerPool.Found>(new DockerPoolInspection(
            _docker.Kernel, DockerWorld.Request with { ThinPool = _docker.DockerPool }).Look());

        Assert.Equal(new PoolBacking.Existing(_docker.DockerPool, OwnedByLvm: false), found.Backing);
        Assert.Empty(found.LeftOver);
    }

    [Fact]
    public void A_pool_that_is_not_there_is_not_found() => Assert.Equal(
        RefusalKind.NotFound,
        Assert.IsType<DockerPool.Refused>(new DockerPoolInspection(
            _docker.Kernel, DockerWorld.Request with { ThinPool = new MappedName("missing") }).Look()).Refusal.Kind);

    [Fact]
    public void A_pool_that_demands_a_check_is_not_taken()
    {
        _docker.Assemble();
        _docker.Kernel.BreakMetadata(_docker.DockerPool);

        Assert.Contains("check", _docker.Refused().Why, StringComparison.Ordinal);
    }
}
