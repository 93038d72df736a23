using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Takeover;

/// <summary>
/// Finds a Docker's pool and checks whether any process uses it. Changes nothing: a pool of loop files that is not live
/// is read directly from its files.
/// </summary>
public sealed class DockerPoolInspection(IKernel kernel, DockerPoolRequest request)
{
    private const string What = "cannot adopt Docker's pool";
    private const string HowToStop = "systemctl stop docker.socket docker";

    public DockerPool Look()
    {
        // Use the real path: a link may lead elsewhere by the next start.
        if (kernel.Identify(request.DataRoot) is { Succeeded: true, Value.Path: var root } && root != request.DataRoot)
            return new DockerPoolInspection(kernel, request with { DataRoot = root }).Look();
        var directory = kernel.Identify(request.Directory);
        if (directory.Error is { } missing)
            return No(RefusalKind.NotFound, request.Directory.Value, missing.ToString(), "give Docker's data root");
        // A link may lead from one directory to the other.
        if (AtWork(request.DataRoot) is { } working)
            return working;
        if (AtWork(directory.Value.Path) is { } elsewhere)
            return elsewhere;
        var live = kernel.ListDevices("");
        if (live.Error is { } noList)
            return Failed(request.DataRoot.Value, noList);
        var prefix = DockerNames.Prefix(directory.Value);
        var own = live.Value.Where(d => d.Name.Value.StartsWith(prefix, StringComparison.Ordinal)).ToImmutableArray();
        if (own.FirstOrDefault(d => d.Uuid.Value.StartsWith(DeviceNames.UuidPrefix, StringComparison.Ordinal))
            is not null)
            return No(RefusalKind.Exists, request.DataRoot.Value, "a pool of the agent has it already",
                "dmagent pool list");
        var pool = DockerNames.Pool(directory.Value);
        var thins = own.Where(d => d.Name != pool).ToImmutableArray();
        if (thins.FirstOrDefault(d => d.OpenCount > 0) is { } held)
            return InUse(held);
        ImmutableArray<MappedName> leftOver = [.. thins.Select(d => d.Name)];
        return request.ThinPool is { } name ? Assembled(name, leftOver)
            : own.Any(d => d.Name == pool) ? LiveLoop(pool, leftOver.Add(pool))
            : IdleLoop(leftOver);
    }

    private DockerPool.Refused? AtWork(MountPath place)
    {
        var users = kernel.UsersOf(place);
        return users.Error is { } unknown ? Failed(place.Value, unknown)
            : users.Value is [var user, ..] ? No(RefusalKind.Busy, place.Value,
                $"{user.Name} (process {user.ProcessId}) works with it: it has {user.File} open",
                $"stop Docker: {HowToStop}")
            : null;
    }

    /// <summary>A pool that another program, such as LVM, assembles and will assemble again.</summary>
    private DockerPool Assembled(MappedName pool, ImmutableArray<MappedName> leftOver)
    {
        var live = kernel.Find(pool);
        if (live.Error is { } missing)
        {
            return No(RefusalKind.NotFound, pool.Value, missing.ToString(),
                "have its owner make it live; list those there are: dmsetup ls --target thin-pool");
        }
        if (live.Value.Uuid.Value.StartsWith(DeviceNames.UuidPrefix, StringComparison.Ordinal))
            return No(RefusalKind.Exists, pool.Value, "it is a device of the agent itself", "dmagent pool list");
        return Read(pool, out var content, out var size) is { } no
            ? no
            : new DockerPool.Found(
                request, new PoolBacking.Existing(pool, live.Value.Uuid.IsOfLvm), size, content, leftOver)
            {
                Live = pool,
            };
    }

    /// <summary>The devices that a killed Docker left live.</summary>
    private DockerPool LiveLoop(MappedName pool, ImmutableArray<MappedName> leftOver)
    {
        if (Files() is not { } files)
            return NoFiles();
        return Read(pool, out var content, out _) is { } no
            ? no
            : new DockerPool.Found(request, files, files.Data.Size, content, leftOver) { Live = pool };
    }

    private DockerPool IdleLoop(ImmutableArray<MappedName> leftOver)
    {
        if (Files() is not { } files)
            return NoFiles();
        var metadata = files.Metadata.File;
        var before = kernel.InspectFile(metadata);
        if (before.Error is { } uninspected)
            return Failed(metadata.Value, uninspected);
        if (before.Value.Attached is { } attached && kernel.Inspect(attached) is { Succeeded: true, Value.InUse: true })
        {
            return No(RefusalKind.Busy, metadata.Value, $"something uses it through {attached}",
                $"end that: lsblk {attached}");
        }
        var loop = kernel.AttachLoop(metadata);
        if (loop.Error is { } unattached)
            return Failed(metadata.Value, unattached);
        var content = kernel.ReadMetadata(loop.Value);
        if (before.Value.Attached is null && kernel.DetachLoop(metadata).Or(KernelFault.NotFound).Error is { } kept)
            return Failed(metadata.Value, kept);
        return content.Error is { } unreadable ? Failed(metadata.Value, unreadable)
            : Unsound(metadata.Value, content.Value.NeedsCheck, PoolMode.ReadWrite) is { } unsound ? unsound
            : new DockerPool.Found(request, files, files.Data.Size, content.Value, leftOver);
    }

    private PoolBacking.LoopFiles? Files()
    {
        var (data, metadata) = (kernel.InspectFile(request.Data), kernel.InspectFile(request.Metadata));
        return data.Succeeded && metadata.Succeeded
            ? new PoolBacking.LoopFiles(
                new LoopFilePart(request.Data, data.Value.Size),
                new LoopFilePart(request.Metadata, metadata.Value.Size))
            : null;
    }

    /// <summary>Reads the metadata of a live pool; a pool that takes no changes cannot be read.</summary>
    private DockerPool.Refused? Read(MappedName pool, out MetadataContent content, out ByteSize size)
    {
        (content, size) = (null!, default);
        var status = kernel.PoolStatus(pool);
        if (status.Error is { } unknown)
            return Failed(pool.Value, unknown);
        if (Unsound(pool.Value, status.Value.NeedsCheck, status.Value.Mode) is { } unsound)
            return unsound;
        var thins = kernel.ListThins(pool);
        if (thins.Error is { } unreadable)
            return Failed(pool.Value, unreadable);
        size = status.Value.Data.TotalBytes;
        content = new MetadataContent(
            status.Value.TransactionId, new PoolBlockSize(status.Value.Data.BlockSize), status.Value.NeedsCheck,
            [.. thins.Value]);
        return null;
    }

    private static DockerPool.Refused? Unsound(string subject, bool needsCheck, PoolMode mode) =>
        needsCheck || mode is not (PoolMode.ReadWrite or PoolMode.OutOfDataSpace)
            ? No(RefusalKind.WrongState, subject,
                needsCheck ? "the kernel demands a check of its metadata" : $"its mode is {mode}",
                "check and repair its metadata first: thin_check, thin_repair")
            : null;

    private DockerPool.Refused InUse(LiveDevice held)
    {
        var holders = kernel.Holders(held);
        var who = holders.Succeeded && holders.Value is [var first, ..]
            ? $"{first.What} {first.Where}" + (first.ProcessId is { } process ? $" of process {process}" : "")
            : "another device or process";
        return No(RefusalKind.Busy, held.Name.Value, $"it is in use: {who} holds it",
            $"stop the containers, then Docker ({HowToStop}), and unmount what is left");
    }

    private DockerPool.Refused NoFiles() => No(RefusalKind.NotFound, request.Data.Value,
        "there are no loop files here, so that Docker had its pool by the option dm.thinpooldev or dm.directlvm_device",
        "name it with --thin-pool; list those there are: dmsetup ls --target thin-pool");

    private static DockerPool.Refused Failed(string subject, KernelError error) =>
        No(RefusalKind.Failed, subject, error.ToString(), "see the kernel's log: dmesg");

    private static DockerPool.Refused No(RefusalKind kind, string subject, string why, string next) =>
        new(new Refusal(kind, What, subject, why, next));
}
