namespace DmAgents.Domain.Pools.Snapshots;

/// <summary>What the broker of a pool's metadata snapshot is told.</summary>
public abstract record SnapshotInput
{
    private SnapshotInput()
    {
    }

    /// <summary>A reader comes.</summary>
    /// <param name="MaxAge">How old the snapshot may be that it reads; zero: taken after it came.</param>
    /// <param name="MayRead">How long it may read before the snapshot is released all the same.</param>
    /// <param name="MayWait">It waits for others to end if theirs is too old; else it is refused then.</param>
    public sealed record Enter(SnapshotToken Token, TimeSpan MaxAge, TimeSpan MayRead, bool MayWait) : SnapshotInput;

    /// <summary>A reader does not wait any longer.</summary>
    public sealed record GiveUp(SnapshotToken Token) : SnapshotInput;

    /// <summary>A reader is through.</summary>
    public sealed record Leave(SnapshotToken Token) : SnapshotInput;

    /// <summary>The pool holds a snapshot, as it was asked to.</summary>
    public sealed record Taken : SnapshotInput;

    /// <summary>The pool refused to take one.</summary>
    public sealed record NotTaken : SnapshotInput;

    /// <summary>The pool was asked to release it, whether it did or not.</summary>
    public sealed record Released : SnapshotInput;

    /// <summary>Time passes.</summary>
    public sealed record Tick : SnapshotInput;
}

/// <summary>Why a reader was not let in.</summary>
public enum RefusedReading
{
    /// <summary>The pool did not take a snapshot.</summary>
    NotTaken,

    /// <summary>The held one is older than it needs, and others read it.</summary>
    TooOld,
}

/// <summary>What is to be done about a pool's metadata snapshot.</summary>
public abstract record SnapshotOutput
{
    private SnapshotOutput()
    {
    }

    /// <summary>Have the pool take one.</summary>
    public sealed record Take : SnapshotOutput;

    /// <summary>Have the pool release it.</summary>
    public sealed record Release : SnapshotOutput;

    /// <summary>This reader may read.</summary>
    public sealed record Admitted(SnapshotToken Token) : SnapshotOutput;

    public sealed record Refused(SnapshotToken Token, RefusedReading Why) : SnapshotOutput;

    /// <summary>The reader's deadline has passed: what it reads from now on may be of another time.</summary>
    public sealed record Expired(SnapshotToken Token) : SnapshotOutput;
}
