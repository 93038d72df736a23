using DmAgents.Agent.Configuration;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.UseCases;

/// <summary>The journal's disk: if it takes no writes, no pool can change.</summary>
internal sealed class JournalDisk(AgentSettings settings, IKernel kernel, TimeProvider time)
{
    /// <summary>A commit writes some pages of 4 KiB to the write-ahead log; a checkpoint may need more.</summary>
    private static readonly ByteSize Full = ByteSize.MiB(1);

    /// <summary>Enough for a busy host for some hours.</summary>
    private static readonly ByteSize Low = ByteSize.MiB(64);

    /// <summary>ENOSPC and EROFS.</summary>
    private const int NoSpace = 28;
    private const int ReadOnly = 30;

    private const string NoRoom = "make room there: without it no change of any pool is taken";

    private const string Next = "check the disk (dmesg) and make it writable again: without it no change of any pool "
        + "is taken; containers go on";

    /// <summary>A disk that hangs must not block the status for an operator who looks for the reason.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly string _directory = settings.JournalDirectory;
    private readonly Lock _lock = new();
    private Task<IReadOnlyList<Finding>> _look = Task.FromResult<IReadOnlyList<Finding>>([]);

    /// <summary>What is wrong with the disk; also that it does not respond, after five seconds.</summary>
    public async Task<IReadOnlyList<Finding>> Problems(CancellationToken cancellation)
    {
        Task<IReadOnlyList<Finding>> look;
        lock (_lock)
        {
            // One check at a time: a disk that hangs blocks one thread, however often the status is requested.
            if (_look.IsCompleted)
                _look = Task.Run(Look, CancellationToken.None);
            look = _look;
        }
        try
        {
            return await look.WaitAsync(Patience, time, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return [Wrong("the journal's disk does not answer", $"nothing within {Patience.TotalSeconds:0} s", Next)];
        }
    }

    private IReadOnlyList<Finding> Look()
    {
        // Free space then means nothing. The pools themselves notice it only at their next change.
        if (NotWritable() is { } unwritable)
            return [unwritable];
        ByteSize free;
        try
        {
            free = new ByteSize((ulong)new DriveInfo(_directory).AvailableFreeSpace);
        }
        catch (IOException unreadable)
        {
            return [Wrong("the journal's disk does not answer", unreadable.Message, NoRoom)];
        }
        return free < Full ? [Wrong("the journal's disk is full", $"{free} are free", NoRoom)]
            : free < Low
                ? [new Finding(
                    Gravity.Warning, _directory, "the journal's disk is nearly full", $"{free} are free", NoRoom)]
            : [];
    }

    /// <summary>A file system with an error may not report it before a change: for example ext4 after it aborted its
    /// journal.</summary>
    private Finding? NotWritable()
    {
        try
        {
            using var probe = new FileStream(
                $"{_directory}/.writable", FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1,
                FileOptions.DeleteOnClose);
        }
        catch (IOException refused) when (refused.HResult == ReadOnly)
        {
            return Wrong("the journal's disk is read-only", refused.Message, Next);
        }
        catch (Exception refused) when (refused is UnauthorizedAccessException
            || (refused is IOException && refused.HResult != NoSpace))
        {
            return Wrong("the journal's disk takes no writes", refused.Message, Next);
        }
        catch (IOException)
        {
            return null;
        }
        return MountOf(_directory) is { ReadOnly: true } mount
            ? Wrong("the journal's disk is read-only",
                $"{mount.Target} is mounted read-only, or its file system met an error", Next)
            : null;
    }

    private Finding Wrong(string what, string why, string next) => new(Gravity.Error, _directory, what, why, next);

    /// <summary>The mount of a path: the deepest one above it, and of several in one place the last.</summary>
    private MountEntry? MountOf(string path) =>
        kernel.Mounts() is { Succeeded: true, Value: var all }
            ? all.Where(mount => IsWithin(path, mount.Target.Value))
                .Aggregate((MountEntry?)null, (deepest, mount) =>
                    deepest is null || mount.Target.Value.Length >= deepest.Target.Value.Length ? mount : deepest)
            : null;

    private static bool IsWithin(string path, string directory) =>
        directory == "/" || path == directory || path.StartsWith(directory + "/", StringComparison.Ordinal);
}
