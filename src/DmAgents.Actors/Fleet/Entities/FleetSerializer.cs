using System.Collections.Frozen;
using Akka.Actor;
using DmAgents.Actors.Fleet.Entities.Containers;
using DmAgents.Actors.Fleet.Entities.Images;
using DmAgents.Actors.Fleet.Entities.Ledgers;
using DmAgents.Actors.Fleet.Entities.Locations;
using DmAgents.Actors.Fleet.Spread;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Fleet.Orders;

namespace DmAgents.Actors.Fleet.Entities;

/// <summary>Serializes what a fleet's entities journal and what hosts send them: JSON under manifests such as
/// "image-defined.v1", which never change their meaning. During an upgrade, hosts of two releases share a fleet and its
/// journal.</summary>
public sealed class FleetSerializer(ExtendedActorSystem system)
    : ManifestSerializer(system, "the fleet", ByManifest)
{
    /// <summary>Stored with each row of the journal and each message. Never reuse it for another serializer.</summary>
    public const int Id = 20419;

    /// <summary>Maximum size of a message. Remoting has frames of 128,000 bytes and drops a larger message
    /// silently.</summary>
    public const int MaxBytes = 100_000;

    /// <summary>The types that it serializes, including derived types.</summary>
    internal static readonly Type[] Bound =
    [
        typeof(IEntityMessage), typeof(LocationCommand), typeof(LocationEvent), typeof(LocationReply),
        typeof(LocationState), typeof(HostCommand), typeof(HostLedgerEvent), typeof(HostReply), typeof(HostLedger),
        typeof(ImageCommand), typeof(ImageEvent), typeof(ImageReply), typeof(ImageState),
        typeof(ContainerCommand), typeof(ContainerEvent), typeof(ContainerReply), typeof(ContainerState),
        typeof(HostOrder),
    ];

    private static readonly EntityManifests[] _kinds =
        [LocationKind.Manifests, LedgerKind.Manifests, ImageKind.Manifests, ContainerKind.Manifests];

    internal static readonly FrozenDictionary<string, Format> Inner = new Dictionary<string, Format>(
        _kinds.SelectMany(kind => kind.Commands))
    {
        ["entity-show.v1"] = Format.Of(() => EntityJson.Default.Show),
        ["location-announce-part.v1"] = Format.Of(() => EntityJson.Default.AnnouncePart),
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, Format> ByManifest = new Dictionary<string, Format>(
        Inner.Concat(_kinds.SelectMany(kind => kind.Others)).Concat(OrderManifests.All))
    {
        ["entity-message.v1"] = Format.Of(() => EntityJson.Default.ToEntity),
        ["entity-shown.v1"] = Format.Of(() => EntityJson.Default.Shown),
        ["entity-unavailable.v1"] = Format.Of(() => EntityJson.Default.Unavailable),
        ["location-part-kept.v1"] = Format.Of(() => EntityJson.Default.PartKept),
    }.ToFrozenDictionary();

    public override int Identifier => Id;

    /// <summary>The message's size in bytes if it exceeds the maximum between hosts; otherwise null.</summary>
    internal static int? Excess(object message, ActorSystem system)
    {
        var bytes = system.Serialization.FindSerializerFor(message).ToBinary(message).Length;
        return bytes > MaxBytes ? bytes : null;
    }

    /// <summary>Every manifest; a test holds the bytes of each.</summary>
    public static IEnumerable<string> Manifests => ByManifest.Keys;

    protected override object Written(object o) => o switch
    {
        LocationState state => LocationStateDocument.Of(state),
        HostLedger state => LedgerDocument.Of(state),
        ImageState state => ImageDocument.Of(state),
        ContainerState state => ContainerDocument.Of(state),
        _ => o,
    };

    protected override object Read(object o) => o switch
    {
        LocationStateDocument document => document.ToState(),
        LedgerDocument document => document.ToState(),
        ImageDocument document => document.ToState(),
        ContainerDocument document => document.ToState(),
        _ => o,
    };
}
