namespace DmAgents.Domain.Ports.FileTrees;

/// <summary>How a call on a file tree ended.</summary>
public enum FileTreeOutcome
{
    Done,

    /// <summary>ENOENT: there is no such entry, or a directory on the way to it is missing.</summary>
    NotFound,

    /// <summary>EEXIST.</summary>
    Exists,

    /// <summary>ENOTEMPTY: the directory has entries.</summary>
    NotEmpty,

    /// <summary>ENOTDIR or, on removal of a file, EISDIR: the entry is of another type than the call is for.</summary>
    WrongType,

    /// <summary>
    /// ELOOP, EXDEV: the path goes through a symlink or leaves the tree; calls take resolved paths only.
    /// </summary>
    NotResolved,

    /// <summary>ENOSPC, EDQUOT.</summary>
    NoSpace,

    /// <summary>ENAMETOOLONG.</summary>
    NameTooLong,

    /// <summary>EMLINK: the inode has as many hard links as the file system can count.</summary>
    TooManyLinks,

    /// <summary>
    /// EOPNOTSUPP, ENOSYS, EINVAL, E2BIG, EFBIG: the file system or the kernel cannot hold or do this.
    /// </summary>
    Unsupported,

    /// <summary>EPERM, EACCES: the process may not.</summary>
    NotPermitted,

    /// <summary>EROFS.</summary>
    ReadOnly,

    /// <summary>EIO and everything else.</summary>
    Failed,
}

/// <summary>
/// The outcome of a call on a file tree. <paramref name="Errno"/> is the kernel's number (0 when done) and
/// <paramref name="Call"/> the system call that gave it, both for the message.
/// </summary>
public readonly record struct FileTreeStatus(FileTreeOutcome Outcome, int Errno = 0, string Call = "")
{
    public static readonly FileTreeStatus Done = new(FileTreeOutcome.Done);

    public bool IsDone => Outcome == FileTreeOutcome.Done;

    public override string ToString() => IsDone ? "done" : $"{Outcome} ({Call}, errno {Errno})";
}
