using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>Small files with atomic changes: after a crash a file has either its old or its new content.</summary>
public interface IDurableFiles
{
    /// <summary>
    /// Replaces a file: writes a temporary file beside it, then fsync, rename, and fsync of the directory. Creates a
    /// missing directory. Idempotent.
    /// </summary>
    /// <param name="path">Absolute.</param>
    /// <param name="content">The whole content.</param>
    KernelResult Replace(string path, ReadOnlySpan<byte> content);

    /// <summary>As above, for content too large for memory. If <paramref name="write"/> fails, the file stays as it
    /// was.</summary>
    KernelResult Replace(string path, Func<Stream, KernelResult> write);

    /// <summary>As the first, for secrets (mode 0600, regardless of the process's umask): no other user can ever read
    /// the content, not even in the temporary file.</summary>
    KernelResult ReplaceSecret(string path, ReadOnlySpan<byte> content);

    /// <summary>Deletes a file durably. A missing one: done.</summary>
    KernelResult Delete(string path);

    /// <summary>Makes a directory's entries durable: files and directories that were created in it or renamed into it.
    /// NotFound if it does not exist.</summary>
    KernelResult SyncDirectory(string directory);

    /// <summary>The content, or NotFound.</summary>
    KernelResult<byte[]> Read(string path);

    /// <summary>A stream over the content, which the caller disposes; or NotFound.</summary>
    KernelResult<Stream> OpenRead(string path);

    /// <summary>The file's length, or NotFound.</summary>
    KernelResult<ByteSize> SizeOf(string path);

    /// <summary>The names of a directory's entries. A missing directory has none.</summary>
    KernelResult<IReadOnlyList<string>> List(string directory);
}
