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

    /// <summary>Removes a file, and makes that durable. A missing one: done.</summary>
    KernelResult Delete(string path);

    /// <summary>The content, or NotFound.</summary>
    KernelResult<byte[]> Read(string path);

    /// <summary>The names of a directory's entries. A missing directory has none.</summary>
    KernelResult<IReadOnlyList<string>> List(string directory);
}
