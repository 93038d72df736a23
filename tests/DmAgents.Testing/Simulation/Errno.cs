using DmAgents.Domain.Ports;

namespace DmAgents.Testing.Simulation;

/// <summary>The errors that the simulated kernel gives, by Linux's numbers.</summary>
internal enum Errno
{
    /// <summary>Not an error to the caller: the call must wait for a resume, a thaw or free space, and try again.
    /// </summary>
    Blocked = -1,

    /// <summary>As <see cref="Blocked"/>, held up by a full pool that queues: bounded by its own timeout.</summary>
    BlockedBySpace = -2,

    None = 0,
    NotPermitted = 1,
    NoEntry = 2,
    Io = 5,
    NoDeviceOrAddress = 6,
    AccessDenied = 13,
    Busy = 16,
    Exists = 17,
    NoDevice = 19,
    Invalid = 22,
    NoSpace = 28,
    ReadOnly = 30,
    NotImplemented = 38,
    NoData = 61,
    NotSupported = 95,
    TimedOut = 110,
}

internal static class ErrnoMeaning
{
    /// <summary>The same sorting as the real boundary's: see <see cref="KernelFault"/>.</summary>
    public static KernelFault Fault(this Errno errno) => errno switch
    {
        Errno.Busy => KernelFault.Busy,
        Errno.NoEntry or Errno.NoDeviceOrAddress or Errno.NoDevice or Errno.NoData => KernelFault.NotFound,
        Errno.Exists => KernelFault.Exists,
        Errno.NoSpace => KernelFault.NoSpace,
        Errno.ReadOnly => KernelFault.ReadOnly,
        Errno.Invalid => KernelFault.Invalid,
        Errno.NotSupported or Errno.NotImplemented => KernelFault.NotSupported,
        Errno.NotPermitted or Errno.AccessDenied => KernelFault.NotPermitted,
        Errno.TimedOut => KernelFault.TimedOut,
        Errno.Io => KernelFault.Failed,
        _ => throw new InvalidOperationException($"{errno} is no error to report"),
    };
}
