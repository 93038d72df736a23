using DmAgents.Agent.Services;
using DmAgents.Agent.UseCases;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Units;
using Grpc.Core;

namespace DmAgents.Agent.Tests;

/// <summary>Requests for pools are read into the domain's words; what makes no sense in any state is refused.</summary>
public sealed class PoolRequestTests
{
    [Fact]
    public void A_creation_keeps_all_that_is_asked_for()
    {
        var request = Creation();
        request.BlockSizeBytes = ByteSize.KiB(128).Bytes;
        request.FileSystem = FileSystem.Xfs;
        request.Force = true;

        var asked = PoolRequests.Creation(request);

        Assert.Equal(request.RequestId, asked.Request.ToString());
        Assert.Equal((new PoolName("fast"), true), (asked.Name, asked.Force));
        Assert.Equal(new BackingRequest.SingleDisk(new DevicePath("/dev/sdb"), ByteSize.MiB(8)), asked.Backing);
        Assert.Equal(
            (new PoolBlockSize(ByteSize.KiB(128)), FileSystemKind.Xfs),
            (asked.BlockSize!.Value, asked.FileSystem!.Value));
    }

    [Fact]
    public void What_a_creation_does_not_ask_for_is_left_to_the_settings()
    {
        var request = Creation();
        request.SingleDisk.ClearMetadataSizeBytes();

        var asked = PoolRequests.Creation(request);

        Assert.Null(asked.BlockSize);
        Assert.Null(asked.FileSystem);
        Assert.Null(Assert.IsType<BackingRequest.SingleDisk>(asked.Backing).MetadataSize);
    }

    [Fact]
    public void Each_backing_is_read()
    {
        var direct = Creation();
        direct.Direct = new DirectBacking { DataDevices = { "/dev/a", "/dev/b" }, MetadataDevice = "/dev/c" };
        var loop = Creation();
        loop.Loop = new LoopBacking { Directory = "/srv/x", DataSizeBytes = 7, MetadataSizeBytes = 3 };
        var existing = Creation();
        existing.Existing = new ExistingBacking { DmName = "vg-pool" };

        var disks = Assert.IsType<BackingRequest.Direct>(PoolRequests.Creation(direct).Backing);
        Assert.Equal(["/dev/a", "/dev/b", "/dev/c"], disks.Data.Append(disks.Metadata).Select(disk => disk.Value));
        Assert.Equal(
            new BackingRequest.Loop(new MountPath("/srv/x"), new ByteSize(7), new ByteSize(3)),
            PoolRequests.Creation(loop).Backing);
        Assert.Equal(
            new BackingRequest.Existing(new MappedName("vg-pool")), PoolRequests.Creation(existing).Backing);
    }

    [Fact]
    public void What_makes_no_sense_is_refused_as_a_usage_with_its_object()
    {
        MustBeRefused("/", request => request.Name = "/");
        MustBeRefused("fast", request => request.ClearBacking());
        MustBeRefused("fast", request => request.BlockSizeBytes = 1);
        MustBeRefused("sdb", request => request.SingleDisk.Device = "sdb");
        MustBeRefused("srv", request => request.Loop = new LoopBacking { Directory = "srv" });
        MustBeRefused("a/b", request => request.Existing = new ExistingBacking { DmName = "a/b" });
    }

    [Fact]
    public void A_request_without_an_id_is_refused()
    {
        var request = Creation();
        request.RequestId = "";

        var refused = Assert.Throws<RefusedException>(() => PoolRequests.Creation(request));

        Assert.Equal((RefusalKind.Invalid, "request_id"), (refused.Refusal.Kind, refused.Refusal.Subject));
    }

    [Fact]
    public void Each_growth_is_read_and_one_that_names_none_is_refused()
    {
        Assert.Equal(
            new GrowthRequest.AddDisk(PoolBudget.Data, new DevicePath("/dev/sdb")),
            PoolRequests.Growth(new GrowPoolRequest { AddDevice = "/dev/sdb" }));
        Assert.Equal(
            new GrowthRequest.EnlargeTo(PoolBudget.Metadata, new ByteSize(5)), PoolRequests.Growth(
                new GrowPoolRequest { Part = GrowPoolRequest.Types.Part.Metadata, ToSizeBytes = 5 }));
        Assert.Equal(
            new GrowthRequest.EnlargeBy(PoolBudget.Data, new ByteSize(6)), PoolRequests.Growth(
                new GrowPoolRequest { Part = GrowPoolRequest.Types.Part.Data, BySizeBytes = 6 }));
        MustBeUsage("fast", () => PoolRequests.Growth(new GrowPoolRequest { Pool = "fast" }));
    }

    [Fact]
    public void The_source_of_metadata_is_the_present_ones_or_a_backup()
    {
        Assert.IsType<MetadataSource.Present>(PoolRequests.Source(new MendMetadataRequest()));
        var backup = Assert.IsType<MetadataSource.Backup>(
            PoolRequests.Source(new MendMetadataRequest { Backup = "20250102T030405Z" }));
        Assert.Equal("20250102T030405Z", backup.Name.ToString());
        MustBeUsage("yesterday", () => PoolRequests.Source(new MendMetadataRequest { Backup = "yesterday" }));
    }

    [Fact]
    public void A_thin_id_has_24_bits()
    {
        Assert.Equal(new ThinId(ThinId.Max), PoolRequests.ThinIdOf("cannot", ThinId.Max));
        MustBeUsage("16777216", () => PoolRequests.ThinIdOf("cannot", ThinId.Max + 1));
    }

    private static CreatePoolRequest Creation() => new()
    {
        RequestId = $"{Guid.NewGuid()}", Name = "fast",
        SingleDisk = new SingleDiskBacking { Device = "/dev/sdb", MetadataSizeBytes = ByteSize.MiB(8).Bytes },
    };

    private static void MustBeRefused(string subject, Action<CreatePoolRequest> spoil)
    {
        var request = Creation();
        spoil(request);
        MustBeUsage(subject, () => PoolRequests.Creation(request));
    }

    private static void MustBeUsage(string subject, Func<object> read)
    {
        var refused = Assert.Throws<RpcException>(read);
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Contains($": {subject}: ", refused.Status.Detail, StringComparison.Ordinal);
    }
}
