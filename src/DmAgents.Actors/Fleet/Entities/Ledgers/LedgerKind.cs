using System.Collections.Immutable;
using System.Text.Json.Serialization;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Inventory;

namespace DmAgents.Actors.Fleet.Entities.Ledgers;

/// <summary>The ledgers of hosts.</summary>
internal static class LedgerKind
{
    public static EntityKind<HostLedger, HostCommand, HostLedgerEvent, HostReply> Kind { get; } = new(
        "ledger", "host", id => new HostLedger(new HostName(id)), HostLedgerDecider.Decide,
        (state, e) => state.Apply(e));

    public static EntityManifests Manifests { get; } = new(
        new Dictionary<string, Format>
        {
            ["ledger-announce.v1"] = Format.Of(() => LedgerJson.Default.Announce),
            ["ledger-note-gone.v1"] = Format.Of(() => LedgerJson.Default.NoteGone),
            ["ledger-promise.v1"] = Format.Of(() => LedgerJson.Default.Promise),
            ["ledger-release.v1"] = Format.Of(() => LedgerJson.Default.Release),
            ["ledger-tick.v1"] = Format.Of(() => LedgerJson.Default.Tick),
        },
        new Dictionary<string, Format>
        {
            ["ledger-announced.v1"] = Format.Of(() => LedgerJson.Default.Announced),
            ["ledger-gone.v1"] = Format.Of(() => LedgerJson.Default.Gone),
            ["ledger-promised.v1"] = Format.Of(() => LedgerJson.Default.Promised),
            ["ledger-promise-ended.v1"] = Format.Of(() => LedgerJson.Default.PromiseEnded),
            ["ledger-state.v1"] = Format.Of(() => LedgerJson.Default.LedgerDocument),
            ["ledger-reply-heard.v1"] = Format.Of(() => LedgerJson.Default.Heard),
            ["ledger-reply-ended.v1"] = Format.Of(() => LedgerJson.Default.Ended),
            ["ledger-reply-noted-gone.v1"] = Format.Of(() => LedgerJson.Default.NotedGone),
            ["ledger-reply-kept.v1"] = Format.Of(() => LedgerJson.Default.Kept),
            ["ledger-reply-released.v1"] = Format.Of(() => LedgerJson.Default.Released),
            ["ledger-reply-ticked.v1"] = Format.Of(() => LedgerJson.Default.Ticked),
            ["ledger-reply-refused.v1"] = Format.Of(() => LedgerJson.Default.Refused),
        });
}

/// <summary>A ledger in the snapshot store.</summary>
internal sealed record LedgerDocument(
    HostName Host, HostHearing? Hearing, HostCapacity Capacity, HostAbsence? Absence, DateTimeOffset Since,
    ImmutableArray<SpacePromise> Promises)
{
    public static LedgerDocument Of(HostLedger state) => new(
        state.Host, state.Hearing, state.Capacity, state.Absence, state.Since, state.Promises);

    public HostLedger ToState() => new HostLedger(Host).Restored(Hearing, Capacity, Absence, Since, Promises);
}

/// <summary>How a ledger's messages, events and state are written as JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    IgnoreReadOnlyProperties = true,
    Converters =
    [
        typeof(HostNameConverter), typeof(IncarnationConverter), typeof(PoolNameConverter),
        typeof(ByteSizeConverter), typeof(ImageReferenceConverter),
    ])]
[JsonSerializable(typeof(HostCommands.Announce))]
[JsonSerializable(typeof(HostCommands.NoteGone))]
[JsonSerializable(typeof(HostCommands.Promise))]
[JsonSerializable(typeof(HostCommands.Release))]
[JsonSerializable(typeof(HostCommands.Tick))]
[JsonSerializable(typeof(HostLedgerEvents.Announced))]
[JsonSerializable(typeof(HostLedgerEvents.Gone))]
[JsonSerializable(typeof(HostLedgerEvents.Promised))]
[JsonSerializable(typeof(HostLedgerEvents.PromiseEnded))]
[JsonSerializable(typeof(HostReplies.Heard))]
[JsonSerializable(typeof(HostReplies.Ended))]
[JsonSerializable(typeof(HostReplies.NotedGone))]
[JsonSerializable(typeof(HostReplies.Kept))]
[JsonSerializable(typeof(HostReplies.Released))]
[JsonSerializable(typeof(HostReplies.Ticked))]
[JsonSerializable(typeof(HostReplies.Refused))]
[JsonSerializable(typeof(LedgerDocument))]
internal sealed partial class LedgerJson : JsonSerializerContext;
