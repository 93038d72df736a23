using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using Grpc.Core;

namespace DmAgents.Agent.Services;

/// <summary>Pools of the admin API: their life. What they look like is in <see cref="PoolViews"/>.</summary>
internal sealed partial class PoolsService(
    PoolGateway gateway, UsageReader usages, PoolViews views, PoolChecker checker, PoolAdopter adopter,
    OwnerlessPools ownerless, IKernel kernel, AgentSettings settings, IDurableFiles files, MetadataMender mender,
    DockerTakeover docker,
    BackupKeeper keeper, BackupProver prover)
    : Pools.PoolsBase
{
    public override async Task Create(
        CreatePoolRequest request, IServerStreamWriter<CreatePoolReply> responseStream, ServerCallContext context)
    {
        const string What = "cannot create pool";
        var requestId = PoolGateway.RequestOf(What, request.RequestId);
        if (!PoolName.TryParse(request.Name, out var name))
            throw Problems.Usage(
                What, request.Name, $"it is not a pool's name: {PoolName.Rule}", "choose another name");
        var blockSize = BlockSizeOf(What, request);
        // The uuid comes from the request: a retry meets the pool that the first try made.
        var uuid = new PoolUuid(requestId.Value);
        var made = gateway.Board.Find(name) is { } existing && existing.Uuid == uuid ? existing.State.Identity : null;
        var initialize = made is null
            ? await NewPool().ConfigureAwait(false)
            // Whether it is open by now, its actor knows.
            : new PoolCommands.Initialize(
                requestId, uuid, name, made.Backing, made.BlockSize, made.FileSystem, made.BaseSize, gateway.Now)
            {
                SectorSize = made.SectorSize,
            };
        await Step("writing labels, making the pool live, marking the first checkpoint", 2).ConfigureAwait(false);
        await gateway.Ask(name, initialize, context.CancellationToken).ConfigureAwait(false);
        await Step("the pool is open", 3).ConfigureAwait(false);
        var details = views.Details(gateway.Resolve(What, name.Value));
        await responseStream.WriteAsync(new CreatePoolReply { Pool = details }).ConfigureAwait(false);

        async Task<PoolCommands.Initialize> NewPool()
        {
            ownerless.MustNotHave(What, name);
            await Step("looking at what it is to be made of", 1).ConfigureAwait(false);
            var plan = await Task.Run(() => Plan(name, request, blockSize), context.CancellationToken)
                .ConfigureAwait(false);
            foreach (var warning in plan.Warnings)
                await Step(warning, 1).ConfigureAwait(false);
            var kind = FileSystemOf(request);
            if (PoolSizes.NoBase(What, name, kind, settings.BaseSize, plan.DataSize) is { } tooSmall)
                throw Problems.Of(tooSmall);
            return new PoolCommands.Initialize(
                requestId, uuid, name, plan.Backing, plan.BlockSize, kind,
                PoolSizes.BaseSizeFor(kind, settings.BaseSize, plan.DataSize), gateway.Now)
            {
                SectorSize = plan.SectorSize,
            };
        }

        Task Step(string text, uint index) => responseStream.WriteAsync(new CreatePoolReply
        {
            Step = new Step { What = text, Object = request.Name, Index = index, Count = 3 },
        });
    }

    public override Task<ListPoolsReply> List(ListPoolsRequest request, ServerCallContext context)
    {
        var reply = new ListPoolsReply();
        reply.Pools.Add(gateway.Board.All.Select(PoolViews.Summary));
        return Task.FromResult(reply);
    }

    public override Task<PoolDetails> Show(ShowPoolRequest request, ServerCallContext context) =>
        Task.Run(() => views.Details(gateway.Resolve("cannot show pool", request.Pool)), context.CancellationToken);

    public override async Task<PoolDetails> Grow(GrowPoolRequest request, ServerCallContext context)
    {
        const string What = "cannot grow pool";
        var pool = gateway.Resolve(What, request.Pool);
        var requestId = PoolGateway.RequestOf(What, request.RequestId);
        if (!PoolGateway.WasDone(pool, requestId))
        {
            var identity = IdentityOf(What, pool);
            var growth = GrowthOf(What, request);
            var plan = await Task.Run(
                () => Planned(new BackingPlanner(kernel).PlanGrowth(identity, growth, request.Force)),
                context.CancellationToken).ConfigureAwait(false);
            await gateway.Ask(pool.Name, new PoolCommands.Grow(requestId, plan.Backing, gateway.Now),
                context.CancellationToken).ConfigureAwait(false);
        }
        return await DetailsAfter(What, pool.Name, context).ConfigureAwait(false);
    }

    public override async Task<PoolDetails> ChangeSpares(ChangeSparesRequest request, ServerCallContext context)
    {
        const string What = "cannot set spares";
        var pool = gateway.Resolve(What, request.Pool);
        var requestId = PoolGateway.RequestOf(What, request.RequestId);
        if (!PoolGateway.WasDone(pool, requestId))
        {
            var identity = IdentityOf(What, pool);
            var left = await Task.Run(
                () => Without(What, pool, request.Remove.Select(PathOf)), context.CancellationToken)
                .ConfigureAwait(false);
            // Looked at as they will be when they are needed: then nobody is there to say that they may be overwritten.
            var spares = await Task.Run(
                () => With(identity, left, request.Add.Select(PathOf)), context.CancellationToken)
                .ConfigureAwait(false);
            await gateway.Ask(pool.Name, new PoolCommands.SetSpares(requestId, spares, gateway.Now),
                context.CancellationToken).ConfigureAwait(false);
        }
        return await DetailsAfter(What, pool.Name, context).ConfigureAwait(false);
    }

    public override Task<CheckPoolReply> Check(CheckPoolRequest request, ServerCallContext context)
    {
        var pool = gateway.Resolve("cannot check pool", request.Pool);
        return Task.Run(() => checker.Check(pool), context.CancellationToken);
    }

    public override async Task<CheckPoolReply> Repair(RepairPoolRequest request, ServerCallContext context)
    {
        const string What = "cannot repair pool";
        var pool = gateway.Resolve(What, request.Pool);
        var requestId = PoolGateway.RequestOf(What, request.RequestId);
        await gateway.Ask(pool.Name, new PoolCommands.Repair(
            requestId, request.HasAcceptTransactionId ? new TransactionId(request.AcceptTransactionId) : null,
            gateway.Now), context.CancellationToken).ConfigureAwait(false);
        return await Task.Run(
            () => checker.Check(gateway.Resolve(What, pool.Name.Value)), context.CancellationToken)
            .ConfigureAwait(false);
    }

    public override async Task<RemovePoolReply> Remove(RemovePoolRequest request, ServerCallContext context)
    {
        const string What = "cannot remove pool";
        var pool = gateway.Resolve(What, request.Pool);
        await gateway.Ask(pool.Name, new PoolCommands.Retire(
            PoolGateway.RequestOf(What, request.RequestId), request.Force, gateway.Now), context.CancellationToken)
            .ConfigureAwait(false);
        var reply = new RemovePoolReply { Pool = pool.Name.Value };
        var devices = pool.State.Devices.Values.Count(d => d.Kind != Domain.Devices.DeviceKind.Base && d.IsPresent);
        if (devices > 0)
            reply.Done.Add(new Step { What = $"unmounted, deactivated and lost {devices} layers and containers" });
        reply.Done.Add(new Step { What = "taken down", Object = pool.Name.Value });
        reply.Done.Add(pool.State.Identity?.Backing switch
        {
            PoolBacking.Disks => new Step { What = "labels erased; its disks are free" },
            PoolBacking.LoopFiles => new Step { What = "loop files deleted" },
            _ => new Step { What = "left to whoever assembles it" },
        });
        return reply;
    }

    private ImmutableArray<DevicePath> Without(string what, PoolPicture pool, IEnumerable<DevicePath> disks)
    {
        var spares = pool.State.Spares;
        foreach (var disk in disks)
        {
            if (SpareOf(pool, disk) is not { } spare)
            {
                throw Problems.NotFound(what, disk.Value, "it is not a spare of this pool",
                    $"list them: dmagent pool spare list {pool.Name}");
            }
            spares = spares.Remove(spare);
        }
        return spares;
    }

    /// <summary>The spare that a path leads to: it was journaled by another, where it has a stable one. Of a disk that
    /// is gone there is only the text.</summary>
    private DevicePath? SpareOf(PoolPicture pool, DevicePath disk)
    {
        var spares = pool.State.Spares;
        if (spares.Contains(disk))
            return disk;
        return kernel.Inspect(disk) is { Succeeded: true, Value.Number: var number }
            ? spares.Cast<DevicePath?>().FirstOrDefault(spare =>
                kernel.Inspect(spare!.Value) is { Succeeded: true, Value.Number: var known } && known == number)
            : null;
    }

    private ImmutableArray<DevicePath> With(
        PoolIdentity pool, ImmutableArray<DevicePath> spares, IEnumerable<DevicePath> disks)
    {
        foreach (var disk in disks)
        {
            var (path, refusal) = new BackingPlanner(kernel).LookAtSpare(pool, disk);
            if (refusal is not null)
                throw Problems.Of(refusal);
            spares = spares.Contains(path) ? spares : spares.Add(path);
        }
        return spares;
    }

    private static PoolIdentity IdentityOf(string what, PoolPicture pool) => pool.State.Identity
        ?? throw Problems.Of(Problem.Types.Kind.Busy, what, pool.Name.Value, pool.Reason, "try again in a moment");

    private Task<PoolDetails> DetailsAfter(string what, PoolName pool, ServerCallContext context) =>
        Task.Run(() => views.Details(gateway.Resolve(what, pool.Value)), context.CancellationToken);

    private BackingPlan.Planned Plan(PoolName name, CreatePoolRequest request, PoolBlockSize blockSize) =>
        Planned(new BackingPlanner(kernel).Plan(
            new PoolPaths(settings.StateDirectory, name), BackingOf(request), blockSize, request.Force));

    private static BackingPlan.Planned Planned(BackingPlan plan) => plan switch
    {
        BackingPlan.Planned planned => planned,
        BackingPlan.Refused refused => throw Problems.Of(refused.Refusal),
        _ => throw new InvalidOperationException("a plan of no known kind"),
    };

    private static BackingRequest BackingOf(CreatePoolRequest request) => request.BackingCase switch
    {
        CreatePoolRequest.BackingOneofCase.Direct => new BackingRequest.Direct(
            [.. request.Direct.DataDevices.Select(PathOf)], PathOf(request.Direct.MetadataDevice)),
        CreatePoolRequest.BackingOneofCase.SingleDisk => new BackingRequest.SingleDisk(
            PathOf(request.SingleDisk.Device),
            request.SingleDisk.HasMetadataSizeBytes ? new ByteSize(request.SingleDisk.MetadataSizeBytes) : null),
        CreatePoolRequest.BackingOneofCase.Loop => new BackingRequest.Loop(
            request.Loop.HasDirectory ? DirectoryOf(request.Loop.Directory) : null,
            new ByteSize(request.Loop.DataSizeBytes),
            request.Loop.HasMetadataSizeBytes ? new ByteSize(request.Loop.MetadataSizeBytes) : null),
        CreatePoolRequest.BackingOneofCase.Existing => new BackingRequest.Existing(
            MappedName.IsValid(request.Existing.DmName)
                ? new MappedName(request.Existing.DmName)
                : throw Problems.Usage("cannot create pool", request.Existing.DmName, "it is not a device-mapper name",
                    "list them: dmsetup ls")),
        _ => throw Problems.Usage("cannot create pool", request.Name, "what it is to be made of is not given",
            "give --data and --metadata, --disk, --loop or --existing"),
    };

    private static GrowthRequest GrowthOf(string what, GrowPoolRequest request)
    {
        var budget = request.Part == GrowPoolRequest.Types.Part.Metadata ? PoolBudget.Metadata : PoolBudget.Data;
        return request.HowCase switch
        {
            GrowPoolRequest.HowOneofCase.AddDevice => new GrowthRequest.AddDisk(budget, PathOf(request.AddDevice)),
            GrowPoolRequest.HowOneofCase.ToSizeBytes =>
                new GrowthRequest.EnlargeTo(budget, new ByteSize(request.ToSizeBytes)),
            GrowPoolRequest.HowOneofCase.BySizeBytes =>
                new GrowthRequest.EnlargeBy(budget, new ByteSize(request.BySizeBytes)),
            _ => throw Problems.Usage(what, request.Pool, "neither a device nor a size is given",
                "give --add DEVICE, --to SIZE or --by SIZE"),
        };
    }

    private static DevicePath PathOf(string path) => path.StartsWith('/')
        ? new DevicePath(path)
        : throw Problems.Usage("cannot use device", path, "the path is not absolute", "give it like /dev/sdb");

    private static MountPath DirectoryOf(string path) => path.StartsWith('/')
        ? new MountPath(path)
        : throw Problems.Usage("cannot use directory", path, "the path is not absolute", "give it like /srv/dmagents");

    private PoolBlockSize BlockSizeOf(string what, CreatePoolRequest request)
    {
        if (!request.HasBlockSizeBytes)
            return settings.BlockSize;
        var size = new ByteSize(request.BlockSizeBytes);
        return PoolBlockSize.IsValid(size)
            ? new PoolBlockSize(size)
            : throw Problems.Usage(what, request.Name, $"a block size of {size}", PoolBlockSize.Rule);
    }

    private FileSystemKind FileSystemOf(CreatePoolRequest request) => request.FileSystem switch
    {
        FileSystem.Ext4 => FileSystemKind.Ext4,
        FileSystem.Xfs => FileSystemKind.Xfs,
        _ => settings.FileSystem,
    };
}
