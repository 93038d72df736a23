using DmAgents.Agent.Configuration;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.Services;

/// <summary>The disk that the journal is on: without room there, nothing is decided any more.</summary>
internal static class JournalDisk
{
    /// <summary>A commit writes some pages of 4 KiB to the write-ahead log; a checkpoint may take more.</summary>
    private static readonly ByteSize Full = ByteSize.MiB(1);

    /// <summary>Some hours of a busy host.</summary>
    private static readonly ByteSize Low = ByteSize.MiB(64);

    public static IEnumerable<Finding> Problems(AgentSettings settings)
    {
        var directory = $"{settings.StateDirectory}/journal";
        ByteSize free;
        try
        {
            free = new ByteSize((ulong)new DriveInfo(directory).AvailableFreeSpace);
        }
        catch (IOException unreadable)
        {
            return [New(Severity.Error, directory, "the journal's disk does not answer", unreadable.Message)];
        }
        return free < Full ? [New(Severity.Error, directory, "the journal's disk is full", $"{free} are free")]
            : free < Low ? [New(Severity.Warning, directory, "the journal's disk is nearly full", $"{free} are free")]
            : [];
    }

    private static Finding New(Severity severity, string directory, string what, string why) => new()
    {
        Severity = severity, Object = directory, What = what, Why = why,
        Next = "make room there: without it no change of any pool is taken",
    };
}
