using System.Collections.Immutable;
using System.Text.Json.Serialization;
using DmAgents.Actors.Events;
using DmAgents.Agent.Transfers;

namespace DmAgents.Agent.Fleet.Talks;

/// <summary>A question to a host about itself: exactly one of its parts is set.</summary>
internal sealed record HostQuestion
{
    public EventQuestion? Events { get; init; }

    /// <summary>Asks for the host's images with this reference or id, and for its running copies of images. Empty: only
    /// the copies.</summary>
    public string? Image { get; init; }

    /// <summary>The whole id of a copy that the host makes: it cancels the copy, and answers when the copy is
    /// undone.</summary>
    public string? Cancel { get; init; }
}

/// <summary>Asks for the events of a host.</summary>
/// <param name="Pool">Only of this pool; empty: of all, and of the host.</param>
/// <param name="Since">Past events from this time on; null: none, unless <paramref name="Latest"/> is set.</param>
/// <param name="After">Past events after this place, if it is in the same log: then <paramref name="Since"/> is
/// ignored.</param>
/// <param name="Latest">The latest so many, and then the end; null: each new one as it happens, without end.</param>
internal sealed record EventQuestion(string Pool, DateTimeOffset? Since, EventPlace? After, int? Latest);

/// <summary>A place in a host's log of events.</summary>
/// <param name="Life">Identifies the log: it changes at each start of the agent.</param>
internal sealed record EventPlace(Guid Life, ulong Number);

/// <summary>An answer of a host about itself: exactly one of its parts is set.</summary>
internal sealed record HostAnswer
{
    public SaidEvent? Event { get; init; }

    /// <summary>Past events have been sent, up to this one. New ones follow.</summary>
    public EventPlace? CaughtUp { get; init; }

    /// <summary>A heartbeat: no event, but the host is alive.</summary>
    public bool IsBeat { get; init; }

    public SaidImages? Images { get; init; }

    public SaidCancel? Cancel { get; init; }
}

/// <summary>The outcome of a cancelled copy.</summary>
internal enum CancelEnd
{
    /// <summary>Its effects are undone.</summary>
    Undone,

    /// <summary>It had already ended: the image is there.</summary>
    Done,

    /// <summary>The host makes no such copy.</summary>
    Unknown,
}

/// <summary>The answer to the cancellation of a copy.</summary>
/// <param name="Copy">Its state when it was cancelled; null if the host makes no such copy.</param>
internal sealed record SaidCancel(CancelEnd End, SaidCopy? Copy);

/// <summary>An event of another host.</summary>
internal sealed record SaidEvent(
    EventPlace Place, DateTimeOffset At, string Pool, string Subject, string Type, string Text,
    ImmutableSortedDictionary<string, string> Detail)
{
    public static SaidEvent Of(EventPlace place, HostOccurrence occurrence) => new(
        place, occurrence.At, occurrence.Pool, occurrence.Subject, occurrence.Type, occurrence.Text,
        occurrence.Detail);

    /// <summary>Converts it to displayable text.</summary>
    public HostOccurrence ToOccurrence() => new(
        At.ToUniversalTime(), PeerText.Of(Pool), PeerText.Of(Subject), PeerText.Of(Type), PeerText.Of(Text),
        Detail.ToImmutableSortedDictionary(each => PeerText.Of(each.Key), each => PeerText.Of(each.Value)));
}

/// <summary>What a host has of an image, and all its running copies of images.</summary>
internal sealed record SaidImages(ImmutableArray<SaidImage> Images, ImmutableArray<SaidCopy> Copies);

/// <summary>An image in a pool of a host.</summary>
/// <param name="Id">Digest of its configuration.</param>
/// <param name="Content">Digest of the blocks of its top layer, which has those of all layers; null: not computed
/// yet.</param>
internal sealed record SaidImage(
    string Pool, string Reference, string Id, string? Content, int Layers, DateTimeOffset TaggedAt);

/// <summary>A running copy of an image to a host.</summary>
/// <param name="Image">The name in the request.</param>
/// <param name="Reference">The image's own reference; null until it is known.</param>
internal sealed record SaidCopy(
    string Request, string Image, string? Reference, string? Id, string From, string Pool, DateTimeOffset StartedAt,
    BringState Progress);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(HostQuestion))]
[JsonSerializable(typeof(HostAnswer))]
internal sealed partial class HostTalkJson : JsonSerializerContext;
