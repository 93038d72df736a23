namespace DmAgents.Domain.Logs;

/// <summary>Why something that is retried fails, as it was last logged: the log has a reason again only if it changed,
/// or after a success. Not thread-safe.</summary>
public sealed class LoggedReason
{
    private string? _last;

    /// <summary>Remembers the reason.</summary>
    /// <returns>True if it is to be logged.</returns>
    public bool Add(string reason)
    {
        if (reason == _last)
            return false;
        _last = reason;
        return true;
    }

    /// <summary>After a success: the next failure is logged whatever its reason is.</summary>
    public void Clear() => _last = null;
}
