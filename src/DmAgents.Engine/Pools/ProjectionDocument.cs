using System.Text.Json;
using System.Text.Json.Serialization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;

namespace DmAgents.Engine.Pools;

/// <summary>
/// A device's JSON file in metadata/: Docker's field names for Docker's fields, ours for the others. For people and
/// scripts; the agent reads it only to adopt a pool whose journal is lost.
/// </summary>
internal sealed record ProjectionDocument(
    uint DeviceId,
    ulong Size,
    ulong TransactionId,
    bool Initialized,
    bool Deleted,
    string Key,
    string Kind,
    string? Parent,
    string FileSystem,
    string Phase,
    string Use,
    bool ReadOnly,
    IReadOnlyDictionary<string, string> Labels,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt)
{
    /// <summary>The parent's thin id; null also in files of earlier agents.</summary>
    public uint? ParentId { get; init; }

    /// <summary>The device that it is a snapshot of; null also in files of earlier agents.</summary>
    public uint? SourceId { get; init; }

    public ulong? GrowingTo { get; init; }

    public ulong? Inodes { get; init; }

    /// <summary>The directory of its file system that is its tree; null also in files of earlier agents.</summary>
    public string? Root { get; init; }

    /// <summary>The format of its file system; null if the host's mkfs chose the features, and in files of earlier
    /// agents.</summary>
    public string? Format { get; init; }

    public static byte[] Of(DeviceRecord device, PoolState state) => JsonSerializer.SerializeToUtf8Bytes(
        new ProjectionDocument(
            device.Id.Value,
            device.Size.Bytes,
            device.CreatedIn.Value,
            Initialized: device.Phase == DevicePhase.Ready,
            Deleted: device.Phase == DevicePhase.Removing,
            device.Key.ToString(),
            Word(device.Kind),
            device.Parent is { } parent ? state.Devices.GetValueOrDefault(parent)?.Key.ToString() : null,
            Word(device.FileSystem),
            Word(device.Phase),
            Word(device.Use),
            device.ReadOnly,
            device.Labels,
            device.CreatedAt,
            device.UpdatedAt)
        {
            ParentId = device.Parent?.Value,
            SourceId = device.Source?.Value,
            GrowingTo = device.GrowingTo?.Bytes,
            Inodes = device.Inodes,
            Root = device.Root,
            Format = device.Format?.Value,
        },
        ProjectionJson.Default.ProjectionDocument);

    private static string Word<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ProjectionDocument))]
internal sealed partial class ProjectionJson : JsonSerializerContext;
