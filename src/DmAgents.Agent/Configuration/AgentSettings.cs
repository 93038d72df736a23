using System.Net;
using DmAgents.Actors.Journals;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using DmAgents.Fleet.Authority;

namespace DmAgents.Agent.Configuration;

/// <summary>The agent's settings, checked; config/dmagents.conf explains each.</summary>
public sealed record AgentSettings(
    string StateDirectory,
    string AdminSocket,
    string AdminGroup,
    ContainerdSettings Containerd,
    FileSystemKind FileSystem,
    ByteSize BaseSize,
    PoolBlockSize BlockSize,
    PoolSettings Pools,
    JournalSettings Journal,
    IPEndPoint? MetricsEndPoint,
    string SpoolDirectory,
    TimeSpan SenderTimeout,
    TimeSpan RequestTimeout,
    TimeSpan StopDeadline,
    LogLevel LogLevel)
{
    public LogFormat LogFormat { get; init; } = LogFormat.Text;

    public FleetSection Fleet { get; init; } = FleetSection.Default;

    /// <summary>The directory of the host's fleet files: keys, certificates, trusted fleet, known members.</summary>
    public FleetPaths FleetPaths => new(StateDirectory + "/fleet");

    public string JournalDirectory => StateDirectory + "/journal";

    public string JournalFile => JournalDirectory + "/journal.db";

    public string LockFile => StateDirectory + "/agent.lock";
}

/// <summary>The form of the log's lines on standard output.</summary>
public enum LogFormat
{
    Text,
    Json,
}
