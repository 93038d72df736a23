using System.Collections.Immutable;
using System.Text.Json.Serialization;
using DmAgents.Actors.Events;
using DmAgents.Agent.Transfers;

namespace DmAgents.Agent.Fleet.Talks;

/// <summary>What a host is asked about itself: exactly one of its parts is set.</summary>
internal sealed record HostQuestion
{
    public EventQuestion? Events { get; init; }

    /// <summary>Which images the host has by this reference or id, and which copies of images it makes. Empty: only
    /// those.</summary>
    public string? Image { get; init; }

    /// <summary>The whole id of a copy that the host makes: it ends the copy, and answers when that is undone.</summary>
    public string? Cancel { get; init; }
}

/// <summary>Asks for what happened on a host.</summary>
/// <param name="Pool">Only of this pool; empty: of all, and of the host.</param>
/// <param name="Since">Those of before that are not older; null: none, unless <paramref name="Latest"/> is set.</param>
/// <param name="After">Those of before behind this one, if that was in the same log: then
/// <paramref name="Since"/> does not count.</param>
/// <param name="Latest">So many, and then the end; null: each as it happens, without end.</param>
internal sealed record EventQuestion(string Pool, DateTimeOffset? Since, EventPlace? After, int? Latest);

/// <summary>A place in a host's log of events.</summary>
/// <param name="Life">Of the log: another after each start of the agent.</param>
internal sealed record EventPlace(Guid Life, ulong Number);

/// <summary>What a host says about itself: exactly one of its parts is set.</summary>
internal sealed record HostAnswer
{
    public SaidEvent? Event { get; init; }

    /// <summary>Those of before have been said, up to this one. What follows happens from here on.</summary>
    public EventPlace? CaughtUp { get; init; }

    /// <summary>Nothing has happened, and the host is there.</summary>
    public bool IsBeat { get; init; }

    public SaidImages? Images { get; init; }

    public SaidCancel? Cancel { get; init; }
}

/// <summary>What became of a copy that was to end.</summary>
internal enum CancelEnd
{
    /// <summary>What it brought is undone.</summary>
    Undone,

    /// <summary>It had ended: the image is there.</summary>
    Done,

    /// <summary>The host makes no such copy.</summary>
    Unknown,
}

/// <summary>The answer to a request to end a copy.</summary>
/// <param name="Copy">As it was when it was asked to end; null if the host makes no such copy.</param>
internal sealed record SaidCancel(CancelEnd End, SaidCopy? Copy);

/// <summary>An event of another host.</summary>
internal sealed record SaidEvent(
    EventPlace Place, DateTimeOffset At, string Pool, string Subject, string Type, string Text,
    ImmutableSortedDictionary<string, string> Detail)
{
    public static SaidEvent Of(EventPlace place, HostOccurrence occurrence) => new(
        place, occurrence.At, occurrence.Pool, occurrence.Subject, occurrence.Type, occurrence.Text,
        occurrence.Detail);

    /// <summary>In words that can be shown.</summary>
    public HostOccurrence ToOccurrence() => new(
        At.ToUniversalTime(), PeerText.Of(Pool), PeerText.Of(Subject), PeerText.Of(Type), PeerText.Of(Text),
        Detail.ToImmutableSortedDictionary(each => PeerText.Of(each.Key), each => PeerText.Of(each.Value)));
}

/// <summary>What a host has of an image, and all copies of images that it makes.</summary>
internal sealed record SaidImages(ImmutableArray<SaidImage> Images, ImmutableArray<SaidCopy> Copies);

/// <summary>An image that a pool of a host has.</summary>
/// <param name="Id">Digest of its configuration.</param>
/// <param name="Content">Of the blocks of its top layer, which has those of all layers; null: not computed yet.</param>
internal sealed record SaidImage(
    string Pool, string Reference, string Id, string? Content, int Layers, DateTimeOffset TaggedAt);

/// <summary>A copy of an image that a host makes.</summary>
/// <param name="Image">As it was asked for.</param>
/// <param name="Reference">The image's own; null as long as that is not known.</param>
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
