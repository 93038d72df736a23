using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>Small files that are either as they were or as they are to be, whatever dies in between.</summary>
public interface IDurableFiles
{
    /// <summary>
    /// Replaces a file: a temporary one beside it, fsync, rename, fsync of the directory, which is made where it is
    /// missing. Idempotent.
    /// </summary>
    /// <param name="path">Absolute.</param>
    /// <param name="content">All of it.</param>
    KernelResult Replace(string path, ReadOnlySpan<byte> content);

    /// <summary>As the other, for content that is too much to be held. Where <paramref name="write"/> is refused
    /// the file stays as it was.</summary>
    KernelResult Replace(string path, Func<Stream, KernelResult> write);

    /// <summary>As the first, for what only the file's owner may read or write (mode 0600, whatever the process's
    /// mask): no other process can read the content at any time, not even in the temporary file.</summary>
    KernelResult ReplaceSecret(string path, ReadOnlySpan<byte> content);

    /// <summary>Removes a file, and makes that durable. A missing one: done.</summary>
    KernelResult Delete(string path);

    /// <summary>Makes the names in a directory durable: files and directories that were made in it or renamed into it.
    /// NotFound if there is none.</summary>
    KernelResult SyncDirectory(string directory);

    /// <summary>The content, or NotFound.</summary>
    KernelResult<byte[]> Read(string path);

    /// <summary>The content from its beginning on, to be disposed of; or NotFound.</summary>
    KernelResult<Stream> OpenRead(string path);

    /// <summary>How long the file is, or NotFound.</summary>
    KernelResult<ByteSize> SizeOf(string path);

    /// <summary>The names of a directory's entries. A missing directory has none.</summary>
    KernelResult<IReadOnlyList<string>> List(string directory);
}
