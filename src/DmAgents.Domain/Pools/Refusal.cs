namespace DmAgents.Domain.Pools;

/// <summary>Why a request was refused. Determines the exit code of the command line and the status of the
/// API.</summary>
public enum RefusalKind
{
    /// <summary>The request is wrong in every state.</summary>
    Invalid,

    /// <summary>An object named in the request does not exist.</summary>
    NotFound,

    /// <summary>The name is taken.</summary>
    Exists,

    /// <summary>The present state does not allow it.</summary>
    WrongState,

    /// <summary>Not enough space, or not enough free space kept.</summary>
    NoSpace,

    /// <summary>The object is in use, or too many requests wait.</summary>
    Busy,

    /// <summary>The kernel or a program failed.</summary>
    Failed,

    /// <summary>No answer in time: the outcome is unknown. The caller may retry with the same request id.</summary>
    TimedOut,
}

/// <summary>A refusal, ready to be shown.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="What">The action that failed: "cannot create container".</param>
/// <param name="Subject">Its object: "web1".</param>
/// <param name="Why">The reason, with names and numbers.</param>
/// <param name="Next">What the reader can do about it.</param>
public sealed record Refusal(RefusalKind Kind, string What, string Subject, string Why, string Next)
{
    public override string ToString() => $"{What}: {Subject}: {Why}";
}
