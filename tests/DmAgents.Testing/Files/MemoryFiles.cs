using System.Collections.Concurrent;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Testing.Files;

/// <summary>Small durable files in memory. They outlive the agent that wrote them, as files do.</summary>
public sealed class MemoryFiles : IDurableFiles
{
    private readonly ConcurrentDictionary<string, byte[]> _files = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _directories = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _secret = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, KernelFault> _broken = new(StringComparer.Ordinal);

    /// <summary>Every path that has a file.</summary>
    public IReadOnlyList<string> Paths => [.. _files.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Makes <see cref="List"/> tell of an entry that is no file: a directory that someone made.</summary>
    public void AddDirectory(string path) => _directories[path] = true;

    /// <summary>From here on each change of this path is refused, until <see cref="Restore"/>.</summary>
    public void Break(string path, KernelFault fault) => _broken[path] = fault;

    public void Restore(string path) => _broken.TryRemove(path, out _);

    /// <summary>The paths whose content only their owner may read.</summary>
    public IReadOnlyList<string> SecretPaths => [.. _secret.Keys.Order(StringComparer.Ordinal)];

    public KernelResult ReplaceSecret(string path, ReadOnlySpan<byte> content)
    {
        var replaced = Replace(path, content);
        if (replaced.Succeeded)
            _secret[path] = true;
        return replaced;
    }

    public KernelResult Replace(string path, ReadOnlySpan<byte> content)
    {
        if (Refusal("rename", path) is { } error)
            return error;
        _files[path] = content.ToArray();
        _secret.TryRemove(path, out _);
        return KernelResult.Done;
    }

    public KernelResult Replace(string path, Func<Stream, KernelResult> write)
    {
        using var content = new MemoryStream();
        var written = write(content);
        return written.Then(() => Replace(path, content.ToArray()));
    }

    public KernelResult Delete(string path)
    {
        if (Refusal("unlink", path) is { } error)
            return error;
        _files.TryRemove(path, out _);
        _secret.TryRemove(path, out _);
        return KernelResult.Done;
    }

    /// <summary>Is called with each directory whose names are made durable.</summary>
    public Action<string> Syncing { get; set; } = _ => { };

    public KernelResult SyncDirectory(string directory)
    {
        if (Refusal("fsync", directory) is { } error)
            return error;
        Syncing(directory);
        return KernelResult.Done;
    }

    public KernelResult<byte[]> Read(string path) => _files.TryGetValue(path, out var content)
        ? content
        : new KernelError(KernelFault.NotFound, 2, "open", path);

    public KernelResult<Stream> OpenRead(string path)
    {
        var read = Read(path);
        return read.Succeeded ? new MemoryStream(read.Value, writable: false) : read.Error;
    }

    public KernelResult<ByteSize> SizeOf(string path)
    {
        var read = Read(path);
        return read.Succeeded ? new ByteSize((ulong)read.Value.Length) : read.Error;
    }

    public KernelResult<IReadOnlyList<string>> List(string directory) => KernelResult.Found<IReadOnlyList<string>>(
        [.. _files.Keys.Concat(_directories.Keys)
            .Where(path => path.StartsWith(directory + "/", StringComparison.Ordinal))
            .Select(path => path[(directory.Length + 1)..].Split('/')[0])
            .Distinct().Order(StringComparer.Ordinal)]);

    private KernelError? Refusal(string operation, string path) =>
        _broken.TryGetValue(path, out var fault) ? new KernelError(fault, 0, operation, path, "injected") : null;
}
