using DmAgents.Agent.Configuration;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.UseCases;

/// <summary>The disk that the journal is on: if it takes no writes, nothing is decided any more.</summary>
internal sealed class JournalDisk(AgentSettings settings, IKernel kernel)
{
    /// <summary>A commit writes some pages of 4 KiB to the write-ahead log; a checkpoint may take more.</summary>
    private static readonly ByteSize Full = ByteSize.MiB(1);

    /// <summary>Some hours of a busy host.</summary>
    private static readonly ByteSize Low = ByteSize.MiB(64);

    /// <summary>ENOSPC and EROFS.</summary>
    private const int NoSpace = 28;
    private const int ReadOnly = 30;

    private const string NoRoom = "make room there: without it no change of any pool is taken";

    public IEnumerable<Finding> Problems()
    {
        var directory = $"{settings.StateDirectory}/journal";
        // Then its space says nothing. The pools themselves notice it only with their next change.
        if (NotWritable(directory) is { } unwritable)
            return [unwritable];
        ByteSize free;
        try
        {
            free = new ByteSize((ulong)new DriveInfo(directory).AvailableFreeSpace);
        }
        catch (IOException unreadable)
        {
            return [New(Gravity.Error, directory, "the journal's disk does not answer", unreadable.Message, NoRoom)];
        }
        return free < Full ? [New(Gravity.Error, directory, "the journal's disk is full", $"{free} are free", NoRoom)]
            : free < Low
                ? [New(Gravity.Warning, directory, "the journal's disk is nearly full", $"{free} are free", NoRoom)]
            : [];
    }

    /// <summary>A file system that has met an error may not say so before it is asked for a change: ext4 after its log
    /// was given up is one.</summary>
    private Finding? NotWritable(string directory)
    {
        const string Next = "check the disk (dmesg) and make it writable again: without it no change of any pool is "
            + "taken; containers go on";
        try
        {
            using var probe = new FileStream(
                Path.Combine(directory, $"writable-{Path.GetRandomFileName()}"), FileMode.CreateNew, FileAccess.Write,
                FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
        }
        catch (IOException refused) when (refused.HResult == ReadOnly)
        {
            return New(Gravity.Error, directory, "the journal's disk is read-only", refused.Message, Next);
        }
        catch (Exception refused) when (refused is UnauthorizedAccessException
            || (refused is IOException && refused.HResult != NoSpace))
        {
            return New(Gravity.Error, directory, "the journal's disk takes no writes", refused.Message, Next);
        }
        catch (IOException)
        {
            return null;
        }
        return MountOf(directory) is { ReadOnly: true } mount
            ? New(Gravity.Error, directory, "the journal's disk is read-only",
                $"{mount.Target} is mounted read-only, or its file system met an error", Next)
            : null;
    }

    /// <summary>The mount that a path lies in: the deepest one above it, and of several in one place the last.
    /// </summary>
    private MountEntry? MountOf(string path) =>
        kernel.Mounts() is { Succeeded: true, Value: var all }
            ? all.Where(mount => IsWithin(path, mount.Target.Value))
                .Aggregate((MountEntry?)null, (deepest, mount) =>
                    deepest is null || mount.Target.Value.Length >= deepest.Target.Value.Length ? mount : deepest)
            : null;

    private static bool IsWithin(string path, string directory) =>
        directory == "/" || path == directory || path.StartsWith(directory + "/", StringComparison.Ordinal);

    private static Finding New(Gravity gravity, string directory, string what, string why, string next) =>
        new(gravity, directory, what, why, next);
}
