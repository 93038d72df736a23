namespace DmAgents.Domain.Ports;

/// <summary>What a refused kernel call means to the caller. The kernel boundary maps it once, by the errno
/// number.</summary>
public enum KernelFault
{
    /// <summary>EBUSY, ETXTBSY: the object is in use.</summary>
    Busy,

    /// <summary>ENOENT, ENXIO, ENODATA, ENODEV, and ESRCH: there is no such object.</summary>
    NotFound,

    /// <summary>EEXIST: the name or the thin id is taken.</summary>
    Exists,

    /// <summary>ENOSPC, EDQUOT, EFBIG.</summary>
    NoSpace,

    /// <summary>EROFS.</summary>
    ReadOnly,

    /// <summary>EINVAL, EDOM, ERANGE, ENAMETOOLONG: the kernel does not accept this request.</summary>
    Invalid,

    /// <summary>EOPNOTSUPP, ENOSYS, ENOTTY, or a program or kernel module that is not installed.</summary>
    NotSupported,

    /// <summary>EPERM, EACCES.</summary>
    NotPermitted,

    /// <summary>A bounded wait expired. The state of the object is unknown.</summary>
    TimedOut,

    /// <summary>EIO, ENOMEM and all others. The state of the object is unknown.</summary>
    Failed,
}

/// <summary>A kernel call that was refused or failed.</summary>
/// <param name="Fault">Its meaning.</param>
/// <param name="Errno">The kernel's number, or 0 if a program or a wait failed.</param>
/// <param name="Operation">The operation in the kernel's words: "create_snap", "mount", "mkfs.ext4".</param>
/// <param name="Subject">The device, file or path of the operation.</param>
/// <param name="Detail">More, for people: a program's last line, the name of what is missing.</param>
public sealed record KernelError(KernelFault Fault, int Errno, string Operation, string Subject, string Detail = "")
{
    /// <summary>A program's exit status: 128 plus the signal's number if a signal killed it. 0 if no program failed, or
    /// it was ended at a deadline.</summary>
    public int ExitStatus { get; init; }

    /// <summary>No effect is left: it was undone, or never started.</summary>
    public bool WasUndone { get; init; }

    /// <summary>True if the kernel may have completed the operation, or a part of it.</summary>
    public bool LeavesStateUnknown => !WasUndone && (Fault is KernelFault.TimedOut or KernelFault.Failed);

    public override string ToString() =>
        $"{Operation} of {Subject}: {Fault}"
        + (Errno == 0 ? "" : $" (errno {Errno})")
        + (Detail.Length == 0 ? "" : $": {Detail}");
}
