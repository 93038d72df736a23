namespace DmAgents.Domain.Pools;

/// <summary>Why something cannot be done. Decides the exit code of the command line and the status of the
/// API.</summary>
public enum RefusalKind
{
    /// <summary>What is asked makes no sense whatever the state.</summary>
    Invalid,

    /// <summary>An object that the request names is not there.</summary>
    NotFound,

    /// <summary>The name is taken.</summary>
    Exists,

    /// <summary>Not in this state.</summary>
    WrongState,

    /// <summary>Not enough space, or not enough kept free.</summary>
    NoSpace,

    /// <summary>Someone holds the object, or too much is waiting.</summary>
    Busy,

    /// <summary>The kernel or a program failed.</summary>
    Failed,

    /// <summary>No answer in time: unknown whether it was done. The same request id may be tried again.</summary>
    TimedOut,
}

/// <summary>A refusal, ready to be shown.</summary>
/// <param name="Kind">What kind it is.</param>
/// <param name="What">What was asked and did not happen: "cannot create container".</param>
/// <param name="Subject">Of which object: "web1".</param>
/// <param name="Why">The reason, with names and numbers.</param>
/// <param name="Next">What the reader can do about it.</param>
public sealed record Refusal(RefusalKind Kind, string What, string Subject, string Why, string Next)
{
    public override string ToString() => $"{What}: {Subject}: {Why}";
}
