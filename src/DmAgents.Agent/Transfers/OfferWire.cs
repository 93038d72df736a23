using System.Collections.Immutable;
using System.Text.Json.Serialization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Pacing;

namespace DmAgents.Agent.Transfers;

/// <summary>One message about an image or about layers: exactly one of its parts is set.</summary>
internal sealed record OfferMessage
{
    /// <summary>Asks which layers an image has: a reference or an id.</summary>
    public string? Image { get; init; }

    /// <summary>Progress, so that the asking host keeps waiting: layers examined so far.</summary>
    public OfferWork? Work { get; init; }

    public ImageOffer? Offer { get; init; }

    /// <summary>Asks which of these layers the host has: chain ids.</summary>
    public ImmutableArray<string>? Chains { get; init; }

    /// <summary>Those of them that it has.</summary>
    public ImmutableArray<HeldLayer>? Held { get; init; }

    /// <summary>Asks which layers the host has, or receives at the moment: content digests.</summary>
    public ImmutableArray<string>? Contents { get; init; }

    /// <summary>Those of them.</summary>
    public ImmutableArray<HeldContent>? HeldContents { get; init; }

    /// <summary>Asks for the content of this layer: a chain id, of those that the host has.</summary>
    public string? Layer { get; init; }

    public OfferedLayer? Content { get; init; }

    public Refusal? Refusal { get; init; }

    /// <summary>Orders the host to copy an image from another one.</summary>
    public BringOrder? Bring { get; init; }

    /// <summary>Progress of the copy.</summary>
    public BringState? Bringing { get; init; }

    /// <summary>The image is there, under this reference.</summary>
    public string? Brought { get; init; }

    /// <summary>The ordered image is no longer wanted.</summary>
    public bool IsNotWanted { get; init; }
}

/// <summary>An image that a host is to copy.</summary>
/// <param name="Request">The id of the copy there: the same order again follows it.</param>
/// <param name="From">The host that has the image.</param>
/// <param name="Pool">The target pool; empty: the only one.</param>
internal sealed record BringOrder(string Request, string Image, string From, string Pool);

/// <summary>Like <see cref="CopyProgress"/>, in bytes.</summary>
internal sealed record BringState(CopyPhase Phase, int Layer, int Layers, ulong Received, ulong Total)
{
    public static BringState Of(CopyProgress progress) => new(
        progress.Phase, progress.Layer, progress.Layers, progress.Received.Bytes, progress.Total.Bytes);

    public CopyProgress ToProgress() => new(Phase, Layer, Layers, new ByteSize(Received), new ByteSize(Total));
}

/// <summary>A layer that a host has under this chain id.</summary>
/// <param name="Size">Size of its device, in bytes.</param>
/// <param name="Content">The digest of its blocks; null if not computed yet.</param>
/// <param name="Serving">Connections on which that host sends layers at the moment.</param>
internal sealed record HeldLayer(
    string Chain, ulong Size, FileSystemKind FileSystem, string? Content, int Serving = 0);

/// <summary>A layer of which a host can send pieces.</summary>
/// <param name="Content">Its content digest.</param>
/// <param name="IsWhole">False: the host is still receiving it.</param>
/// <param name="Serving">Connections on which that host sends layers at the moment.</param>
internal sealed record HeldContent(string Content, bool IsWhole, int Serving);

/// <summary>The progress of an offer.</summary>
internal sealed record OfferWork(int Layers, int Of);

/// <summary>Conversation about an image or layers over a stream, in the frames of <see cref="JsonFrames"/>.</summary>
internal static class OfferWire
{
    /// <summary>An image's configuration has 4 MiB at most.</summary>
    public const int MaxMessage = 8 * 1024 * 1024;

    /// <summary>Maximum size of a question; each connection may have one in memory.</summary>
    public const int MaxQuestion = 64 * 1024;

    /// <summary>How long a host may send nothing, or receive nothing.</summary>
    private static readonly TimeSpan SilentFor = TimeSpan.FromSeconds(30);

    public static Task WriteAsync(Stream stream, OfferMessage message, CancellationToken cancellation) =>
        JsonFrames.WriteAsync(stream, message, OfferJson.Default.OfferMessage, cancellation);

    /// <summary>Reads a question, which is short and arrives at once.</summary>
    /// <returns>Null: the other side closed the stream.</returns>
    /// <exception cref="IOException">The message is invalid, or none arrived in time.</exception>
    public static Task<OfferMessage?> ReadQuestionAsync(
        Stream stream, TimeProvider time, CancellationToken cancellation) => JsonFrames.WithinAsync(
            SilentFor, time, "no question came", end => ReadAsync(stream, MaxQuestion, end), cancellation);

    /// <summary>The same stream, but writes fail if the other side receives nothing. Its reads have no such
    /// limit.</summary>
    public static Stream Guarded(Stream stream, TimeProvider time) => new StallGuardStream(stream, SilentFor, time);

    /// <returns>Null: the other side closed the stream.</returns>
    /// <exception cref="IOException">The message is invalid or incomplete.</exception>
    public static Task<OfferMessage?> ReadAsync(Stream stream, CancellationToken cancellation) =>
        ReadAsync(stream, MaxMessage, cancellation);

    private static async Task<OfferMessage?> ReadAsync(Stream stream, int limit, CancellationToken cancellation)
    {
        var message = await JsonFrames.ReadAsync(stream, OfferJson.Default.OfferMessage, limit, cancellation)
            .ConfigureAwait(false);
        return message is { Refusal: { } refusal } ? message with { Refusal = PeerText.Of(refusal) } : message;
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(OfferMessage))]
[JsonSerializable(typeof(CopyDocument))]
internal sealed partial class OfferJson : JsonSerializerContext;
