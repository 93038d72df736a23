using System.Collections.Immutable;
using System.Text.RegularExpressions;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Containerd.Filters;
using DmAgents.Api.Containerd.Snapshots.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace DmAgents.Agent.Containerd;

/// <summary>containerd's snapshotter. Changes are sent to the pool's actor; reads use the pool's picture, and wait for
/// no actor.</summary>
internal sealed class SnapshotsService(PoolGateway gateway, SnapshotUsages usages, RemoteLayers remote, AgentSettings settings)
    : Snapshots.SnapshotsBase
{
    /// <summary>The same as in containerd's own server.</summary>
    private const int ListBlock = 100;

    private static readonly Empty Nothing = new();

    public override async Task<PrepareSnapshotResponse> Prepare(
        PrepareSnapshotRequest request, ServerCallContext context)
    {
        const string What = "cannot prepare snapshot";
        var pool = PoolOf(What, request.Snapshotter);
        var key = SnapshotKeys.Of(What, request.Key, context);
        var labels = SnapshotLabels.Read(What, request.Labels);
        var (parent, fileSystem) = ParentOf(What, pool, request.Parent, labels, context);
        // containerd then looks for the layer by its label, and neither downloads nor unpacks it.
        if (await remote.HasAsync(pool, key, parent, labels, context.CancellationToken).ConfigureAwait(false))
            throw SnapshotStatus.Of(StatusCode.AlreadyExists, What, key.Name, "its layer is committed");
        var command = new PoolCommands.CreateSnapshot(
            NewRequest(), key, parent, SnapshotLabels.SizeOf(What, labels), fileSystem, DeviceUse.Active,
            Labelled(pool, labels, parent, fileSystem), gateway.Now);
        var done = await MakeOrUndo(pool, command, key, context).ConfigureAwait(false);
        return new PrepareSnapshotResponse
        {
            Mounts = { SnapshotViews.MountOf(pool, Made(What, key, done), isView: false) }
        };
    }

    public override async Task<ViewSnapshotResponse> View(ViewSnapshotRequest request, ServerCallContext context)
    {
        const string What = "cannot view snapshot";
        var pool = PoolOf(What, request.Snapshotter);
        var key = SnapshotKeys.Of(What, request.Key, context);
        var labels = SnapshotLabels.Read(What, request.Labels);
        var (parent, fileSystem) = ParentOf(What, pool, request.Parent, labels, context);
        var command = new PoolCommands.CreateView(
            NewRequest(), key, parent, fileSystem, Labelled(pool, labels, parent, fileSystem), gateway.Now);
        var done = await MakeOrUndo(pool, command, key, context).ConfigureAwait(false);
        return new ViewSnapshotResponse
        {
            Mounts = { SnapshotViews.MountOf(pool, Made(What, key, done), isView: true) }
        };
    }

    public override async Task<MountsResponse> Mounts(MountsRequest request, ServerCallContext context)
    {
        const string What = "cannot give mounts";
        var pool = PoolOf(What, request.Snapshotter);
        var key = SnapshotKeys.Of(What, request.Key, context);
        var isView = pool.State.Views.TryGetValue(key, out var view);
        var device = isView ? pool.State.Devices.GetValueOrDefault(view!.Source) : pool.State.Find(key);
        if (device is null)
            throw SnapshotStatus.NotFound(What, key.Name);
        if (!isView && device.Kind != DeviceKind.Container)
        {
            throw SnapshotStatus.Of(StatusCode.FailedPrecondition, What, key.Name,
                "it is committed; prepare or view a snapshot of it");
        }
        if (device.Phase != DevicePhase.Ready)
        {
            throw device.Phase == DevicePhase.Lost
                ? SnapshotStatus.Of(StatusCode.DataLoss, What, key.Name, "the pool's metadata have lost it")
                : SnapshotStatus.Of(StatusCode.Unavailable, What, key.Name, "it is being made; try again in a moment");
        }
        // The client mounts what the reply names: a device that is not live would be an error of the mount, much later.
        await Ask(pool, new PoolCommands.Confirm(NewRequest(), key, gateway.Now), context).ConfigureAwait(false);
        return new MountsResponse { Mounts = { SnapshotViews.MountOf(pool, device, isView) } };
    }

    public override async Task<Empty> Commit(CommitSnapshotRequest request, ServerCallContext context)
    {
        const string What = "cannot commit snapshot";
        var pool = PoolOf(What, request.Snapshotter);
        var key = SnapshotKeys.Of(What, request.Key, context);
        var name = SnapshotKeys.Of(What, request.Name, context);
        var labels = SnapshotLabels.Read(What, request.Labels);
        if (pool.State.Find(key) is { } device)
        {
            if (request.Parent.Length > 0 && SnapshotViews.Find(pool.State, key)?.Parent != request.Parent)
            {
                throw SnapshotStatus.Invalid(What, key.Name,
                    $"its parent is not {request.Parent}, and a thin device cannot be given another");
            }
            labels = labels.With(device.FileSystem);
        }
        await Ask(pool, new PoolCommands.Commit(NewRequest(), key, name, labels, gateway.Now), context)
            .ConfigureAwait(false);
        return Nothing;
    }

    public override async Task<Empty> Remove(RemoveSnapshotRequest request, ServerCallContext context)
    {
        const string What = "cannot remove snapshot";
        var pool = PoolOf(What, request.Snapshotter);
        var key = SnapshotKeys.Of(What, request.Key, context);
        var reply = await gateway.Request(
            pool.Name, new PoolCommands.Remove(NewRequest(), key, Force: false, gateway.Now), context.CancellationToken)
            .ConfigureAwait(false);
        return reply is PoolReplies.Refused refused ? throw SnapshotStatus.OfRemoval(refused.Refusal) : Nothing;
    }

    public override Task<StatSnapshotResponse> Stat(StatSnapshotRequest request, ServerCallContext context)
    {
        const string What = "cannot stat snapshot";
        var pool = PoolOf(What, request.Snapshotter);
        var key = SnapshotKeys.Of(What, request.Key, context);
        var info = SnapshotViews.Find(pool.State, key) ?? throw SnapshotStatus.NotFound(What, key.Name);
        return Task.FromResult(new StatSnapshotResponse { Info = info });
    }

    public override async Task<UpdateSnapshotResponse> Update(UpdateSnapshotRequest request, ServerCallContext context)
    {
        const string What = "cannot update snapshot";
        var pool = PoolOf(What, request.Snapshotter);
        var info = request.Info ?? throw SnapshotStatus.Invalid(What, "snapshot", "there is no info");
        var key = SnapshotKeys.Of(What, info.Name, context);
        var command = SnapshotUpdate.Of(What, request, key, NewRequest(), gateway.Now);
        await Ask(pool, command, context).ConfigureAwait(false);
        var updated = SnapshotViews.Find(Fresh(pool).State, key) ?? throw SnapshotStatus.NotFound(What, key.Name);
        return new UpdateSnapshotResponse { Info = updated };
    }

    public override async Task List(
        ListSnapshotsRequest request, IServerStreamWriter<ListSnapshotsResponse> responseStream,
        ServerCallContext context)
    {
        const string What = "cannot list snapshots";
        var pool = PoolOf(What, request.Snapshotter);
        if (!FilterSet.TryParse(request.Filters, out var filters, out var error))
            throw SnapshotStatus.Invalid(What, "filter", error);
        var found = SnapshotViews.All(pool.State, SnapshotKeys.NamespaceOf(What, context))
            .Where(info => filters.Matches(new SnapshotFields(info)));
        try
        {
            foreach (var block in found.Chunk(ListBlock))
            {
                await responseStream.WriteAsync(
                    new ListSnapshotsResponse { Info = { block } }, context.CancellationToken).ConfigureAwait(false);
            }
        }
        catch (RegexMatchTimeoutException endless)
        {
            throw SnapshotStatus.Invalid(What, "filter", $"the expression '{endless.Pattern}' takes too long to match");
        }
    }

    public override async Task<UsageResponse> Usage(UsageRequest request, ServerCallContext context)
    {
        const string What = "cannot tell usage";
        var pool = PoolOf(What, request.Snapshotter);
        var key = SnapshotKeys.Of(What, request.Key, context);
        // A view shares everything with its parent.
        if (pool.State.Views.ContainsKey(key))
            return new UsageResponse();
        var device = pool.State.Find(key) ?? throw SnapshotStatus.NotFound(What, key.Name);
        var usage = await usages.Of(pool, device, context.CancellationToken).ConfigureAwait(false);
        return new UsageResponse { Size = usage.Bytes, Inodes = usage.Inodes };
    }

    /// <summary>Removed snapshots are deleted in the background in any case, whether or not a collection has
    /// ended.</summary>
    public override Task<Empty> Cleanup(CleanupRequest request, ServerCallContext context)
    {
        PoolOf("cannot clean up", request.Snapshotter);
        return Task.FromResult(Nothing);
    }

    /// <summary>The snapshotter's own name means the configured pool, NAME-POOL any other pool of the host.</summary>
    private PoolPicture PoolOf(string what, string snapshotter)
    {
        var own = settings.Containerd.Snapshotter;
        if (snapshotter == own)
            return Opened(what, Default(what));
        if (snapshotter.StartsWith(own + "-", StringComparison.Ordinal)
            && PoolName.TryParse(snapshotter[(own.Length + 1)..], out var name) && gateway.Board.Find(name) is { } pool)
            return Opened(what, pool);
        throw SnapshotStatus.Invalid(what, snapshotter, $"it is not a snapshotter of this agent: {own}, or {own}-POOL");
    }

    private PoolPicture Default(string what)
    {
        if (settings.Containerd.Pool is { } name)
        {
            return gateway.Board.Find(name)
                ?? throw SnapshotStatus.Of(StatusCode.Unavailable, what, name.Value,
                    "there is no pool of this name yet");
        }
        var all = gateway.Board.All.ToList();
        return all.Count switch
        {
            1 => all[0],
            0 => throw SnapshotStatus.Of(StatusCode.Unavailable, what, "pool",
                "this host has no pool yet: dmagent pool create"),
            _ => throw SnapshotStatus.Of(StatusCode.FailedPrecondition, what, "pool",
                "this host has several pools: name one in dmagents.containerd.pool"),
        };
    }

    private static PoolPicture Opened(string what, PoolPicture pool) => pool.Phase == PoolPhase.Open
        ? pool
        : throw SnapshotStatus.Of(StatusCode.Unavailable, what, pool.Name.Value,
            $"the pool is {pool.Phase}: {pool.Reason}");

    private PoolPicture Fresh(PoolPicture pool) => gateway.Board.Find(pool.Name) ?? pool;

    private static (DeviceKey? Parent, FileSystemKind? FileSystem) ParentOf(
        string what, PoolPicture pool, string parent, ImmutableSortedDictionary<string, string> labels,
        ServerCallContext context)
    {
        if (parent.Length == 0)
            return (null, SnapshotLabels.FileSystemOf(what, labels) ?? pool.State.Identity!.FileSystem);
        return (SnapshotKeys.Of(what, parent, context), null);
    }

    private static ImmutableSortedDictionary<string, string> Labelled(
        PoolPicture pool, ImmutableSortedDictionary<string, string> labels, DeviceKey? parent,
        FileSystemKind? fileSystem) =>
        (fileSystem ?? (parent is { } key ? pool.State.Find(key)?.FileSystem : null)) is { } kind
            ? labels.With(kind)
            : labels;

    private static DeviceRecord Made(string what, DeviceKey key, PoolReplies.Created reply) =>
        reply.Device ?? throw SnapshotStatus.NotFound(what, key.Name);

    private async Task<TReply> Ask<TReply>(PoolPicture pool, PoolCommand<TReply> command, ServerCallContext context)
        where TReply : PoolReplies.Success =>
        Unwrap<TReply>(await gateway.Request(pool.Name, command, context.CancellationToken).ConfigureAwait(false));

    /// <summary>If the caller disconnects before the answer, it does not know the snapshot and would find its key
    /// taken. The work for it is then completed, and the snapshot removed.</summary>
    private async Task<PoolReplies.Created> MakeOrUndo(
        PoolPicture pool, PoolCommand<PoolReplies.Created> command, DeviceKey key, ServerCallContext context)
    {
        var asked = gateway.Request(pool.Name, command, CancellationToken.None);
        try
        {
            return Unwrap<PoolReplies.Created>(
                await asked.WaitAsync(context.CancellationToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            _ = Undo(pool, asked, key);
            throw;
        }
    }

    private async Task Undo(PoolPicture pool, Task<PoolReply> asked, DeviceKey key)
    {
        if (await asked.ConfigureAwait(false) is not PoolReplies.Created created)
            return;
        // Another caller may have removed it meanwhile, and have used the key for a snapshot of its own.
        if (created.Device is { } made && Fresh(pool).State.Find(key) is { } owner && owner.Id != made.Id)
            return;
        await gateway.Request(
            pool.Name, new PoolCommands.Remove(NewRequest(), key, Force: false, gateway.Now), CancellationToken.None)
            .ConfigureAwait(false);
    }

    private static TReply Unwrap<TReply>(PoolReply reply)
        where TReply : PoolReplies.Success => reply switch
        {
            TReply done => done,
            PoolReplies.Refused refused => throw SnapshotStatus.Of(refused.Refusal),
            _ => throw new InvalidOperationException("a reply of another command"),
        };

    private static RequestId NewRequest() => new(Guid.NewGuid());
}
