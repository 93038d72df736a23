using DmAgents.Actors.Fleet;
using DmAgents.Agent.Fleet.Inventory;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using Grpc.Core;

namespace DmAgents.Agent.Services;

/// <summary>What the hosts of a fleet have, in the admin API.</summary>
internal sealed class InventoryService(FleetLookup lookup, TimeProvider time) : Api.Admin.V1.Inventory.InventoryBase
{
    public override async Task<ListFleetHostsReply> ListHosts(
        ListFleetHostsRequest request, ServerCallContext context) => new()
        {
            Hosts =
            {
                (await lookup.Hosts(context.CancellationToken).ConfigureAwait(false)).Select(Host)
                    .Where(host => host.State != InventoryHost.Types.State.Left),
            },
        };

    public override async Task<InventoryHost> ShowHost(ShowFleetHostRequest request, ServerCallContext context) =>
        HostName.TryParse(request.Host, out var name)
            ? Host(await lookup.Host(name, context.CancellationToken).ConfigureAwait(false))
            : throw Problems.Usage(
                "cannot show host", request.Host, $"it is no host's name: {HostName.Rule}",
                "list them: dmagent host list");

    public override async Task<ListFleetImagesReply> ListImages(
        ListFleetImagesRequest request, ServerCallContext context) => new()
        {
            Images = { (await lookup.Images(context.CancellationToken).ConfigureAwait(false)).Select(Image) },
        };

    public override async Task<LocateLayersReply> Locate(LocateLayersRequest request, ServerCallContext context) =>
        new()
        {
            Layers = { (await lookup.Locate(request.Layer, context.CancellationToken).ConfigureAwait(false)).Select(Layer) },
        };

    private InventoryHost Host(KnownHost host)
    {
        var (state, since) = StateOf(host);
        return new InventoryHost
        {
            Host = host.Host.Value,
            State = state,
            Since = Views.Time(since),
            Address = host.Member?.Address.ToString() ?? "",
            AgentVersion = host.Member?.Version ?? host.Ledger.Capacity.Version,
            IsThisHost = host.Host == lookup.Self,
            IsHeard = host.Ledger.IsThere,
            Pools = { host.Ledger.Capacity.Pools.Select(pool => Pool(host.Ledger, pool)) },
        };
    }

    private static (InventoryHost.Types.State State, DateTimeOffset Since) StateOf(KnownHost host) => host switch
    {
        { Member: { UnreachableSince: { } since } } => (InventoryHost.Types.State.Unreachable, since),
        { Member: { State: FleetMemberState.Joining } member } => (InventoryHost.Types.State.Joining, member.Since),
        { Member: { State: FleetMemberState.Up } member } => (InventoryHost.Types.State.Up, member.Since),
        { Member: { } member } => (InventoryHost.Types.State.Leaving, member.Since),
        { Ledger.Absence: HostAbsence.Left } => (InventoryHost.Types.State.Left, host.Ledger.Since),
        { Ledger.Absence: HostAbsence.Lost } => (InventoryHost.Types.State.Lost, host.Ledger.Since),
        _ => (InventoryHost.Types.State.Away, host.Ledger.Since),
    };

    private InventoryPool Pool(HostLedger ledger, PoolCapacity pool)
    {
        var promised = ledger.PromisedOf(pool.Pool, time.GetUtcNow());
        return new InventoryPool
        {
            Pool = pool.Pool.Value,
            DataTotalBytes = pool.Total.Data.Bytes,
            DataFreeBytes = pool.Free.Data.Bytes,
            DataPromisedBytes = promised.Data.Bytes,
            MetadataTotalBytes = pool.Total.Metadata.Bytes,
            MetadataFreeBytes = pool.Free.Metadata.Bytes,
            MetadataPromisedBytes = promised.Metadata.Bytes,
            Admits = pool.Admits,
        };
    }

    private static InventoryImage Image(ImageState image) => new()
    {
        Reference = image.Reference.Value,
        Id = image.Config?.Value ?? "",
        CopiesWanted = (uint)image.Wanted,
        Hosts = { image.Holders.Select(host => host.Value) },
        OtherHosts =
        {
            image.Hosts.Where(host => host.Value.Holding is not null && !image.Holds(host.Key))
                .Select(host => host.Key.Value),
        },
        CopiedTo = { image.Copies.Values.Select(copy => copy.Target.Value) },
        Layers = (uint)image.Lineage.Length,
        DataBytes = image.Space.Data.Bytes,
    };

    private static LocatedLayer Layer(LocatedAt layer) => new()
    {
        ChainId = layer.Layer.Value,
        Copies =
        {
            layer.Where.Copies.Select(copy => new LocatedCopy
            {
                Host = copy.Host.Value, ContentDigest = copy.Digest?.ToString() ?? "", Verified = copy.Verified,
                Since = Views.Time(copy.Since),
            }),
        },
        UnderWay =
        {
            layer.Where.UnderWay.Select(copy => new LocatedTransfer
            {
                Host = copy.Target.Value, FromHost = copy.Source.Value,
            }),
        },
    };
}
