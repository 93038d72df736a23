namespace DmAgents.Domain.Ports;

/// <summary>What a refused kernel call means to the caller. Mapped once, by errno's number, in the kernel
/// boundary.</summary>
public enum KernelFault
{
    /// <summary>EBUSY, ETXTBSY: something holds the object.</summary>
    Busy,

    /// <summary>ENOENT, ENXIO, ENODATA, ENODEV, and ESRCH: there is no such object.</summary>
    NotFound,

    /// <summary>EEXIST: the name or the thin id is taken.</summary>
    Exists,

    /// <summary>ENOSPC, EDQUOT, EFBIG.</summary>
    NoSpace,

    /// <summary>EROFS.</summary>
    ReadOnly,

    /// <summary>EINVAL, EDOM, ERANGE, ENAMETOOLONG: the kernel does not take the request as it is.</summary>
    Invalid,

    /// <summary>EOPNOTSUPP, ENOSYS, ENOTTY, or a program or kernel module that is not installed.</summary>
    NotSupported,

    /// <summary>EPERM, EACCES.</summary>
    NotPermitted,

    /// <summary>A bounded wait ran out. The state of the object is unknown.</summary>
    TimedOut,

    /// <summary>EIO, ENOMEM and all others. The state of the object is unknown.</summary>
    Failed,
}

/// <summary>A kernel call that was refused or failed.</summary>
/// <param name="Fault">What it means.</param>
/// <param name="Errno">The number that the kernel gave, or 0 where a program or a wait failed.</param>
/// <param name="Operation">What was asked, in the kernel's words: "create_snap", "mount", "mkfs.ext4".</param>
/// <param name="Subject">The device, file or path that it was asked of.</param>
/// <param name="Detail">More, for people: a program's last line, the name of what is missing.</param>
public sealed record KernelError(KernelFault Fault, int Errno, string Operation, string Subject, string Detail = "")
{
    /// <summary>With which a program ended: 128 and the number of the signal where one killed it. 0 where no program
    /// failed, or it was ended at a deadline.</summary>
    public int ExitStatus { get; init; }

    /// <summary>Nothing of it is left: it was taken back, or never begun.</summary>
    public bool WasUndone { get; init; }

    /// <summary>True if the kernel may have done what was asked, or half of it.</summary>
    public bool LeavesStateUnknown => !WasUndone && (Fault is KernelFault.TimedOut or KernelFault.Failed);

    public override string ToString() =>
        $"{Operation} of {Subject}: {Fault}"
        + (Errno == 0 ? "" : $" (errno {Errno})")
        + (Detail.Length == 0 ? "" : $": {Detail}");
}
