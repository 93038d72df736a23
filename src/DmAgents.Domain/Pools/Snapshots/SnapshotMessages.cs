namespace DmAgents.Domain.Pools.Snapshots;

/// <summary>The inputs of the broker of a pool's metadata snapshot.</summary>
public abstract record SnapshotInput
{
    private SnapshotInput()
    {
    }

    /// <summary>A reader arrives.</summary>
    /// <param name="MaxAge">The maximum age of the snapshot for it; zero: taken after it arrived.</param>
    /// <param name="MayRead">How long it may read before the snapshot is released anyway.</param>
    /// <param name="MayWait">Waits for other readers to end if their snapshot is too old; otherwise it is
    /// refused.</param>
    public sealed record Enter(SnapshotToken Token, TimeSpan MaxAge, TimeSpan MayRead, bool MayWait) : SnapshotInput;

    /// <summary>A reader stops waiting.</summary>
    public sealed record GiveUp(SnapshotToken Token) : SnapshotInput;

    /// <summary>A reader has finished.</summary>
    public sealed record Leave(SnapshotToken Token) : SnapshotInput;

    /// <summary>The pool has taken a snapshot, as requested.</summary>
    public sealed record Taken : SnapshotInput;

    /// <summary>The pool refused to take one.</summary>
    public sealed record NotTaken : SnapshotInput;

    /// <summary>The release was requested of the pool, successfully or not.</summary>
    public sealed record Released : SnapshotInput;

    /// <summary>Time passes.</summary>
    public sealed record Tick : SnapshotInput;
}

/// <summary>Why a reader was refused.</summary>
public enum RefusedReading
{
    /// <summary>The pool did not take a snapshot.</summary>
    NotTaken,

    /// <summary>The held snapshot is older than it needs, and other readers use it.</summary>
    TooOld,
}

/// <summary>The actions on a pool's metadata snapshot.</summary>
public abstract record SnapshotOutput
{
    private SnapshotOutput()
    {
    }

    /// <summary>Take a snapshot.</summary>
    public sealed record Take : SnapshotOutput;

    /// <summary>Release the snapshot.</summary>
    public sealed record Release : SnapshotOutput;

    /// <summary>This reader may read.</summary>
    public sealed record Admitted(SnapshotToken Token) : SnapshotOutput;

    public sealed record Refused(SnapshotToken Token, RefusedReading Why) : SnapshotOutput;

    /// <summary>The reader's deadline has passed: what it reads from here on may be from another time.</summary>
    public sealed record Expired(SnapshotToken Token) : SnapshotOutput;
}
