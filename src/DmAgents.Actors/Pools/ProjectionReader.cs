using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Adoption;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Ports;
using DmAgents.Engine.Pools;
using DmAgents.Domain.Units;

namespace DmAgents.Actors.Pools;

/// <summary>The content of a pool's files.</summary>
/// <param name="Identity">Null if there is no readable pool.json.</param>
/// <param name="Unreadable">Files that cannot be interpreted, and why.</param>
public sealed record ProjectedPool(
    PoolIdentity? Identity, ImmutableArray<DevicePath> Spares, AdoptionClaims Claims,
    ImmutableArray<(string File, string Why)> Unreadable)
{
    /// <summary>Set if another program owned the pool before; null also if the files do not say.</summary>
    public TakeoverRecord? Takeover { get; init; }

    /// <summary>Former metadata that was replaced, the oldest first.</summary>
    public ImmutableArray<KeptMetadata> Kept { get; init; } = [];
}

/// <summary>Reads what <see cref="ProjectionActor"/> wrote. Any process may have changed these files: an unintelligible
/// one is reported, and affects nothing else.</summary>
public sealed class ProjectionReader(IDurableFiles files, PoolPaths paths)
{
    private const string Ending = ".json";

    private readonly ImmutableArray<(string File, string Why)>.Builder _unreadable =
        ImmutableArray.CreateBuilder<(string, string)>();

    /// <summary>The names of all pools that have files below the state directory, whether or not the agent knows
    /// them.</summary>
    public static IReadOnlyList<PoolName> PoolsIn(IDurableFiles files, string stateDirectory)
    {
        var names = files.List($"{stateDirectory}/pools");
        return
        [
            .. (names.Succeeded ? names.Value : []).Order(StringComparer.Ordinal)
                .Select(text => PoolName.TryParse(text, out var name) ? name : (PoolName?)null).OfType<PoolName>()
                .Where(name => HasContent(files, new PoolPaths(stateDirectory, name))),
        ];
    }

    public ProjectedPool Read()
    {
        var pool = Parse(paths.IdentityFile, ContentJson.Default.PoolDocument, d => d);
        var documents = All(paths.MetadataDirectory, ProjectionJson.Default.ProjectionDocument, d => d);
        var ids = documents.Where(d => !d.Deleted).DistinctBy(d => d.Key).ToDictionary(d => d.Key, d => d.DeviceId);
        // LVM counts in the transaction id of a pool that it owns.
        var isCounted = pool?.Identity.Backing is not PoolBacking.Existing { OwnedByLvm: true };
        ImmutableArray<AdoptionClaim> devices = [.. All(
            paths.MetadataDirectory, ProjectionJson.Default.ProjectionDocument, d => ClaimOf(d, ids, isCounted))];
        // A pool of imported layers and no image is one whose only import was interrupted, or has lost the directory.
        if (pool is not null
            && devices.Any(d => d.Kind == DeviceKind.Layer && d.Labels.ContainsKey(DeviceLabels.Import))
            && files.List(paths.ImageDirectory) is { Succeeded: true, Value.Count: 0 })
            _unreadable.Add((
                paths.ImageDirectory, "it is missing or empty, and the pool has layers that came by imports"));
        return new ProjectedPool(
            pool?.Identity,
            pool is { Spares.IsDefault: false } ? pool.Spares : [],
            new AdoptionClaims(
                devices,
                [.. All(paths.ImageDirectory, ContentJson.Default.ImageRecord, i => new ImageClaim(
                    i.Reference, i.TopLayer, i.ConfigDigest, i.Config, i.TaggedAt))],
                [.. All(paths.ViewDirectory, ContentJson.Default.ViewRecord, v => new ViewClaim(
                    v.Key, v.Source, v.Labels, v.CreatedAt))]),
            [.. _unreadable.Distinct()])
        {
            Takeover = pool?.Takeover,
            Kept = pool?.Kept ?? [],
        };
    }

    private static bool HasContent(IDurableFiles files, PoolPaths paths) =>
        files.Read(paths.IdentityFile).Succeeded
        || files.List(paths.MetadataDirectory) is { Succeeded: true, Value.Count: > 0 };

    private static AdoptionClaim ClaimOf(ProjectionDocument d, Dictionary<string, uint> ids, bool isCounted) => new(
        new ThinId(d.DeviceId),
        DeviceKey.TryParse(d.Key, out var key) ? key : throw new FormatException($"'{d.Key}' is no key"),
        Value<DeviceKind>(d.Kind),
        IdOf(d.ParentId) ?? (d.Parent is { } parent && ids.TryGetValue(parent, out var id) ? new ThinId(id) : null),
        new ByteSize(d.Size), Value<FileSystemKind>(d.FileSystem), d.CreatedAt)
    {
        Phase = Value<DevicePhase>(d.Phase) is var phase and not DevicePhase.Lost ? phase : DevicePhase.Ready,
        Source = IdOf(d.SourceId),
        Use = Value<DeviceUse>(d.Use),
        ReadOnly = d.ReadOnly,
        Labels = d.Labels.ToImmutableSortedDictionary(StringComparer.Ordinal),
        GrowingTo = d.GrowingTo is { } size ? new ByteSize(size) : null,
        Inodes = d.Inodes,
        Root = d.Root,
        Format = d.Format is { } format ? new FormatName(format) : null,
        CreatedIn = isCounted && d.TransactionId > 0 ? new TransactionId(d.TransactionId) : null,
        UpdatedAt = d.UpdatedAt,
    };

    private static ThinId? IdOf(uint? id) => id is { } value ? new ThinId(value) : null;

    private static T Value<T>(string word) where T : struct, Enum =>
        Enum.TryParse<T>(word, ignoreCase: true, out var value) && Enum.IsDefined(value)
            ? value
            : throw new FormatException($"'{word}' is no {typeof(T).Name}");

    private List<TOut> All<TIn, TOut>(string directory, JsonTypeInfo<TIn> type, Func<TIn, TOut> read)
        where TIn : class where TOut : class
    {
        var names = files.List(directory);
        if (names.Error is { } error)
            _unreadable.Add((directory, error.ToString()));
        return (names.Succeeded ? names.Value : []).Where(name => name.EndsWith(Ending, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).Select(name => Parse($"{directory}/{name}", type, read)).OfType<TOut>()
            .ToList();
    }

    private TOut? Parse<TIn, TOut>(string file, JsonTypeInfo<TIn> type, Func<TIn, TOut> read)
        where TIn : class where TOut : class
    {
        var bytes = files.Read(file);
        if (!bytes.Succeeded)
        {
            if (!bytes.FailedWith(KernelFault.NotFound))
                _unreadable.Add((file, bytes.Error.ToString()));
            return null;
        }
        try
        {
            return JsonSerializer.Deserialize(bytes.Value, type) is { } document ? read(document) : null;
        }
        catch (Exception cause)
            when (cause is JsonException or FormatException or ArgumentException or OverflowException)
        {
            _unreadable.Add((file, cause.Message));
            return null;
        }
    }
}
