namespace DmAgents.Domain.Ports.FileTrees;

/// <summary>The outcome of a call on a file tree.</summary>
public enum FileTreeOutcome
{
    Done,

    /// <summary>ENOENT: there is no such entry, or a directory on the way to it is missing.</summary>
    NotFound,

    /// <summary>EEXIST.</summary>
    Exists,

    /// <summary>ENOTEMPTY: the directory has entries.</summary>
    NotEmpty,

    /// <summary>ENOTDIR or, on removal of a file, EISDIR: the entry has the wrong type for the call.</summary>
    WrongType,

    /// <summary>
    /// ELOOP, EXDEV: the path goes through a symlink or leaves the tree; calls take resolved paths only.
    /// </summary>
    NotResolved,

    /// <summary>ENOSPC, EDQUOT.</summary>
    NoSpace,

    /// <summary>ENAMETOOLONG.</summary>
    NameTooLong,

    /// <summary>EMLINK: the inode has the maximum number of hard links of the file system.</summary>
    TooManyLinks,

    /// <summary>
    /// EOPNOTSUPP, ENOSYS, EINVAL, E2BIG, EFBIG: the file system or the kernel does not support this.
    /// </summary>
    Unsupported,

    /// <summary>EPERM, EACCES: the process lacks the permission.</summary>
    NotPermitted,

    /// <summary>EROFS.</summary>
    ReadOnly,

    /// <summary>EIO and everything else.</summary>
    Failed,
}

/// <summary>
/// The status of a call on a file tree. <paramref name="Errno"/> is the kernel's number (0 on success) and <paramref
/// name="Call"/> the system call that returned it, both for the message.
/// </summary>
public readonly record struct FileTreeStatus(FileTreeOutcome Outcome, int Errno = 0, string Call = "")
{
    public static readonly FileTreeStatus Done = new(FileTreeOutcome.Done);

    public bool IsDone => Outcome == FileTreeOutcome.Done;

    public override string ToString() => IsDone ? "done" : $"{Outcome} ({Call}, errno {Errno})";
}
