using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Testing.Faults;
using DmAgents.Testing.Files;

namespace DmAgents.Fleet.Tests.Support;

/// <summary>Files in memory, with an agent that dies right before or right after one of its changes to them.</summary>
public sealed class MortalFiles(MemoryFiles files) : IDurableFiles
{
    public MemoryFiles Files => files;

    /// <summary>How many changes were begun.</summary>
    public int Changes { get; private set; }

    /// <summary>The change, counted from 0, at which the agent dies.</summary>
    public int? DiesAt { get; init; }

    /// <summary>The change is on disk when the agent dies.</summary>
    public bool DiesAfterwards { get; init; }

    public KernelResult Replace(string path, ReadOnlySpan<byte> content)
    {
        var bytes = content.ToArray();
        return Change(() => files.Replace(path, bytes));
    }

    public KernelResult ReplaceSecret(string path, ReadOnlySpan<byte> content)
    {
        var bytes = content.ToArray();
        return Change(() => files.ReplaceSecret(path, bytes));
    }

    public KernelResult Replace(string path, Func<Stream, KernelResult> write) =>
        Change(() => files.Replace(path, write));

    public KernelResult Delete(string path) => Change(() => files.Delete(path));

    public KernelResult SyncDirectory(string directory) => Change(() => files.SyncDirectory(directory));

    public KernelResult<byte[]> Read(string path) => files.Read(path);

    public KernelResult<Stream> OpenRead(string path) => files.OpenRead(path);

    public KernelResult<ByteSize> SizeOf(string path) => files.SizeOf(path);

    public KernelResult<IReadOnlyList<string>> List(string directory) => files.List(directory);

    private KernelResult Change(Func<KernelResult> change)
    {
        var dies = Changes++ == DiesAt;
        if (dies && !DiesAfterwards)
            throw new AgentDiedException();
        var result = change();
        return dies ? throw new AgentDiedException() : result;
    }
}
