using System.Collections.Immutable;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.Services;

/// <summary>Parses requests for pools: refuses those that are invalid in any state.</summary>
internal static class PoolRequests
{
    public static CreationAsked Creation(CreatePoolRequest request)
    {
        const string What = PoolCreator.What;
        var requestId = PoolGateway.RequestOf(What, request.RequestId);
        var name = NameOf(What, request.Name, "choose another name");
        return new CreationAsked(
            requestId, name, BackingOf(request), BlockSizeOf(What, request), FileSystemOf(request), request.Force);
    }

    public static GrowthRequest Growth(GrowPoolRequest request)
    {
        var budget = request.Part == GrowPoolRequest.Types.Part.Metadata ? PoolBudget.Metadata : PoolBudget.Data;
        return request.HowCase switch
        {
            GrowPoolRequest.HowOneofCase.AddDevice => new GrowthRequest.AddDisk(budget, PathOf(request.AddDevice)),
            GrowPoolRequest.HowOneofCase.ToSizeBytes =>
                new GrowthRequest.EnlargeTo(budget, new ByteSize(request.ToSizeBytes)),
            GrowPoolRequest.HowOneofCase.BySizeBytes =>
                new GrowthRequest.EnlargeBy(budget, new ByteSize(request.BySizeBytes)),
            _ => throw Problems.Usage(PoolGrower.What, request.Pool, "neither a device nor a size is given",
                "give --add DEVICE, --to SIZE or --by SIZE"),
        };
    }

    public static AdoptionAsked Adoption(AdoptPoolRequest request)
    {
        const string What = PoolAdopter.What;
        var requestId = PoolGateway.RequestOf(What, request.RequestId);
        var name = NameOf(What, request.Pool, "dmagent host status");
        BackingRequest? backing = request.BackingCase switch
        {
            AdoptPoolRequest.BackingOneofCase.Direct => DirectOf(request.Direct),
            AdoptPoolRequest.BackingOneofCase.SingleDisk => new BackingRequest.SingleDisk(
                PathOf(request.SingleDisk.Device), MetadataSize: null),
            AdoptPoolRequest.BackingOneofCase.Loop => new BackingRequest.Loop(
                request.Loop.HasDirectory ? DirectoryOf(request.Loop.Directory) : null, default, MetadataSize: null),
            AdoptPoolRequest.BackingOneofCase.Existing => ExistingOf(What, request.Existing),
            _ => null,
        };
        return new AdoptionAsked(requestId, name, backing, request.DryRun);
    }

    public static DockerAsked Docker(AdoptDockerRequest request)
    {
        const string What = DockerTakeover.What;
        var requestId = PoolGateway.RequestOf(What, request.RequestId);
        var name = NameOf(What, request.Name, "choose another name");
        if (!request.DataRoot.StartsWith('/'))
            throw Problems.Usage(What, request.DataRoot, "the path is not absolute", "give it like /var/lib/docker");
        if (request.HasThinPool && !MappedName.IsValid(request.ThinPool))
        {
            throw Problems.Usage(What, request.ThinPool, "it is not a device-mapper name",
                "list them: dmsetup ls --target thin-pool");
        }
        var root = request.DataRoot.TrimEnd('/');
        return new DockerAsked(
            requestId, name,
            new DockerPoolRequest(
                new MountPath(root.Length == 0 ? "/" : root),
                request.HasThinPool ? new MappedName(request.ThinPool) : null),
            request.DryRun);
    }

    public static MetadataSource Source(MendMetadataRequest request) =>
        !request.HasBackup ? new MetadataSource.Present()
        : BackupName.TryParse(request.Backup, out var name) ? new MetadataSource.Backup(name)
        : throw Problems.Usage("cannot restore metadata", request.Backup, BackupName.Rule,
            $"list them: dmagent pool backup list {request.Pool}".TrimEnd());

    public static ImmutableArray<DevicePath> Paths(IEnumerable<string> paths) => [.. paths.Select(PathOf)];

    public static DevicePath PathOf(string path) => path.StartsWith('/')
        ? new DevicePath(path)
        : throw Problems.Usage("cannot use device", path, "the path is not absolute", "give it like /dev/sdb");

    public static ThinId ThinIdOf(string what, uint id) => id <= ThinId.Max
        ? new ThinId(id)
        : throw Problems.Usage(what, $"{id}", "a thin id has 24 bits",
            "list those in quarantine: dmagent pool quarantine list");

    private static PoolName NameOf(string what, string text, string next) => PoolName.TryParse(text, out var name)
        ? name
        : throw Problems.Usage(what, text, $"it is not a pool's name: {PoolName.Rule}", next);

    private static BackingRequest BackingOf(CreatePoolRequest request) => request.BackingCase switch
    {
        CreatePoolRequest.BackingOneofCase.Direct => DirectOf(request.Direct),
        CreatePoolRequest.BackingOneofCase.SingleDisk => new BackingRequest.SingleDisk(
            PathOf(request.SingleDisk.Device),
            request.SingleDisk.HasMetadataSizeBytes ? new ByteSize(request.SingleDisk.MetadataSizeBytes) : null),
        CreatePoolRequest.BackingOneofCase.Loop => new BackingRequest.Loop(
            request.Loop.HasDirectory ? DirectoryOf(request.Loop.Directory) : null,
            new ByteSize(request.Loop.DataSizeBytes),
            request.Loop.HasMetadataSizeBytes ? new ByteSize(request.Loop.MetadataSizeBytes) : null),
        CreatePoolRequest.BackingOneofCase.Existing => ExistingOf(PoolCreator.What, request.Existing),
        _ => throw Problems.Usage(PoolCreator.What, request.Name, "what it is to be made of is not given",
            "give --data and --metadata, --disk, --loop or --existing"),
    };

    private static BackingRequest.Direct DirectOf(DirectBacking direct) =>
        new(Paths(direct.DataDevices), PathOf(direct.MetadataDevice));

    private static BackingRequest.Existing ExistingOf(string what, ExistingBacking existing) =>
        new(MappedName.IsValid(existing.DmName)
            ? new MappedName(existing.DmName)
            : throw Problems.Usage(what, existing.DmName, "it is not a device-mapper name",
                "list them: dmsetup ls"));

    private static MountPath DirectoryOf(string path) => path.StartsWith('/')
        ? new MountPath(path)
        : throw Problems.Usage("cannot use directory", path, "the path is not absolute", "give it like /srv/dmagents");

    private static PoolBlockSize? BlockSizeOf(string what, CreatePoolRequest request)
    {
        if (!request.HasBlockSizeBytes)
            return null;
        var size = new ByteSize(request.BlockSizeBytes);
        return PoolBlockSize.IsValid(size)
            ? new PoolBlockSize(size)
            : throw Problems.Usage(what, request.Name, $"a block size of {size}", PoolBlockSize.Rule);
    }

    private static FileSystemKind? FileSystemOf(CreatePoolRequest request) => request.FileSystem switch
    {
        FileSystem.Ext4 => FileSystemKind.Ext4,
        FileSystem.Xfs => FileSystemKind.Xfs,
        _ => null,
    };
}
