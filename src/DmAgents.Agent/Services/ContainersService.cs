using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Exports;
using DmAgents.Agent.Imports;
using DmAgents.Agent.Spread;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Containers;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using Grpc.Core;

namespace DmAgents.Agent.Services;

/// <summary>Containers of the admin API.</summary>
internal sealed class ContainersService(
    PoolGateway gateway, UsageReader usages, ContainerCommitter committer, ContainerDiffer differ,
    ContainerPlacing fleet)
    : Containers.ContainersBase
{
    public override async Task<Container> Create(CreateContainerRequest request, ServerCallContext context)
    {
        const string What = "cannot create container";
        var pool = gateway.Resolve(What, request.Pool);
        var name = NameOf(What, request.Name);
        var labels = request.Labels.ToImmutableSortedDictionary(StringComparer.Ordinal);
        var parent = default(DeviceKey);
        switch (request.FromCase)
        {
            case CreateContainerRequest.FromOneofCase.Image:
                var image = ImageFinder.Find(What, pool, request.Image);
                parent = pool.State.Devices[image.TopLayer].Key;
                labels = labels.SetItem(DeviceLabels.Image, image.Reference.Value);
                break;
            case CreateContainerRequest.FromOneofCase.LayerChainId:
                parent = LayersService.FindLayer(What, pool, request.LayerChainId).Key;
                break;
            default:
                throw Problems.Usage(What, name.Value, "neither image nor layer is given", "give --image or --layer");
        }
        var done = await gateway.Ask(pool.Name, new PoolCommands.CreateSnapshot(
            PoolGateway.RequestOf(What, request.RequestId), DeviceKey.Container(name.Value),
            parent, request.HasSizeBytes ? new ByteSize(request.SizeBytes) : null, FileSystem: null,
            request.Mount ? DeviceUse.Mounted : DeviceUse.Idle, labels, gateway.Now), context.CancellationToken)
            .ConfigureAwait(false);
        return View(pool, done.Device, name);
    }

    public override async Task<MountContainerReply> Mount(MountContainerRequest request, ServerCallContext context)
    {
        const string What = "cannot mount container";
        var pool = gateway.Resolve(What, request.Pool);
        var key = DeviceKey.Container(NameOf(What, request.Container).Value);
        var done = await gateway.Ask(pool.Name, new PoolCommands.SetUse(
            PoolGateway.RequestOf(What, request.RequestId), key, DeviceUse.Mounted, request.ReadOnly, gateway.Now),
            context.CancellationToken).ConfigureAwait(false);
        var device = Still(What, done.Device, key.Name);
        return new MountContainerReply
        {
            Pool = pool.Name.Value,
            Container = key.Name,
            Path = pool.Paths.MountOf(key).Value,
            DevicePath = DeviceNames.Thin(pool.Name, device.Id).Path.Value,
            ReadOnly = device.ReadOnly,
            WasMounted = done.AlreadySo,
            Root = device.Root ?? "",
        };
    }

    public override async Task<UnmountContainerReply> Unmount(
        UnmountContainerRequest request, ServerCallContext context)
    {
        const string What = "cannot unmount container";
        var pool = gateway.Resolve(What, request.Pool);
        var key = DeviceKey.Container(NameOf(What, request.Container).Value);
        var done = await gateway.Ask(pool.Name, new PoolCommands.SetUse(
            PoolGateway.RequestOf(What, request.RequestId), key, DeviceUse.Idle, ReadOnly: false, gateway.Now)
        {
            Detach = request.Force,
        }, context.CancellationToken).ConfigureAwait(false);
        return new UnmountContainerReply { Pool = pool.Name.Value, Container = key.Name, WasMounted = !done.AlreadySo };
    }

    public override async Task<ImageDetails> Commit(CommitContainerRequest request, ServerCallContext context)
    {
        const string What = ContainerCommitter.What;
        var pool = gateway.Resolve(What, request.Pool);
        var name = NameOf(What, request.Container);
        if (!ImageReference.TryParse(request.Reference, out var reference))
        {
            throw Problems.Usage(What, request.Reference, $"it is not an image reference: {ImageReference.Rule}",
                "give one such as app:1.2");
        }
        var found = await committer.Commit(
            new CommitAsked(
                PoolGateway.RequestOf(What, request.RequestId), pool, name, reference,
                request.HasAuthor ? request.Author : null, request.HasComment ? request.Comment : null),
            context.CancellationToken).ConfigureAwait(false);
        return ImageViews.Details(found);
    }

    public override async Task<RemoveContainerReply> Remove(RemoveContainerRequest request, ServerCallContext context)
    {
        const string What = ContainerPlacing.CannotRemove;
        var id = PoolGateway.RequestOf(What, request.RequestId);
        if (request.Fleet)
            return await RemoveFromFleet(id, request, context.CancellationToken).ConfigureAwait(false);
        var pool = gateway.Resolve(What, request.Pool);
        var key = KeyOf(What, request.Container);
        RefuseWhereOwned(What, key, request.Force);
        var device = pool.State.Find(key);
        var isHere = device is not null || pool.State.Views.ContainsKey(key);
        // Read before the removal: the epoch is forgotten with the container.
        var removed = device is not null ? fleet.Known(pool, device) : null;
        if (!isHere && !PoolGateway.WasDone(pool, id)
            && await PlaceElsewhere(pool, key, context.CancellationToken).ConfigureAwait(false) is { } place)
        {
            throw Problems.NotFound(
                What, request.Container, $"pool {pool.Name} has no container of this name", place);
        }
        var done = await gateway.Ask(pool.Name, new PoolCommands.Remove(
            id, key, request.Force, gateway.Now), context.CancellationToken).ConfigureAwait(false);
        // Without this note the fleet would believe that its host lost the container.
        if (removed is not null)
            fleet.NoteRemoval(id, removed);
        return new RemoveContainerReply
        {
            Pool = pool.Name.Value, Container = KeyText.Of(key), ThinId = done.Device?.Id.Value ?? 0,
        };
    }

    private async Task<RemoveContainerReply> RemoveFromFleet(
        RequestId id, RemoveContainerRequest request, CancellationToken cancellation)
    {
        const string What = ContainerPlacing.CannotRemove;
        if (request.Pool.Length > 0 || request.Force)
        {
            throw Problems.Usage(
                What, request.Container, "a pool, and force, are about this host's containers",
                "leave them out, or leave out --fleet");
        }
        var name = NameOf(What, request.Container);
        var host = await fleet.Remove(id, name, cancellation).ConfigureAwait(false);
        return new RemoveContainerReply { Container = name.Value, Host = host?.Value ?? "" };
    }

    /// <summary>The command that removes the container that may be meant: only an operator can decide, since names are
    /// reused.</summary>
    private async Task<string?> PlaceElsewhere(PoolPicture asked, DeviceKey key, CancellationToken cancellation)
    {
        if (gateway.Board.All.FirstOrDefault(
            pool => pool.Name != asked.Name && pool.State.Find(key) is not null) is { } other)
            return $"pool {other.Name} has one: dmagent container remove {KeyText.Of(key)} --pool {other.Name}";
        return key.Space == DeviceKey.ContainerSpace && ContainerName.TryParse(key.Name, out var name)
            && await fleet.HostOf(name, cancellation).ConfigureAwait(false) is { } host
            ? $"host {host} has one: dmagent container remove {name} --fleet"
            : null;
    }

    public override async Task<ListContainersReply> List(ListContainersRequest request, ServerCallContext context)
    {
        var reply = new ListContainersReply();
        foreach (var pool in gateway.Several("cannot list containers", request.Pool))
        {
            var used = await usages.Read(pool, exclusive: false).ConfigureAwait(false);
            var containers = pool.State.Devices.Values
                .Where(d => d.Kind == Domain.Devices.DeviceKind.Container && d.Phase != DevicePhase.Removing
                    && !d.Key.IsStock)
                .Select(d => Views.Container(pool, d, used));
            var views = pool.State.Views.Values.Select(v => Views.Container(pool, v, used));
            reply.Containers.Add(containers.Concat(views).OrderBy(c => c.Name, StringComparer.Ordinal));
        }
        return reply;
    }

    public override async Task<Container> Show(ShowContainerRequest request, ServerCallContext context)
    {
        const string What = "cannot show container";
        var pool = gateway.Resolve(What, request.Pool);
        var key = KeyOf(What, request.Container);
        var used = await usages.Read(pool, exclusive: true).ConfigureAwait(false);
        return pool.State.Views.TryGetValue(key, out var view)
            ? Views.Container(pool, view, used)
            : Views.Container(pool, PoolGateway.Find(pool, What, key), used);
    }

    /// <summary>containerd would still believe that its snapshot exists.</summary>
    internal static void RefuseWhereOwned(string what, DeviceKey key, bool force)
    {
        if (key.ContainerdNamespace is not null && !force)
        {
            throw Problems.Of(Problem.Types.Kind.Refused, what, KeyText.Of(key), "it is containerd's",
                "remove it there (ctr snapshots remove, or the image or container that has it); or here with --force");
        }
    }

    public override async Task<Container> Resize(ResizeContainerRequest request, ServerCallContext context)
    {
        const string What = "cannot resize container";
        var pool = gateway.Resolve(What, request.Pool);
        var name = NameOf(What, request.Container);
        var done = await gateway.Ask(pool.Name, new PoolCommands.Resize(
            PoolGateway.RequestOf(What, request.RequestId), DeviceKey.Container(name.Value),
            new ByteSize(request.SizeBytes), gateway.Now), context.CancellationToken).ConfigureAwait(false);
        return View(pool, done.Device, name);
    }

    public override async Task Diff(
        DiffContainerRequest request, IServerStreamWriter<DiffContainerReply> responseStream, ServerCallContext context)
    {
        const string What = ContainerDiffer.What;
        var pool = gateway.Resolve(What, request.Pool);
        var key = KeyOf(What, request.Container);
        await foreach (var report in differ.Run(pool, key, context.CancellationToken).ConfigureAwait(false))
        {
            await responseStream.WriteAsync(DiffViews.Reply(pool.Name, key, report), context.CancellationToken)
                .ConfigureAwait(false);
        }
    }

    /// <summary>Does not read the mapped space: that would cost two commits of the pool's metadata, and wait for other
    /// readers.</summary>
    private static Container View(PoolPicture pool, DeviceRecord? device, ContainerName name) =>
        Views.Container(pool, Still("cannot show container", device, name.Value), Usages.NotRead);

    /// <summary>A retry gets the result of its first request, whose device may be gone by now.</summary>
    private static DeviceRecord Still(string what, DeviceRecord? device, string name) => device
        ?? throw Problems.NotFound(what, name, "this request was done before, and the container was removed since",
            "make it again, with a new request id");

    /// <summary>A container's name, or "containerd.NAMESPACE/KEY".</summary>
    private static DeviceKey KeyOf(string what, string text) =>
        KeyText.ContainerdKey(text) ?? DeviceKey.Container(NameOf(what, text).Value);

    private static ContainerName NameOf(string what, string text) => ContainerName.TryParse(text, out var name)
        ? name
        : throw Problems.Usage(what, text, $"it is not a container's name: {ContainerName.Rule}",
            "choose another name");
}
