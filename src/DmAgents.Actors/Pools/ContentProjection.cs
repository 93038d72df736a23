using System.Collections.Immutable;
using System.Text.Json;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Pools;

/// <summary>Keeps pool.json, images/ and views/ equal to the journal's state: the facts that an adoption needs besides
/// the devices.</summary>
internal sealed class ContentProjection(IDurableFiles files, PoolPaths paths)
{
    /// <summary>The state that the files show; null if unknown.</summary>
    private PoolState? _written;

    /// <summary>Marks the files' content as unknown: the next write compares all of them.</summary>
    public void Forget() => _written = null;

    public bool IsBehind(PoolState state) => _written is not { } written || !SamePool(written, state)
        || written.Images != state.Images || written.Views != state.Views;

    public KernelResult Write(PoolState state)
    {
        if (state.Identity is not { } identity || !IsBehind(state))
            return KernelResult.Done;
        var result = _written is { } before && SamePool(before, state)
            ? KernelResult.Done
            : WriteWhereOther(paths.IdentityFile, JsonSerializer.SerializeToUtf8Bytes(
                new PoolDocument(identity, state.Spares) { Takeover = state.Takeover, Kept = state.Kept },
                ContentJson.Default.PoolDocument));
        result = result
            .Then(() => WriteChanged(
                state.Images, _written?.Images, paths.ImageDirectory, paths.FileOf,
                image => JsonSerializer.SerializeToUtf8Bytes(image, ContentJson.Default.ImageRecord)))
            .Then(() => WriteChanged(
                state.Views, _written?.Views, paths.ViewDirectory, paths.ViewFileOf,
                view => JsonSerializer.SerializeToUtf8Bytes(view, ContentJson.Default.ViewRecord)));
        _written = result.Succeeded ? state : null;
        return result;
    }

    private static bool SamePool(PoolState left, PoolState right) =>
        left.Identity == right.Identity && left.Spares == right.Spares && left.Takeover == right.Takeover
        && left.Kept == right.Kept;

    private KernelResult WriteChanged<TKey, T>(
        ImmutableDictionary<TKey, T> items, ImmutableDictionary<TKey, T>? before, string directory,
        Func<TKey, string> fileOf, Func<T, byte[]> bytesOf)
        where TKey : notnull where T : class
    {
        if (ReferenceEquals(items, before))
            return KernelResult.Done;
        foreach (var (key, item) in items)
        {
            if (before?.GetValueOrDefault(key) == item)
                continue;
            if (WriteWhereOther(fileOf(key), bytesOf(item)) is { Succeeded: false } failed)
                return failed;
        }
        var wanted = items.Keys.Select(fileOf).ToHashSet();
        IEnumerable<string> present = before is not null ? before.Keys.Select(fileOf)
            : files.List(directory) is { Succeeded: true } names ? names.Value.Select(name => $"{directory}/{name}")
            : [];
        return present.Where(file => !wanted.Contains(file))
            .Aggregate(KernelResult.Done, (result, file) => result.Then(() => files.Delete(file)));
    }

    /// <summary>After a restart nearly all files are right: reading them costs no flush.</summary>
    private KernelResult WriteWhereOther(string file, byte[] content) =>
        files.Read(file) is { Succeeded: true } present && present.Value.AsSpan().SequenceEqual(content)
            ? KernelResult.Done
            : files.Replace(file, content);
}
