namespace DmAgents.Domain.Logs;

/// <summary>How much an event of the log matters. It means the same in all projects; <c>deploy/ALERTS.md</c> states it
/// for operators.</summary>
public enum LogSeverity
{
    /// <summary>The rest, for a developer who searches for a cause.</summary>
    Debug,

    /// <summary>A change of state that an operator asked for or should see.</summary>
    Information,

    /// <summary>The agent works with a loss, and retries by itself if it can: look at it today.</summary>
    Warning,

    /// <summary>Something that was promised is not so, or an operator is needed now.</summary>
    Error,
}
